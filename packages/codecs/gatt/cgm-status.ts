import { QUALITY } from "@openward/model";
import type { Findings } from "../findings.ts";
import { hasAny, wordsOf } from "./bits.ts";

/** Sensor Status Annunciation of Bluetooth's CGM service: three octets, of which a measurement may leave out some. */
const WORDS: Readonly<Record<number, string>> = {
  0: "session stopped",
  1: "battery low",
  2: "wrong type of sensor",
  3: "sensor malfunction",
  4: "alert of the device",
  5: "general fault of the device",
  8: "time must be synchronised",
  9: "calibration not allowed",
  10: "calibration recommended",
  11: "calibration required",
  12: "sensor too hot",
  13: "sensor too cold",
  14: "calibration pending",
  16: "below the low level of the patient",
  17: "above the high level of the patient",
  18: "below the hypoglycaemia level",
  19: "above the hyperglycaemia level",
  20: "falling faster than the limit",
  21: "rising faster than the limit",
  22: "below what the device can measure",
  23: "above what the device can measure",
};

/** Marks what is found by it, and tells it as an event. */
export function noteStatus(found: Findings, status: number, codec: string): void {
  if (status === 0) return;
  if (hasAny(status, 2, 3, 5, 11, 12, 13, 22, 23)) found.quality |= QUALITY.questionable;
  found.event("measurement-remarks", { codec, remarks: wordsOf(status, WORDS) });
}
