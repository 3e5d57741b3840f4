import type { Codec } from "../codec.ts";
import { Findings } from "../findings.ts";
import { type DateTime, measuredAt, readDateTime } from "../gatt/date-time.ts";
import { ByteReader } from "../reader.ts";

const NAME = "xiaomi/181d";
const POUND = 0b1;
const CATTY = 0b10000;
const STABLE = 0b100000;

export interface ScaleAdvertisement {
  readonly control: number;
  readonly unit: "kg" | "[lb_av]";
  readonly weight: number;
  readonly time: DateTime;
}

/** @throws RefusedInput MALFORMED_BYTES */
export function parseScale(reader: ByteReader): ScaleAdvertisement {
  const control = reader.u8("control");
  const raw = reader.u16("weight");
  const isPound = (control & POUND) !== 0;
  // A catty is half a kilogram, and is sent in hundredths, as pounds are; kilograms in two-hundredths.
  const weight = isPound ? raw / 100 : raw / 200;
  return { control, unit: isPound ? "[lb_av]" : "kg", weight, time: readDateTime(reader, "time") };
}

/** Service data (0x181D) of the advertisements of Xiaomi's scales. The same weight is sent again and again with one time. */
const codec: Codec = {
  name: NAME,
  display: "Xiaomi scale, advertisement",
  decode(bytes, context) {
    const reader = new ByteReader(bytes, NAME);
    const { control, unit, weight, time } = parseScale(reader);
    const found = new Findings(context);
    measuredAt(found, context, time, 3);
    if ((control & STABLE) !== 0) found.reading("body-weight", unit, weight, 1);
    else found.ignore(1, "a weight that has not settled");
    if ((control & CATTY) !== 0) found.ignore(0, "that the scale shows catties");
    found.ignoreRest(bytes, reader.offset);
    return found;
  },
};

export default codec;
