import { QUALITY } from "@openward/model";
import type { Codec, DecodeContext } from "../codec.ts";
import { Findings } from "../findings.ts";
import { ByteReader } from "../reader.ts";
import { hasAny, wordsOf } from "./bits.ts";
import { type DateTime, measuredAt, readDateTime } from "./date-time.ts";

const KILOPASCAL = 0b1;
const TIME = 0b10;
const PULSE = 0b100;
const USER = 0b1000;
const STATUS = 0b10000;

/** Of the Measurement Status; 3 and 4 are a number of two bits. */
export const REMARKS: Readonly<Record<number, string>> = {
  0: "body movement",
  1: "cuff too loose",
  2: "irregular pulse",
  3: "pulse rate above the upper limit",
  4: "pulse rate below the lower limit",
  5: "improper position",
};

export interface BloodPressure {
  readonly flags: number;
  readonly unit: "mm[Hg]" | "kPa";
  /** Of an intermediate cuff pressure: the pressure in the cuff. */
  readonly systolic: number;
  readonly diastolic: number;
  readonly mean: number;
  readonly time: DateTime | null;
  readonly pulseRate: number | null;
  readonly user: number | null;
  readonly status: number | null;
}

/** @throws RefusedInput MALFORMED_BYTES */
export function parseBloodPressure(reader: ByteReader): BloodPressure {
  const flags = reader.u8("flags");
  return {
    flags,
    unit: (flags & KILOPASCAL) !== 0 ? "kPa" : "mm[Hg]",
    systolic: reader.sfloat("systolic"),
    diastolic: reader.sfloat("diastolic"),
    mean: reader.sfloat("meanArterialPressure"),
    time: (flags & TIME) !== 0 ? readDateTime(reader, "timeStamp") : null,
    pulseRate: (flags & PULSE) !== 0 ? reader.sfloat("pulseRate") : null,
    user: (flags & USER) !== 0 ? reader.u8("userId") : null,
    status: (flags & STATUS) !== 0 ? reader.u16("measurementStatus") : null,
  };
}

/** What both characteristics have behind the pressures; to be told before them. */
function addRest(found: Findings, context: DecodeContext, pressure: BloodPressure, name: string): number {
  const { time, user, status } = pressure;
  let offset = 7;
  if (time) {
    measuredAt(found, context, time, offset);
    offset += 7;
  }
  const pulseAt = offset;
  if (pressure.pulseRate !== null) offset += 2;
  if (user !== null)
    found.ignore(offset++, user === 255 ? "an unknown user of the device" : `user ${user} of the device`);
  if (status !== null && status !== 0) {
    if (hasAny(status, 0, 1, 5)) found.quality |= QUALITY.questionable;
    found.event("measurement-remarks", { codec: name, remarks: wordsOf(status, REMARKS) });
  }
  if (pressure.flags >>> 5 !== 0) found.ignore(0, "flags that are reserved");
  return pulseAt;
}

/** Bluetooth SIG Blood Pressure Measurement. */
export const bloodPressure: Codec = {
  name: "gatt/2a35",
  display: "Blood pressure",
  decode(bytes, context) {
    const reader = new ByteReader(bytes, "gatt/2a35");
    const pressure = parseBloodPressure(reader);
    const found = new Findings(context);
    const pulseAt = addRest(found, context, pressure, "gatt/2a35");
    found.reading("nibp-systolic", pressure.unit, pressure.systolic, 1);
    found.reading("nibp-diastolic", pressure.unit, pressure.diastolic, 3);
    found.reading("nibp-mean", pressure.unit, pressure.mean, 5);
    if (pressure.pulseRate !== null) found.reading("pulse-rate-nibp", "/min", pressure.pulseRate, pulseAt);
    found.ignoreRest(bytes, reader.offset);
    return found;
  },
};

/** Bluetooth SIG Intermediate Cuff Pressure: the same layout, while the cuff is filled and let go. */
export const cuffPressure: Codec = {
  name: "gatt/2a36",
  display: "Intermediate cuff pressure",
  decode(bytes, context) {
    const reader = new ByteReader(bytes, "gatt/2a36");
    const pressure = parseBloodPressure(reader);
    const found = new Findings(context);
    const pulseAt = addRest(found, context, pressure, "gatt/2a36");
    found.reading("cuff-pressure", pressure.unit, pressure.systolic, 1);
    if (pressure.pulseRate !== null) found.reading("pulse-rate-nibp", "/min", pressure.pulseRate, pulseAt);
    found.ignoreRest(bytes, reader.offset);
    return found;
  },
};
