import { createDeterioration, type Deterioration, featureNames, type Scope } from "@openward/physiology/deterioration";
import { readStays, type Stay } from "../records/challenge2012.ts";
import type { TrainingRow, TrainingRows } from "./index.ts";

const HOUR_MS = 3_600_000;
/** Hours since admission at which the index is asked. */
export const ASKED_AT: readonly number[] = [6, 12, 18, 24, 30, 36, 42, 48];

/** Of each stay: what was known at each hour, and whether it ended in death; together they weigh as one. */
export const deteriorationRows = (scope: Scope): TrainingRows => ({
  features: featureNames(scope),
  async *of(dir) {
    for (const stay of readStays(dir))
      for (const [i, features] of featuresAlong(stay, scope, ASKED_AT).entries()) {
        // The whole of what was recorded counts most, as it is what is asked in the end.
        const weight = ASKED_AT[i] === 48 ? 0.5 : 0.5 / (ASKED_AT.length - 1);
        const row: TrainingRow = { group: stay.id, label: stay.died ? "1" : "0", weight, features };
        yield row;
      }
  },
});

/** @param asked hours since admission, ascending: what was measured later is not known then */
export function featuresAlong(stay: Stay, scope: Scope, asked: readonly number[]): Float32Array[] {
  const stream = createDeterioration(stay.about);
  let next = 0;
  return asked.map((hours) => {
    next = pushUntil(stream, stay, next, hours);
    return stream.features(scope, hours * HOUR_MS);
  });
}

/** What the stream knows of a stay after so many hours. */
export function streamOf(stay: Stay, hours: number): Deterioration {
  const stream = createDeterioration(stay.about);
  pushUntil(stream, stay, 0, hours);
  return stream;
}

function pushUntil(stream: Deterioration, { readings }: Stay, from: number, hours: number): number {
  let next = from;
  for (; next < readings.length; next++) {
    const reading = readings[next];
    if (!reading || reading.hours > hours) break;
    stream.push(reading.id, reading.value, reading.hours * HOUR_MS);
  }
  return next;
}
