import { HOUR_MS, MINUTE_MS } from "../trace.ts";
import { GlucoseHistory } from "./history.ts";

const STEP_MS = 5 * MINUTE_MS;
/** Of two hours, and now. */
const LAGS = 25;
/** In steps of five minutes: how far what is now is from what was then. */
const CHANGES = [1, 2, 3, 4, 5, 6, 8, 9, 12, 15, 18, 24] as const;
const HOURS_BACK = [3, 4, 6] as const;
const HOURS_MEAN = [3, 6, 24] as const;
const DAY_MS = 24 * HOUR_MS;
/** A person's own habits fade by half in a day. */
const HALF_LIFE_MS = DAY_MS;
/** What is said of somebody of whom nothing is known yet counts as so many readings. */
const PRIOR = 24;

/** What a forecast looks at, in mg/dL unless told otherwise. No commas: they are columns of a table. */
export const FORECAST_FEATURES: readonly string[] = [
  "now",
  ...CHANGES.map((steps) => `change over ${5 * steps} min`),
  ...Array.from({ length: 6 }, (_, i) => `step ${5 * i} min ago`),
  ...HOURS_BACK.map((hours) => `change over ${hours} h`),
  ...HOURS_MEAN.map((hours) => `mean of ${hours} h from now`),
  "30 min after this time yesterday",
  "60 min after this time yesterday",
  "this time yesterday from now",
  "sine of the time of day",
  "cosine of the time of day",
  "roughness of an hour",
  "deviation of an hour",
  "minutes since the reading before",
  "usual minutes between readings",
  "own variance of steps (log)",
  "own correlation of steps 5 min apart",
  "own correlation of steps 10 min apart",
  "own correlation of steps 15 min apart",
  "own slope that goes on for 30 min",
  "own variance over 30 min (log)",
];

export interface ForecastFeatures {
  /**
   * @param at ms UTC, later than the one before @param value mg/dL
   * @returns a row, overwritten by the next; null: see `absent`
   */
  push(at: number, value: number): Float64Array | null;
  /** Why the last reading has no row. */
  readonly absent: Absent | null;
}

export type Absent = "no glucose" | "not later than the one before" | "too little before it";

/** mg/dL; what a sensor says that can say no less or more is taken as it is said. */
const LOWEST = 20;
const HIGHEST = 600;

/**
 * Shape of the last hours, time of day, the day before, and how smooth this person's sensor is. Nothing later than the reading is looked
 * at. Bounded memory: 30 kB.
 *
 * @param minuteOf local minute of the day
 */
export function createForecastFeatures(minuteOf: (at: number) => number): ForecastFeatures {
  const history = new GlucoseHistory();
  const lags = new Float64Array(LAGS);
  const row = new Float64Array(FORECAST_FEATURES.length);
  const own = createOwnHabits();
  let last = Number.NEGATIVE_INFINITY;
  let usual = 5;
  let absent: Absent | null = null;

  function push(at: number, value: number): Float64Array | null {
    absent = null;
    if (!(Number.isFinite(at) && value >= LOWEST && value <= HIGHEST)) absent = "no glucose";
    else if (!history.push(at, value)) absent = "not later than the one before";
    if (absent) return null;
    const since = Number.isFinite(last) ? (at - last) / MINUTE_MS : Number.NaN;
    last = at;
    if (since <= 20) usual += (since - usual) / 12;
    history.lookBack(lags, STEP_MS);
    own.learn(lags, Math.min(since, 30) * MINUTE_MS);
    if (Number.isNaN(lags[3] as number)) {
      absent = "too little before it";
      return null;
    }
    fill(at, value, since);
    return row;
  }

  function fill(at: number, now: number, since: number): void {
    let i = 0;
    const put = (value: number) => {
      row[i++] = value;
    };
    put(now);
    for (const steps of CHANGES) put(now - (lags[steps] as number));
    for (let step = 0; step < 6; step++) put((lags[step] as number) - (lags[step + 1] as number));
    for (const hours of HOURS_BACK) put(now - history.valueAt(at - hours * HOUR_MS));
    for (const hours of HOURS_MEAN) put(history.meanOver(hours * HOUR_MS) - now);
    const yesterday = history.valueAt(at - DAY_MS);
    put(history.valueAt(at - DAY_MS + 30 * MINUTE_MS) - yesterday);
    put(history.valueAt(at - DAY_MS + HOUR_MS) - yesterday);
    put(yesterday - now);
    const angle = (2 * Math.PI * minuteOf(at)) / 1_440;
    put(Math.sin(angle));
    put(Math.cos(angle));
    put(roughness(lags));
    put(deviation(lags));
    put(Math.min(since, 60));
    put(usual);
    for (const value of own.told()) put(value);
  }

  return {
    push,
    get absent() {
      return absent;
    },
  };
}

/** Mean of how much the course bends from one step to the next, over an hour. */
function roughness(lags: Float64Array): number {
  let [sum, count] = [0, 0];
  for (let i = 1; i < 12; i++) {
    const bend = Math.abs((lags[i - 1] as number) - 2 * (lags[i] as number) + (lags[i + 1] as number));
    if (Number.isNaN(bend)) continue;
    sum += bend;
    count++;
  }
  return count === 0 ? Number.NaN : sum / count;
}

function deviation(lags: Float64Array): number {
  let [sum, squares, count] = [0, 0, 0];
  for (let i = 0; i <= 12; i++) {
    const value = (lags[i] as number) - (lags[0] as number);
    if (Number.isNaN(value)) continue;
    sum += value;
    squares += value * value;
    count++;
  }
  return Math.sqrt(Math.max(squares / count - (sum / count) ** 2, 0));
}

/** Of a typical sensor of five minutes, mg/dL squared: a step by itself, by those 5, 10 and 15 minutes before it; a slope by itself and by what came after it; that by itself. */
const TYPICAL = [20, 12, 9, 6, 140, 160, 500] as const;

/** Products of steps, which say how smooth a sensor is and how far a slope goes on; a day's worth, fading. */
function createOwnHabits() {
  const sums = Float64Array.from(TYPICAL, (value) => PRIOR * value);
  const products = new Float64Array(TYPICAL.length);
  const told = new Float64Array(6);
  let weight = PRIOR;
  return {
    learn(lags: Float64Array, sinceMs: number): void {
      const step = (i: number) => (lags[i] as number) - (lags[i + 1] as number);
      const slope = (lags[6] as number) - (lags[9] as number);
      const after = (lags[0] as number) - (lags[6] as number);
      const now = step(0);
      products[0] = now * now;
      products[1] = now * step(1);
      products[2] = now * step(2);
      products[3] = now * step(3);
      products[4] = slope * slope;
      products[5] = slope * after;
      products[6] = after * after;
      // What is not whole is left out whole: the sums are of the same readings.
      if (Number.isNaN(products[3] + products[5])) return;
      const kept = 0.5 ** (sinceMs / HALF_LIFE_MS);
      weight = weight * kept + 1;
      for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) * kept + (products[i] as number);
    },
    /** In the order of the last features. */
    told(): Float64Array {
      const of = (i: number) => sums[i] as number;
      told[0] = Math.log(of(0) / weight + 0.1);
      told[1] = of(1) / (of(0) + 0.1);
      told[2] = of(2) / (of(0) + 0.1);
      told[3] = of(3) / (of(0) + 0.1);
      told[4] = of(5) / (of(4) + 1);
      told[5] = Math.log(of(6) / weight + 1);
      return told;
    },
  };
}
