import type { Codec } from "../codec.ts";
import { Findings } from "../findings.ts";
import { ByteReader } from "../reader.ts";
import { heightOf, massOf, UNSUCCESSFUL } from "./2a9d-weight.ts";
import { measuredAt, readDateTime } from "./date-time.ts";

const NAME = "gatt/2a9c";

/** Bluetooth SIG Body Composition Measurement. */
const codec: Codec = {
  name: NAME,
  display: "Body composition",
  decode(bytes, context) {
    const reader = new ByteReader(bytes, NAME);
    const found = new Findings(context);
    const flags = reader.u16("flags");
    const has = (bit: number) => (flags & (1 << bit)) !== 0;
    const isImperial = has(0);
    const massUnit = isImperial ? "[lb_av]" : "kg";
    const fat = reader.u16("bodyFatPercentage");
    if (has(1)) measuredAt(found, context, readDateTime(reader, "timeStamp"), 4);
    if (has(2)) found.ignore(reader.offset, `user ${reader.u8("userId")} of the device`);
    found.reading("body-fat", "%", fat === UNSUCCESSFUL ? Number.NaN : fat / 10, 2);
    const reading = (signal: string, unit: string, field: string, toValue: (raw: number) => number) => {
      const { offset } = reader;
      found.reading(signal, unit, toValue(reader.u16(field)), offset);
    };
    const nothing = (field: string, what: string) => {
      found.ignore(reader.offset, what);
      reader.u16(field);
    };
    const mass = (raw: number) => massOf(raw, isImperial);
    if (has(3)) reading("basal-metabolism", "kJ", "basalMetabolism", (raw) => raw);
    if (has(4)) nothing("musclePercentage", "muscle in percent");
    if (has(5)) reading("muscle-mass", massUnit, "muscleMass", mass);
    if (has(6)) nothing("fatFreeMass", "fat free mass");
    if (has(7)) nothing("softLeanMass", "soft lean mass");
    if (has(8)) reading("body-water", massUnit, "bodyWaterMass", mass);
    if (has(9)) reading("body-impedance", "Ohm", "impedance", (raw) => raw / 10);
    if (has(10)) reading("body-weight", massUnit, "weight", mass);
    if (has(11)) reading("body-height", isImperial ? "[in_i]" : "m", "height", (raw) => heightOf(raw, isImperial));
    if (has(12)) found.ignore(0, "the flag that further packets belong to it");
    if (flags >>> 13 !== 0) found.ignore(1, "flags that are reserved");
    found.ignoreRest(bytes, reader.offset);
    return found;
  },
};

export default codec;
