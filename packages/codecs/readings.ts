import { RefusedInput } from "@openward/errors";
import { isRecord, parseBody } from "./body.ts";
import { decodeColumns } from "./columns.ts";
import { Columns, OneItem, type ReadingColumn, type ValueSink } from "./reading-columns.ts";
import { createRefusals, type ItemProblem, type Refusals } from "./refusals.ts";
import { decodeSenml, isSenml } from "./senml.ts";
import { parseOffset, parseTime } from "./time.ts";

export const MAX_ITEMS = 100_000;
export const MAX_VALUES = 1_000;
const MAX_NAME = 100;
const MAX_UNIT = 64;
const TIME_EXPECTED = "integer milliseconds UTC, or RFC 3339 with Z or an offset";

export interface DecodedReadings {
  readonly columns: readonly ReadingColumn[];
  readonly refused: readonly ItemProblem[];
}

/**
 * `devices/{device}/readings`: one item or an array of items, columns, or SenML (RFC 8428), in JSON or CBOR.
 *
 *     {"at": "2026-11-22T06:00:00.000Z", "values": {"heart-rate": 72, "spo2": {"value": 97, "unit": "%"}}}
 *     {"t": [..], "signals": {"heart-rate": [..]}, "units": {"heart-rate": "/min"}}
 *
 * A field that is not known is refused, not skipped: "time" in place of "at" would make an old reading a new one.
 *
 * @param format "json", "senml+json" or "cbor"
 * @throws RefusedInput MALFORMED_JSON, MALFORMED_CBOR, BODY_SHAPE, BODY_TOO_LARGE
 */
export function decodeReadings(body: Uint8Array, format: string): DecodedReadings {
  return readReadings(parseBody(body, format));
}

/** The same from a tree that is parsed already. */
export function readReadings(root: unknown): DecodedReadings {
  const refusals = createRefusals();
  if (Array.isArray(root)) {
    if (root.length > MAX_ITEMS) throw new RefusedInput("BODY_TOO_LARGE", { expected: `at most ${MAX_ITEMS} items` });
    if (isSenml(root)) return decodeSenml(root, refusals);
    if (root.length === 0) throw new RefusedInput("BODY_SHAPE", { expected: "at least one item" });
    const columns = new Columns();
    for (let i = 0; i < root.length; i++) readItem(root[i], i, columns, refusals);
    return { columns: columns.list, refused: refusals.close() };
  }
  if (!isRecord(root)) throw new RefusedInput("BODY_SHAPE", { expected: "an object, or an array of objects" });
  if (Object.hasOwn(root, "signals")) return decodeColumns(root, refusals);
  const columns = new OneItem();
  readItem(root, 0, columns, refusals);
  return { columns: columns.list, refused: refusals.close() };
}

function readItem(item: unknown, index: number, columns: ValueSink, refusals: Refusals): void {
  if (!isRecord(item)) {
    refusals.add(index, "BODY_SHAPE", "", 'an object with "at" and "values"');
    return;
  }
  let values: unknown;
  let at: unknown;
  let stranger: string | undefined;
  for (const key in item) {
    if (key === "values") values = item[key];
    else if (key === "at") at = item[key];
    else stranger ??= key;
  }
  if (!isRecord(values)) {
    refusals.add(index, "BODY_SHAPE", "values", "an object of signals and their values");
    return;
  }
  if (stranger !== undefined) {
    refusals.add(index, "BODY_SHAPE", stranger, 'no other fields than "at" and "values"', countOf(values));
    return;
  }
  let time = Number.NaN;
  let offset: number | null = null;
  if (at !== undefined) {
    time = parseTime(at);
    // biome-ignore lint/suspicious/noSelfCompare: the cheapest test for NaN
    if (time !== time) {
      refusals.add(index, "TIME_MALFORMED", "at", TIME_EXPECTED, countOf(values));
      return;
    }
    if (typeof at === "string") offset = parseOffset(at);
  }
  let position = 0;
  for (const signal in values) {
    if (position >= MAX_VALUES) {
      const more = countOf(values) - MAX_VALUES;
      refusals.add(index, "BODY_TOO_LARGE", "values", `at most ${MAX_VALUES} values in an item`, more);
      return;
    }
    readValue(signal, values[signal], offset, time, index, position++, columns, refusals);
  }
  if (position === 0) refusals.add(index, "BODY_SHAPE", "values", "at least one signal");
}

function readValue(
  signal: string,
  given: unknown,
  offset: number | null,
  time: number,
  index: number,
  position: number,
  columns: ValueSink,
  refusals: Refusals,
): void {
  if (signal.length > MAX_NAME) {
    refusals.add(index, "SIGNAL_UNKNOWN", `values.${signal}`, `a signal's key of at most ${MAX_NAME} characters`);
    return;
  }
  if (typeof given === "number" && Number.isFinite(given)) {
    columns.add(position, signal, null, offset, time, given, index);
    return;
  }
  if (!isRecord(given)) {
    refusals.add(index, "VALUE_NOT_A_NUMBER", `values.${signal}`, 'a finite number, or {"value", "unit"}');
    return;
  }
  const { value, unit = null } = given;
  for (const key in given) {
    if (key !== "value" && key !== "unit") {
      refusals.add(index, "BODY_SHAPE", `values.${signal}.${key}`, 'no other fields than "value" and "unit"');
      return;
    }
  }
  if (typeof value !== "number" || !Number.isFinite(value)) {
    refusals.add(index, "VALUE_NOT_A_NUMBER", `values.${signal}.value`, "a finite number");
    return;
  }
  if (unit !== null && (typeof unit !== "string" || unit.length > MAX_UNIT)) {
    refusals.add(index, "UNIT_UNKNOWN", `values.${signal}.unit`, "a UCUM code");
    return;
  }
  columns.add(position, signal, unit === "" ? null : unit, offset, time, value, index);
}

/** How many readings an item would have been; an empty one counts as one, so that no problem weighs nothing. */
function countOf(values: Record<string, unknown>): number {
  return Math.max(1, Object.keys(values).length);
}
