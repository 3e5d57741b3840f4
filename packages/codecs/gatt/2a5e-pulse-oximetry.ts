import type { Codec } from "../codec.ts";
import { Findings } from "../findings.ts";
import { ByteReader } from "../reader.ts";
import { type DateTime, measuredAt, readDateTime } from "./date-time.ts";
import { judge, type OximetryStatus, remarksOf } from "./oximetry-status.ts";

export interface SpotCheck extends OximetryStatus {
  readonly flags: number;
  readonly spo2: number;
  readonly pulseRate: number;
  readonly time: DateTime | null;
  readonly amplitude: number | null;
}

/** @throws RefusedInput MALFORMED_BYTES */
export function parseSpotCheck(reader: ByteReader): SpotCheck {
  const flags = reader.u8("flags");
  return {
    flags,
    spo2: reader.sfloat("spo2"),
    pulseRate: reader.sfloat("pulseRate"),
    time: (flags & 0b1) !== 0 ? readDateTime(reader, "timeStamp") : null,
    measurement: (flags & 0b10) !== 0 ? reader.u16("measurementStatus") : null,
    sensor: (flags & 0b100) !== 0 ? reader.u24("deviceAndSensorStatus") : null,
    amplitude: (flags & 0b1000) !== 0 ? reader.sfloat("pulseAmplitudeIndex") : null,
  };
}

const CLOCK_NOT_SET = 0b10000;

/** Bluetooth SIG PLX Spot-Check Measurement. */
export const spotCheck: Codec = {
  name: "gatt/2a5e",
  display: "Pulse oximetry, spot check",
  decode(bytes, context) {
    const reader = new ByteReader(bytes, "gatt/2a5e");
    const measured = parseSpotCheck(reader);
    const { flags, time, spo2, pulseRate, amplitude } = measured;
    const found = new Findings(context);
    if (time && (flags & CLOCK_NOT_SET) !== 0) found.ignore(5, "a time of a clock that is not set");
    else if (time) measuredAt(found, context, time, 5);
    const counts = judge(found, measured);
    const remarks = remarksOf(measured);
    if (remarks.length > 0) found.event("measurement-remarks", { codec: "gatt/2a5e", remarks });
    if (counts) {
      found.reading("spo2", "%", spo2, 1);
      found.reading("pulse-rate-spo2", "/min", pulseRate, 3);
      if (amplitude !== null) found.reading("perfusion-index", "%", amplitude, reader.offset - 2);
    } else found.ignore(1, `values with the remark: ${remarks.join(", ")}`);
    if (flags >>> 5 !== 0) found.ignore(0, "flags that are reserved");
    found.ignoreRest(bytes, reader.offset);
    return found;
  },
};

export interface ContinuousOximetry extends OximetryStatus {
  readonly flags: number;
  readonly spo2: number;
  readonly pulseRate: number;
  readonly fast: readonly [spo2: number, pulseRate: number] | null;
  readonly slow: readonly [spo2: number, pulseRate: number] | null;
  readonly amplitude: number | null;
}

/** @throws RefusedInput MALFORMED_BYTES */
export function parseContinuous(reader: ByteReader): ContinuousOximetry {
  const flags = reader.u8("flags");
  return {
    flags,
    spo2: reader.sfloat("spo2"),
    pulseRate: reader.sfloat("pulseRate"),
    fast: (flags & 0b1) !== 0 ? [reader.sfloat("spo2Fast"), reader.sfloat("pulseRateFast")] : null,
    slow: (flags & 0b10) !== 0 ? [reader.sfloat("spo2Slow"), reader.sfloat("pulseRateSlow")] : null,
    measurement: (flags & 0b100) !== 0 ? reader.u16("measurementStatus") : null,
    sensor: (flags & 0b1000) !== 0 ? reader.u24("deviceAndSensorStatus") : null,
    amplitude: (flags & 0b10000) !== 0 ? reader.sfloat("pulseAmplitudeIndex") : null,
  };
}

/** Bluetooth SIG PLX Continuous Measurement: about one a second, so remarks are told and make no events. */
export const continuousOximetry: Codec = {
  name: "gatt/2a5f",
  display: "Pulse oximetry, continuous",
  decode(bytes, context) {
    const reader = new ByteReader(bytes, "gatt/2a5f");
    const measured = parseContinuous(reader);
    const { flags, spo2, pulseRate, fast, slow, amplitude } = measured;
    const found = new Findings(context);
    const counts = judge(found, measured);
    const remarks = remarksOf(measured);
    if (remarks.length > 0) found.ignore(0, `remarks: ${remarks.join(", ")}`);
    if (counts) {
      found.reading("spo2", "%", spo2, 1);
      found.reading("pulse-rate-spo2", "/min", pulseRate, 3);
      if (amplitude !== null) found.reading("perfusion-index", "%", amplitude, reader.offset - 2);
    } else found.ignore(1, "values with these remarks");
    if (fast) found.ignore(5, "the same values by fast averaging");
    if (slow) found.ignore(fast ? 9 : 5, "the same values by slow averaging");
    if (flags >>> 5 !== 0) found.ignore(0, "flags that are reserved");
    found.ignoreRest(bytes, reader.offset);
    return found;
  },
};
