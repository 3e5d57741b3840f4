import type { Codec } from "../codec.ts";
import { Findings } from "../findings.ts";
import { ByteReader } from "../reader.ts";
import { type DateTime, measuredAt, readDateTime } from "./date-time.ts";

const FAHRENHEIT = 0b1;
const TIME = 0b10;
const TYPE = 0b100;

/** By the Temperature Type of Bluetooth SIG (0x2A1D): where it was taken. */
const SITES: Readonly<Record<number, string>> = {
  1: "temp-axillary",
  2: "body-temperature",
  3: "temp-tympanic",
  4: "temp-skin",
  5: "temp-core",
  6: "temp-oral",
  7: "temp-rectal",
  8: "temp-skin",
  9: "temp-tympanic",
};

export interface Temperature {
  readonly flags: number;
  readonly unit: "Cel" | "[degF]";
  readonly temperature: number;
  readonly time: DateTime | null;
  readonly type: number | null;
}

/** @throws RefusedInput MALFORMED_BYTES */
export function parseTemperature(reader: ByteReader): Temperature {
  const flags = reader.u8("flags");
  return {
    flags,
    unit: (flags & FAHRENHEIT) !== 0 ? "[degF]" : "Cel",
    temperature: reader.float("temperature"),
    time: (flags & TIME) !== 0 ? readDateTime(reader, "timeStamp") : null,
    type: (flags & TYPE) !== 0 ? reader.u8("temperatureType") : null,
  };
}

/** Bluetooth SIG Temperature Measurement. */
export const temperature: Codec = {
  name: "gatt/2a1c",
  display: "Temperature",
  decode(bytes, context) {
    const reader = new ByteReader(bytes, "gatt/2a1c");
    const measured = parseTemperature(reader);
    const { type, time, flags } = measured;
    const found = new Findings(context);
    if (time) measuredAt(found, context, time, 5);
    const site = type === null ? undefined : SITES[type];
    if (type !== null && site === undefined) found.ignore(reader.offset - 1, "a temperature type that is not known");
    found.reading(site ?? "body-temperature", measured.unit, measured.temperature, 1);
    if (flags >>> 3 !== 0) found.ignore(0, "flags that are reserved");
    found.ignoreRest(bytes, reader.offset);
    return found;
  },
};

/** Bluetooth SIG Intermediate Temperature: the probe is still warming up, and what it shows is nobody's temperature yet. */
export const intermediateTemperature: Codec = {
  name: "gatt/2a1e",
  display: "Intermediate temperature",
  decode(bytes, context) {
    const reader = new ByteReader(bytes, "gatt/2a1e");
    parseTemperature(reader);
    const found = new Findings(context);
    found.ignore(1, "a temperature that has not settled");
    found.ignoreRest(bytes, reader.offset);
    return found;
  },
};
