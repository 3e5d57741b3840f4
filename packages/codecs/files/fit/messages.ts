import type { Instant } from "../../codec.ts";
import type { Gathered } from "../gathered.ts";
import { type FitMessage, fitTime } from "./reader.ts";
import SPORTS from "./sports.json" with { type: "json" };

/** What is read of a field: raw / scale, in a signal's unit. */
interface Measured {
  readonly field: number;
  readonly signal: string;
  readonly unit: string;
  readonly scale?: number;
}

const RECORD = 20;
/** Fields of one instant. Enhanced fields stand before those that they replace: the first that has a value is taken. @source FIT profile */
const MEASURED: ReadonlyMap<number, readonly Measured[]> = new Map([
  [
    RECORD,
    [
      { field: 3, signal: "pulse-rate", unit: "/min" },
      { field: 73, signal: "speed", unit: "m/s", scale: 1000 },
      { field: 6, signal: "speed", unit: "m/s", scale: 1000 },
      { field: 108, signal: "respiratory-rate", unit: "/min", scale: 100 },
      { field: 99, signal: "respiratory-rate", unit: "/min" },
      { field: 139, signal: "temp-core", unit: "Cel", scale: 100 },
    ],
  ],
  [
    30,
    [
      { field: 0, signal: "body-weight", unit: "kg", scale: 100 },
      { field: 1, signal: "body-fat", unit: "%", scale: 100 },
      { field: 5, signal: "muscle-mass", unit: "kg", scale: 100 },
      { field: 13, signal: "bmi", unit: "kg/m2", scale: 10 },
    ],
  ],
  [211, [{ field: 1, signal: "heart-rate-resting", unit: "/min" }]],
  [269, [{ field: 0, signal: "spo2", unit: "%" }]],
  [371, [{ field: 0, signal: "hrv-rmssd", unit: "ms", scale: 128 }]],
]);
const PRESSURES: readonly Measured[] = [
  { field: 0, signal: "nibp-systolic", unit: "mm[Hg]" },
  { field: 1, signal: "nibp-diastolic", unit: "mm[Hg]" },
  { field: 2, signal: "nibp-mean", unit: "mm[Hg]" },
  { field: 6, signal: "pulse-rate-nibp", unit: "/min" },
];
/** Fields of records that are known and not taken, in words. */
const LEFT: readonly (readonly [number, string])[] = [
  [0, "record: position"],
  [2, "record: altitude"],
  [78, "record: altitude"],
  [4, "record: cadence"],
  [5, "record: distance so far"],
  [7, "record: power"],
  [13, "record: temperature of the surroundings"],
  [33, "record: energy so far"],
  [116, "record: stress"],
];
const NAMES: ReadonlyMap<number, string> = new Map([
  [0, "file_id"],
  [2, "device_settings"],
  [3, "user_profile"],
  [19, "lap"],
  [21, "event"],
  [23, "device_info"],
  [34, "activity"],
  [49, "file_creator"],
  [101, "length"],
  [132, "hr"],
  [206, "field_description"],
  [207, "developer_data_id"],
  [227, "stress_level"],
  [290, "beat_intervals"],
]);
const STAGES = ["unmeasurable", "awake", "light", "deep", "rem"];
/** A running clock of intervals this far behind the records begins anew. */
const RR_BEHIND_MS = 5_000;

/** What the messages of a file say, one behind the other. */
export class FitContent {
  readonly #found: Gathered;
  readonly #utcOffsetMinutes: number | null;
  #item = -1;
  #beatAt = Number.NaN;

  /** @param utcOffsetMinutes as the file's activity message tells it */
  constructor(found: Gathered, utcOffsetMinutes: number | null) {
    this.#found = found;
    this.#utcOffsetMinutes = utcOffsetMinutes;
  }

  take(message: FitMessage): void {
    this.#item++;
    const { global, offset, developerFields } = message;
    if (developerFields > 0) this.#found.ignore("field of a developer", offset, developerFields);
    const measured = MEASURED.get(global);
    if (measured) return void this.#takeMeasured(message, measured);
    switch (global) {
      case 18:
        return void this.#takeSession(message);
      case 51:
        return void this.#takePressure(message);
      case 55:
        return void this.#takeMonitoring(message);
      case 78:
        return void this.#takeIntervals(message);
      case 275: {
        const at = this.#at(message.timestamp, offset);
        const stage = STAGES[message.number(0)];
        if (at && stage !== undefined) this.#found.event("sleep", at, { stage });
        else if (at) this.#found.ignore("sleep_level without a stage", offset);
        return;
      }
      case 297: {
        const rate = message.number(0) / 100;
        // Negative values say why there is none.
        if (rate > 0) this.#reading(message, { field: 0, signal: "respiratory-rate", unit: "/min", scale: 100 });
        else this.#found.ignore("respiration_rate without a value", offset);
        return;
      }
      default:
        this.#found.ignore(NAMES.get(global) ?? `message ${global}`, offset);
    }
  }

