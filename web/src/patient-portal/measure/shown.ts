import { type Decoded, decodeRaw, encodeCapture } from "@openward/codecs/raw";
import { QUALITY } from "@openward/model";
import { formatInUnit, unitText } from "../../parts/format.ts";
import { longName } from "../../parts/signal-display.ts";
import type { Received } from "./visit.ts";

/** One thing that was measured, as a person reads it. */
export interface Shown {
  /** What it is of: the newest of the same takes its place. */
  readonly key: string;
  readonly label: string;
  /** "128/82" */
  readonly text: string;
  readonly unit: string;
  /** ms UTC: when it was measured. */
  readonly at: number;
}

export interface Reading {
  readonly shown: readonly Shown[];
  /** It is not on the skin, the sensor not on the finger. */
  readonly isOff: boolean;
  /** Percent, where it says so. */
  readonly battery: number | null;
  /** Some of it could not be read. It is sent all the same: the server keeps the bytes. */
  readonly isUnreadable: boolean;
}

/** For the person who is measured: what the ward's words are for. */
const PLAIN: Readonly<Record<string, string>> = {
  "heart-rate": "Heart rate",
  "pulse-rate-nibp": "Pulse",
  "pulse-rate-spo2": "Pulse",
  spo2: "Oxygen in the blood",
  "body-temperature": "Temperature",
  "temp-oral": "Temperature (mouth)",
  "temp-axillary": "Temperature (armpit)",
  "temp-rectal": "Temperature (rectal)",
  "temp-tympanic": "Temperature (ear)",
  "glucose-blood": "Blood glucose",
  "glucose-blood-molar": "Blood glucose",
  "body-weight": "Weight",
  bmi: "Body mass index",
};
/** Told by others, or of use to the ward only. */
const NOT_SHOWN: ReadonlySet<string> = new Set(["rr-interval", "wear-state", "battery-level", "nibp-mean"]);

/**
 * What a device said, decoded as the server will decode it.
 *
 * @param timeZone of the person: what a clock without a zone shows
 */
export function readingOf(values: readonly Received[], now: number, timeZone: string): Reading {
  let decoded: Decoded;
  try {
    decoded = decodeRaw(encodeCapture(values), "capture", {
      item: 0,
      at: now,
      atQuality: QUALITY.timeFromGateway,
      utcOffsetMinutes: null,
      timeZone,
      session: {},
    });
  } catch {
    return { shown: [], isOff: false, battery: null, isUnreadable: true };
  }
  const newest = new Map<string, { at: number; value: number; unit: string }>();
  for (const { signal, unit, times, values: numbers } of decoded.readings) {
    for (const [i, value] of numbers.entries()) {
      const at = times[i] as number;
      if (at >= (newest.get(signal)?.at ?? Number.NEGATIVE_INFINITY))
        newest.set(signal, { at, value, unit: unit ?? "" });
    }
  }
  const shown: Shown[] = [];
  const [systolic, diastolic] = [newest.get("nibp-systolic"), newest.get("nibp-diastolic")];
  if (systolic && diastolic) {
    const text = `${formatInUnit(systolic.value, "nibp-systolic", systolic.unit)}/${formatInUnit(diastolic.value, "nibp-diastolic", diastolic.unit)}`;
    shown.push({ key: "nibp", label: "Blood pressure", text, unit: unitText(systolic.unit), at: systolic.at });
    newest.delete("nibp-systolic");
    newest.delete("nibp-diastolic");
  }
  for (const [signal, { at, value, unit }] of newest) {
    if (NOT_SHOWN.has(signal)) continue;
    const label = PLAIN[signal] ?? longName(signal);
    shown.push({ key: signal, label, text: formatInUnit(value, signal, unit), unit: unitText(unit), at });
  }
  return {
    shown,
    isOff: newest.get("wear-state")?.value === 0,
    battery: decoded.status?.battery ?? newest.get("battery-level")?.value ?? null,
    isUnreadable: decoded.refused.length > 0,
  };
}
