import { createForecastFeatures, FORECAST_FEATURES } from "@openward/physiology/glucose";
import { cgmStudies, readCgm } from "../records/cgm.ts";
import { coursesOf, minuteOf, outcomesOf } from "../records/course.ts";
import type { TrainingRow, TrainingRows } from "./index.ts";

const MINUTE_MS = 60_000;
/** Neighbouring readings say much the same. */
const EVERY = 3;

/** What glucose changed by until so many minutes later. */
export const glucoseRows = (minutes: number): TrainingRows => ({
  features: FORECAST_FEATURES,
  async *of(dir) {
    for (const study of cgmStudies(dir)) yield* rowsOfStudy(dir, study, minutes);
  },
});

function* rowsOfStudy(dir: string, study: string, minutes: number): Generator<TrainingRow> {
  const courses = readCgm(dir, study).flatMap(coursesOf);
  const readings = courses.reduce((sum, { times }) => sum + times.length, 0);
  // A study of ten times as many readings counts about three times as much.
  const weight = 1_000 / Math.sqrt(readings);
  for (const course of courses) {
    const outcomes = outcomesOf(course, minutes * MINUTE_MS);
    const look = createForecastFeatures(minuteOf);
    for (let i = 0; i < course.times.length; i++) {
      const value = course.values[i] as number;
      const features = look.push(course.times[i] as number, value);
      const outcome = outcomes[i] as number;
      if (!features || outcome < 0 || i % EVERY !== 0) continue;
      yield { group: course.group, label: String((course.values[outcome] as number) - value), weight, features };
    }
  }
}
