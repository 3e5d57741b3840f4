import { type NamedModel, openNamedModel } from "@openward/models";
import {
  createForecastFeatures,
  createLowAlerts,
  createPersonalForecast,
  type Estimate,
  FORECAST_FEATURES,
  type Forecast,
  glucoseRule,
  type LowAlert,
  traceOf,
} from "@openward/physiology/glucose";
import { cgmStudies, readCgm } from "../records/cgm.ts";
import { type Course, coursesOf, minuteOf, outcomesOf } from "../records/course.ts";
import { addSums, autoregression, noSums, sumsOf } from "./autoregressive.ts";
import { type LowScore, scoreLows } from "./lows.ts";

const AHEAD = [30, 60] as const;
type Ahead = (typeof AHEAD)[number];
const METHODS = ["ours", "model alone", "rule", "autoregressive", "persistence"] as const;
type Method = (typeof METHODS)[number];

const SLOPE = FORECAST_FEATURES.indexOf("change over 15 min");
/** mg/dL: flat, and a change worth telling. */
const FLAT = 7.5;
const CHANGE = 30;

/** Of one person and one horizon. */
export interface ForecastScore {
  readonly scored: number;
  /** Sums of squared errors, (mg/dL)^2. */
  readonly squares: Readonly<Record<Method, number>>;
  /** Outcomes inside the interval, and how wide it was, together. */
  readonly covered: number;
  readonly width: number;
  /** Of our squared errors, those of a change of more than 30 mg/dL that had not begun: flat for the last 15 minutes. */
  readonly unheralded: number;
}

export interface PersonScore {
  readonly group: string;
  readonly study: string;
  readonly scores: Readonly<Record<Ahead, ForecastScore>>;
  readonly lows: LowScore;
}

const done = new Map<string, Promise<readonly PersonScore[]>>();

/** Everybody of every study, with models that have not seen them; once for all tasks of a run. */
export function forecastEverybody(dir: string): Promise<readonly PersonScore[]> {
  const found = done.get(dir) ?? forecastAll(dir);
  done.set(dir, found);
  return found;
}

async function forecastAll(dir: string): Promise<readonly PersonScore[]> {
  const models = { 30: await openNamedModel("glucose-30"), 60: await openNamedModel("glucose-60") };
  const people: PersonScore[] = [];
  for (const study of cgmStudies(dir)) {
    const courses = readCgm(dir, study).flatMap(coursesOf);
    const outcomes = courses.map((course) => ({
      30: outcomesOf(course, 30 * 60_000),
      60: outcomesOf(course, 60 * 60_000),
    }));
    const sums = courses.map((course, i) => ({
      30: sumsOf(course, (outcomes[i] as Outcomes)[30]),
      60: sumsOf(course, (outcomes[i] as Outcomes)[60]),
    }));
    const all = { 30: noSums(), 60: noSums() };
    for (const own of sums) for (const ahead of AHEAD) addSums(all[ahead], own[ahead], 1);
    for (const [i, course] of courses.entries()) {
      const own = sums[i] as (typeof sums)[number];
      for (const ahead of AHEAD) addSums(all[ahead], own[ahead], -1);
      const others = { 30: autoregression(all[30]), 60: autoregression(all[60]) };
      people.push(await forecastPerson(course, outcomes[i] as Outcomes, models, others));
      for (const ahead of AHEAD) addSums(all[ahead], own[ahead], 1);
    }
  }
  return people;
}

type Outcomes = Readonly<Record<Ahead, Int32Array>>;

async function forecastPerson(
  course: Course,
  outcomes: Outcomes,
  models: Readonly<Record<Ahead, NamedModel>>,
  others: Readonly<Record<Ahead, ReturnType<typeof autoregression>>>,
): Promise<PersonScore> {
  const { rows, rowOf } = featuresOf(course);
  const scores = {} as Record<Ahead, ForecastScore>;
  let alerts: LowAlert[] = [];
  for (const ahead of AHEAD) {
    const answers = await (await models[ahead].unseen(course.group)).predict(rows);
    const ours = createPersonalForecast(ahead);
    const rule = createPersonalForecast(ahead);
    const lows = createLowAlerts();
    const raised: LowAlert[] = [];
    const squares = Object.fromEntries(METHODS.map((method) => [method, 0])) as Record<Method, number>;
    let [scored, covered, width, unheralded] = [0, 0, 0, 0];
    for (let i = 0; i < course.times.length; i++) {
      const at = course.times[i] as number;
      const value = course.values[i] as number;
      const row = rowOf[i] as number;
      const features =
        row < 0 ? null : rows.subarray(row * FORECAST_FEATURES.length, (row + 1) * FORECAST_FEATURES.length);
      const estimate: Estimate | null =
        row < 0 ? null : { change: answers[2 * row] as number, deviation: answers[2 * row + 1] as number };
      const told: Forecast | null = ours.push(at, value, features, estimate);
      const byRule = rule.push(at, value, features, features && glucoseRule(ahead, features));
      const alert = lows.push(at, value, told);
      if (alert) raised.push(alert);
      const outcome = course.values[outcomes[ahead][i] as number];
      if (outcome === undefined || !told || !byRule || !estimate) continue;
      scored++;
      if (outcome >= told.low && outcome <= told.high) covered++;
      width += told.high - told.low;
      squares.ours += (told.value - outcome) ** 2;
      if (Math.abs(features?.[SLOPE] ?? 0) < FLAT && Math.abs(outcome - value) > CHANGE)
        unheralded += (told.value - outcome) ** 2;
      squares["model alone"] += (value + estimate.change - outcome) ** 2;
      squares.rule += (byRule.value - outcome) ** 2;
      squares.autoregressive += (value + others[ahead](course, i) - outcome) ** 2;
      squares.persistence += (value - outcome) ** 2;
    }
    scores[ahead] = { scored, squares, covered, width, unheralded };
    if (ahead === 30) alerts = raised;
  }
  const forecastAt = Array.from(course.times).filter((_, i) => (rowOf[i] as number) >= 0);
  const { everyMs } = traceOf(course.times, course.values);
  return { group: course.group, study: course.study, scores, lows: scoreLows(course, everyMs, alerts, forecastAt) };
}

/** Rows one after the other, and for each reading the place of its row, or -1. */
function featuresOf({ times, values }: Course): { readonly rows: Float32Array; readonly rowOf: Int32Array } {
  const width = FORECAST_FEATURES.length;
  const rows = new Float32Array(times.length * width);
  const rowOf = new Int32Array(times.length).fill(-1);
  const look = createForecastFeatures(minuteOf);
  let count = 0;
  for (let i = 0; i < times.length; i++) {
    const features = look.push(times[i] as number, values[i] as number);
    if (!features) continue;
    rows.set(features, count * width);
    rowOf[i] = count++;
  }
  return { rows: rows.subarray(0, count * width), rowOf };
}
