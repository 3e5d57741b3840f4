import { RefusedInput } from "@openward/errors";
import { isRecord } from "./body.ts";
import type { ReadingColumn } from "./reading-columns.ts";
import type { DecodedReadings } from "./readings.ts";
import type { Refusals } from "./refusals.ts";
import { isNumericArray, type NumericArray } from "./typed-array.ts";

const MAX_ROWS = 1_000_000;
const MAX_SIGNALS = 1_000;
const MAX_NAME = 100;
const MAX_UNIT = 64;
const MAX_MS = 8.64e15;

/**
 * Readings in columns, the cheapest form for batches: `{"t": [ms], "signals": {key: [value]}, "units": {key: unit}}`,
 * as typed arrays (RFC 8746) or plain ones; "units" may be left out. Every column is as long as "t".
 * What is wrong with single rows is one problem per signal and reason: the index of the first, and how many.
 *
 * @throws RefusedInput BODY_SHAPE, BODY_TOO_LARGE
 */
export function decodeColumns(root: Record<string, unknown>, refusals: Refusals): DecodedReadings {
  const { t, signals, units } = root;
  for (const key in root) {
    if (key !== "t" && key !== "signals" && key !== "units") {
      throw new RefusedInput("BODY_SHAPE", {
        at: key.slice(0, 80),
        expected: 'no other fields than "t", "signals", "units"',
      });
    }
  }
  if (!isColumn(t) || t.length === 0) throw new RefusedInput("BODY_SHAPE", { at: "t", expected: "an array of times" });
  if (!isRecord(signals)) throw new RefusedInput("BODY_SHAPE", { at: "signals", expected: "an object of arrays" });
  if (units !== undefined && !isRecord(units)) {
    throw new RefusedInput("BODY_SHAPE", { at: "units", expected: "an object of UCUM codes" });
  }
  const keys = Object.keys(signals);
  if (keys.length === 0) throw new RefusedInput("BODY_SHAPE", { at: "signals", expected: "at least one signal" });
  if (t.length > MAX_ROWS || keys.length > MAX_SIGNALS) {
    throw new RefusedInput("BODY_TOO_LARGE", { expected: `at most ${MAX_ROWS} rows and ${MAX_SIGNALS} signals` });
  }
  const times = readTimes(t, keys.length, refusals);
  const allItems = Uint32Array.from(t, (_, i) => i);
  const columns: ReadingColumn[] = [];
  for (const unitless of Object.keys(units ?? {})) {
    if (!Object.hasOwn(signals, unitless))
      refusals.add(0, "BODY_SHAPE", `units.${unitless}`, "units of signals that are there", 0);
  }
  for (const signal of keys) {
    const given = signals[signal];
    const unit = units && Object.hasOwn(units, signal) ? units[signal] : null;
    if (signal.length > MAX_NAME) {
      refusals.add(
        0,
        "SIGNAL_UNKNOWN",
        `signals.${signal}`,
        `a signal's key of at most ${MAX_NAME} characters`,
        t.length,
      );
    } else if (!isColumn(given) || given.length !== t.length) {
      refusals.add(0, "BODY_SHAPE", `signals.${signal}`, `an array of ${t.length} numbers, as long as "t"`, t.length);
    } else if (unit !== null && (typeof unit !== "string" || unit.length > MAX_UNIT)) {
      refusals.add(0, "UNIT_UNKNOWN", `units.${signal}`, "a UCUM code", t.length);
    } else {
      const column = readColumn(signal, unit === "" ? null : unit, given, times, allItems, refusals);
      if (column) columns.push(column);
    }
  }
  return { columns, refused: refusals.close() };
}

function isColumn(value: unknown): value is unknown[] | NumericArray {
  return Array.isArray(value) || isNumericArray(value);
}

/** NaN marks a row whose time is bad: it is told here, once, and left out of every column. */
function readTimes(
  t: unknown[] | NumericArray,
  signals: number,
  refusals: Refusals,
): { times: Float64Array; bad: number } {
  const times = new Float64Array(t.length);
  let bad = 0;
  let first = 0;
  for (let i = 0; i < t.length; i++) {
    const time = t[i];
    if (typeof time === "number" && Math.floor(time) === time && time <= MAX_MS && time >= -MAX_MS) {
      times[i] = time;
    } else {
      times[i] = Number.NaN;
      if (bad++ === 0) first = i;
    }
  }
  if (bad > 0) refusals.add(first, "TIME_MALFORMED", "t", "integer milliseconds UTC", bad * signals);
  return { times, bad };
}

function readColumn(
  signal: string,
  unit: string | null,
  given: unknown[] | NumericArray,
  { times, bad }: { times: Float64Array; bad: number },
  allItems: Uint32Array,
  refusals: Refusals,
): ReadingColumn | undefined {
  const length = given.length;
  const values = new Float64Array(length);
  let wrong = 0;
  let first = 0;
  for (let i = 0; i < length; i++) {
    const value = given[i];
    // value - value is 0 for finite numbers only.
    if (typeof value === "number" && value - value === 0) {
      values[i] = value;
    } else {
      values[i] = Number.NaN;
      if (Number.isNaN(times[i])) continue;
      if (wrong++ === 0) first = i;
    }
  }
  if (wrong > 0) refusals.add(first, "VALUE_NOT_A_NUMBER", `signals.${signal}`, "finite numbers", wrong);
  if (wrong === 0 && bad === 0) return { signal, unit, utcOffsetMinutes: null, times, values, items: allItems };
  const kept = allItems.filter((i) => !Number.isNaN(times[i]) && !Number.isNaN(values[i]));
  if (kept.length === 0) return undefined;
  return {
    signal,
    unit,
    utcOffsetMinutes: null,
    times: Float64Array.from(kept, (i) => times[i] ?? Number.NaN),
    values: Float64Array.from(kept, (i) => values[i] ?? Number.NaN),
    items: kept,
  };
}
