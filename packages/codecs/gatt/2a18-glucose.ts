import { QUALITY } from "@openward/model";
import type { Codec } from "../codec.ts";
import { Findings } from "../findings.ts";
import { sfloat } from "../medical-float.ts";
import { ByteReader } from "../reader.ts";
import { hasAny, wordsOf } from "./bits.ts";
import { type DateTime, measuredAt, readDateTime } from "./date-time.ts";

const NAME = "gatt/2a18";
const OFFSET = 0b1;
const CONCENTRATION = 0b10;
const MOLAR = 0b100;
const STATUS = 0b1000;
const INTERSTITIAL = 9;
const CONTROL = 10;
/** Measurements whose contexts are waited for in one capture. */
const WAITING = 10_000;

const REMARKS: Readonly<Record<number, string>> = {
  0: "battery low",
  1: "sensor malfunction",
  2: "sample too small",
  3: "strip not inserted well",
  4: "wrong type of strip",
  5: "above what the device can measure",
  6: "below what the device can measure",
  7: "sensor too hot",
  8: "sensor too cold",
  9: "strip pulled too soon",
  10: "general fault of the device",
  11: "fault of the device's time",
};

export interface Glucose {
  readonly flags: number;
  readonly sequence: number;
  readonly baseTime: DateTime;
  readonly timeOffsetMinutes: number;
  /** SFLOAT as sent, in kg/L or mol/L. */
  readonly concentration: number | null;
  readonly isMolar: boolean;
  readonly type: number | null;
  readonly location: number | null;
  readonly status: number | null;
}

/** @throws RefusedInput MALFORMED_BYTES */
export function parseGlucose(reader: ByteReader): Glucose {
  const flags = reader.u8("flags");
  const sequence = reader.u16("sequenceNumber");
  const baseTime = readDateTime(reader, "baseTime");
  const timeOffsetMinutes = (flags & OFFSET) !== 0 ? reader.i16("timeOffset") : 0;
  const hasConcentration = (flags & CONCENTRATION) !== 0;
  const concentration = hasConcentration ? reader.u16("glucoseConcentration") : null;
  const sample = hasConcentration ? reader.u8("typeAndLocation") : null;
  return {
    flags,
    sequence,
    baseTime,
    timeOffsetMinutes,
    concentration,
    isMolar: (flags & MOLAR) !== 0,
    type: sample === null ? null : sample & 0xf,
    location: sample === null ? null : sample >> 4,
    status: (flags & STATUS) !== 0 ? reader.u16("sensorStatusAnnunciation") : null,
  };
}

/**
 * Bluetooth SIG Glucose Measurement. On the air the unit is kg/L or mol/L; the point is moved to mg/dL or mmol/L, which is
 * what the meter shows, and no digit changes.
 */
const codec: Codec = {
  name: NAME,
  display: "Glucose",
  decode(bytes, context) {
    const reader = new ByteReader(bytes, NAME);
    const measured = parseGlucose(reader);
    const { flags, sequence, baseTime, timeOffsetMinutes, concentration, isMolar, type, status } = measured;
    const found = new Findings(context);
    measuredAt(found, context, baseTime, 3, timeOffsetMinutes);
    if (status !== null && status !== 0) {
      if (hasAny(status, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)) found.quality |= QUALITY.questionable;
      if (hasAny(status, 11)) found.ignore(reader.offset - 2, "a fault of the device's time");
      found.event("measurement-remarks", { codec: NAME, sequence, remarks: wordsOf(status, REMARKS) });
    }
    if (concentration !== null) {
      const at = (flags & OFFSET) !== 0 ? 12 : 10;
      const unit = isMolar ? "mmol/L" : "mg/dL";
      const value = sfloat(concentration, isMolar ? 3 : 5);
      if (type === CONTROL)
        found.event("control-solution-test", { codec: NAME, sequence, value: sayable(value), unit });
      else found.reading(type === INTERSTITIAL ? "glucose-interstitial" : "glucose-blood", unit, value, at);
      if (type !== CONTROL) found.ignore(at + 2, "kind and place of the sample");
    }
    context.session.glucose ??= new Map();
    if (context.session.glucose.size < WAITING) context.session.glucose.set(sequence, found.instant);
    if (flags >>> 5 !== 0) found.ignore(0, "flags that are reserved");
    found.ignoreRest(bytes, reader.offset);
    return found;
  },
};

/** JSON has no NaN. */
function sayable(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

export default codec;