  #takeMeasured(message: FitMessage, measured: readonly Measured[]): void {
    const taken = new Set<string>();
    for (const each of measured) {
      if (taken.has(each.signal) || Number.isNaN(message.number(each.field))) continue;
      taken.add(each.signal);
      this.#reading(message, each);
    }
    if (message.global !== RECORD) return;
    for (const [field, what] of LEFT) {
      if (!Number.isNaN(message.number(field))) this.#found.ignore(what, message.offset);
    }
  }

  #takePressure(message: FitMessage): void {
    const status = message.number(8);
    if (status === 2) return void this.#found.ignore("blood_pressure without a measurement", message.offset);
    // Incomplete, or out of range.
    const questionable = status === 1 || status === 3;
    for (const each of PRESSURES) this.#reading(message, each, questionable);
  }

  #takeMonitoring(message: FitMessage): void {
    const { timestamp, offset } = message;
    const low = message.number(26);
    const exact = Number.isNaN(low) ? timestamp : timestamp + ((low - (timestamp & 0xffff)) & 0xffff);
    const rate = message.number(27);
    const at = Number.isNaN(rate) ? null : this.#at(exact, offset);
    if (at) this.#found.pulse(this.#item, rate, at, offset);
    for (const [field, what] of [
      [3, "monitoring: cycles of the day so far"],
      [9, "monitoring: cycles of the day so far"],
      [2, "monitoring: distance of the day so far"],
      [19, "monitoring: energy of the day so far"],
    ] as const) {
      if (!Number.isNaN(message.number(field))) this.#found.ignore(what, offset);
    }
  }

  /** Intervals follow one another; the record before them says about when. */
  #takeIntervals(message: FitMessage): void {
    for (const raw of message.numbers(0)) {
      if (Number.isNaN(raw)) continue;
      const last = fitTime(message.timestamp);
      if (Number.isNaN(last)) return void this.#found.ignore("hrv before any time", message.offset);
      if (!(this.#beatAt >= last - RR_BEHIND_MS)) this.#beatAt = last;
      this.#beatAt += raw;
      const at = { time: this.#beatAt, utcOffsetMinutes: this.#utcOffsetMinutes, quality: 0 };
      this.#found.reading(this.#item, "rr-interval", "ms", raw, at);
    }
  }

  #takeSession(message: FitMessage): void {
    const from = this.#at(message.number(2), message.offset);
    if (!from) return;
    const detail: Record<string, string | number> = { activity: SPORTS[message.number(5)] ?? "other" };
    const [elapsedMs, distance, energy] = [message.number(7), message.number(9), message.number(11)];
    if (!Number.isNaN(elapsedMs)) {
      detail.until = new Date(from.time + elapsedMs).toISOString();
      detail.minutes = Math.round(elapsedMs / 600) / 100;
    }
    if (!Number.isNaN(distance)) detail.distance = `${distance / 100} m`;
    if (!Number.isNaN(energy)) detail.energy = `${energy} kcal`;
    this.#found.event("workout", from, detail);
  }

  #reading(message: FitMessage, { field, signal, unit, scale = 1 }: Measured, questionable = false): void {
    const raw = message.number(field);
    if (Number.isNaN(raw)) return;
    const at = this.#at(message.timestamp, message.offset);
    const value = Number((raw / scale).toPrecision(12));
    if (at && signal === "pulse-rate") this.#found.pulse(this.#item, value, at, message.offset);
    else if (at) this.#found.reading(this.#item, signal, unit, value, at, questionable ? 8 : 0);
  }

  #at(timestamp: number, offset: number): Instant | null {
    const time = fitTime(timestamp);
    if (!Number.isNaN(time)) return { time, utcOffsetMinutes: this.#utcOffsetMinutes, quality: 0 };
    this.#found.refuse(this.#item, "TIME_IMPOSSIBLE", "timestamp", `a time that the device knew (byte ${offset})`);
    return null;
  }
}

/** The activity message says the local time beside the time in UTC. */
export function offsetOf(message: FitMessage): number | null {
  if (message.global !== 34) return null;
  const minutes = (message.number(5) - message.number(253)) / 60;
  return Number.isInteger(minutes) && minutes % 15 === 0 && Math.abs(minutes) <= 14 * 60 ? minutes : null;
}
