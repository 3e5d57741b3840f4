import type { Codec } from "../codec.ts";
import { Findings } from "../findings.ts";
import { ByteReader } from "../reader.ts";
import { type DateTime, measuredAt, readDateTime } from "./date-time.ts";

const NAME = "gatt/2a9d";
const IMPERIAL = 0b1;
const TIME = 0b10;
const USER = 0b100;
const HEIGHT = 0b1000;
/** "Measurement unsuccessful". */
export const UNSUCCESSFUL = 0xffff;

export interface Weight {
  readonly flags: number;
  readonly raw: number;
  readonly unit: "kg" | "[lb_av]";
  /** NaN: the measurement did not succeed. */
  readonly weight: number;
  readonly time: DateTime | null;
  readonly user: number | null;
  readonly bmi: number | null;
  readonly height: number | null;
  readonly heightUnit: "m" | "[in_i]";
}

/** Masses are in 0.005 kg or 0.01 lb. */
export function massOf(raw: number, isImperial: boolean): number {
  if (raw === UNSUCCESSFUL) return Number.NaN;
  return isImperial ? raw / 100 : raw / 200;
}

/** Heights are in 0.001 m or 0.1 in. */
export function heightOf(raw: number, isImperial: boolean): number {
  return isImperial ? raw / 10 : raw / 1000;
}

/** @throws RefusedInput MALFORMED_BYTES */
export function parseWeight(reader: ByteReader): Weight {
  const flags = reader.u8("flags");
  const isImperial = (flags & IMPERIAL) !== 0;
  const raw = reader.u16("weight");
  return {
    flags,
    raw,
    unit: isImperial ? "[lb_av]" : "kg",
    weight: massOf(raw, isImperial),
    time: (flags & TIME) !== 0 ? readDateTime(reader, "timeStamp") : null,
    user: (flags & USER) !== 0 ? reader.u8("userId") : null,
    bmi: (flags & HEIGHT) !== 0 ? reader.u16("bmi") / 10 : null,
    height: (flags & HEIGHT) !== 0 ? heightOf(reader.u16("height"), isImperial) : null,
    heightUnit: isImperial ? "[in_i]" : "m",
  };
}

/** Bluetooth SIG Weight Measurement. */
const codec: Codec = {
  name: NAME,
  display: "Weight",
  decode(bytes, context) {
    const reader = new ByteReader(bytes, NAME);
    const measured = parseWeight(reader);
    const { flags, unit, weight, time, user, bmi, height, heightUnit } = measured;
    const found = new Findings(context);
    if (time) measuredAt(found, context, time, 3);
    found.reading("body-weight", unit, weight, 1);
    const userAt = time ? 10 : 3;
    if (user !== null)
      found.ignore(userAt, user === 255 ? "an unknown user of the device" : `user ${user} of the device`);
    if (bmi !== null && height !== null) {
      found.reading("bmi", "kg/m2", bmi, reader.offset - 4);
      found.reading("body-height", heightUnit, height, reader.offset - 2);
    }
    if (flags >>> 4 !== 0) found.ignore(0, "flags that are reserved");
    found.ignoreRest(bytes, reader.offset);
    return found;
  },
};

export default codec;
