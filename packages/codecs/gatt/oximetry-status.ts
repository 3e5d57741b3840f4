import { QUALITY } from "@openward/model";
import type { Findings } from "../findings.ts";
import { hasAny, wordsOf } from "./bits.ts";

/** Measurement Status and Device and Sensor Status of Bluetooth's Pulse Oximeter Service. */
const MEASUREMENT: Readonly<Record<number, string>> = {
  5: "measurement ongoing",
  6: "early estimate",
  7: "validated",
  8: "fully qualified",
  9: "from the device's storage",
  10: "data for demonstration",
  11: "data for testing",
  12: "calibration ongoing",
  13: "measurement unavailable",
  14: "questionable measurement",
  15: "invalid measurement",
};
const SENSOR: Readonly<Record<number, string>> = {
  0: "extended display update",
  1: "equipment malfunction",
  2: "signal processing irregularity",
  3: "inadequate signal",
  4: "poor signal",
  5: "low perfusion",
  6: "erratic signal",
  7: "nonpulsatile signal",
  8: "questionable pulse",
  9: "signal analysis ongoing",
  10: "sensor interference",
  11: "sensor not on the patient",
  12: "unknown sensor",
  13: "sensor displaced",
  14: "sensor malfunction",
  15: "sensor disconnected",
};
/** Of the measurement: ongoing, validated, qualified and from storage say nothing against it. */
const REMARKABLE = 0b1111_1100_0100_0000;

export interface OximetryStatus {
  readonly measurement: number | null;
  readonly sensor: number | null;
}

/**
 * What the status makes of the values: a quality, a remark, whether the sensor is on.
 *
 * @returns the values count; false: they are of nobody (a demonstration, no sensor on the finger) or none
 */
export function judge(found: Findings, { measurement, sensor }: OximetryStatus): boolean {
  const m = measurement ?? 0;
  const s = sensor ?? 0;
  const isOff = hasAny(s, 11, 15);
  if (sensor !== null) found.reading("wear-state", "1", isOff ? 0 : 1, 0);
  if (hasAny(m, 6, 12, 14) || hasAny(s, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 13)) found.quality |= QUALITY.questionable;
  return !(isOff || hasAny(s, 14) || hasAny(m, 10, 11, 13, 15));
}

/** In words, what is remarkable of it. */
export function remarksOf({ measurement, sensor }: OximetryStatus): readonly string[] {
  return [...wordsOf((measurement ?? 0) & REMARKABLE, MEASUREMENT), ...wordsOf(sensor ?? 0, SENSOR)];
}
