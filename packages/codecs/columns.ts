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
/** Shorter columns fit in the engine's own heap, each for itself. */
const SMALL = 8;

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
  const isRight = (given: unknown) => isColumn(given) && given.length === t.length;
  const doubles = doublesOf(t.length, [t, ...Object.values(signals).filter(isRight)]);
  const times = readTimes(doubles(t), keys.length, refusals);
  const allItems = ascending(t.length);
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
      const column = readColumn(signal, unit === "" ? null : unit, doubles(given), times, allItems, refusals);
      if (column) columns.push(column);
    }
  }
  return { columns, refused: refusals.close() };
}

function isColumn(value: unknown): value is unknown[] | NumericArray {
  return Array.isArray(value) || isNumericArray(value);
}

let counted = new Uint32Array(0);

/** 0, 1, 2, ... as a view of one array that all bodies share: which item a value is of never changes. */
function ascending(length: number): Uint32Array {
  if (counted.length < length) counted = new Uint32Array(length * 2).map((_, i) => i);
  return counted.subarray(0, length);
}

/** NaN marks a row whose time is bad: it is told here, once, and left out of every column. */
function readTimes(times: Float64Array, signals: number, refusals: Refusals): { times: Float64Array; bad: number } {
  let bad = 0;
  let first = 0;
  for (let i = 0; i < times.length; i++) {
    const time = times[i] as number;
    if (Math.floor(time) === time && time <= MAX_MS && time >= -MAX_MS) continue;
    times[i] = Number.NaN;
    if (bad++ === 0) first = i;
  }
  if (bad > 0) refusals.add(first, "TIME_MALFORMED", "t", "integer milliseconds UTC", bad * signals);
  return { times, bad };
}

/**
 * Columns as doubles that are ours to change: a typed array is copied out of the body already. NaN for what is no
 * number. Each loop over these sees one kind of array, which is what makes it fast; and one allocation serves them all.
 *
 * @param columns what will be asked for, each once: what is declared but not there takes no memory
 */
function doublesOf(length: number, columns: readonly unknown[]): (given: unknown[] | NumericArray) => Float64Array {
  const isSmall = length < SMALL;
  const count = columns.filter((column) => !(column instanceof Float64Array)).length;
  const store = isSmall ? undefined : new Float64Array(length * count);
  let used = 0;
  return (given) => {
    if (given instanceof Float64Array) return given;
    const out = store?.subarray(used, used + length) ?? new Float64Array(length);
    used += length;
    if (Array.isArray(given)) {
      for (let i = 0; i < length; i++) out[i] = typeof given[i] === "number" ? (given[i] as number) : Number.NaN;
    } else out.set(given);
    return out;
  };
}

function readColumn(
  signal: string,
  unit: string | null,
  values: Float64Array,
  { times, bad }: { times: Float64Array; bad: number },
  allItems: Uint32Array,
  refusals: Refusals,
): ReadingColumn | undefined {
  let wrong = 0;
  let first = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    // value - value is 0 for finite numbers only.
    if (value - value === 0) continue;
    values[i] = Number.NaN;
    if (Number.isNaN(times[i])) continue;
    if (wrong++ === 0) first = i;
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
