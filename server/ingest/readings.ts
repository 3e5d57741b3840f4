import { isReceivers, type ReadingColumn } from "@openward/codecs";
import type { RefusalCode } from "@openward/errors";
import type { Readings } from "@openward/model";
import { type Definition, isPlausible, plausibleRange } from "./definitions.ts";
import type { TimedColumn } from "./retime.ts";
import { MAX_STREAMS, type Streams } from "./streams.ts";
import {
  CLOCK_EXPECTED,
  covers,
  enter,
  FROM_SERVER,
  isElsewhere,
  PLACE_EXPECTED,
  type Place,
  type Span,
  sight,
  TIME_EXPECTED,
  timeFault,
  type Work,
} from "./work.ts";

/** Places a column of readings: on whom, in which stream, or in quarantine with the reason. */
export function placeReadings(
  work: Work,
  column: ReadingColumn | TimedColumn,
  definition: Definition,
  streams: Streams,
): void {
  // What was corrected is no longer what the device said, as little as a time that the gateway or the server gave.
  const isDevices =
    !isReceivers(work.quality | (column.quality ?? 0)) && !("isCorrected" in column && column.isCorrected);
  if (!work.isWanted && placeWhole(work, column, definition, streams, isDevices)) return;
  placeOneByOne(work, column, definition, streams, isDevices);
}

/** The usual case: everything in the column is good and belongs to one association. */
function placeWhole(
  work: Work,
  column: ReadingColumn,
  definition: Definition,
  streams: Streams,
  isDevices: boolean,
): boolean {
  const { times, values } = column;
  const n = values.length;
  if (n === 0 || !areAllPlausible(definition, values)) return false;
  const { earliest, latest, newest, hasMissing } = spanOf(work, times);
  if (isDevices && !work.retiming) sight(work, newest);
  if (timeFault(work, earliest) || timeFault(work, latest)) return false;
  const place = work.placeAt(latest);
  if (!place || !covers(place, earliest)) return false;
  const bits = work.quality | (column.quality ?? 0);
  const clockOffsetMs = isDevices ? work.clockOffsetMs : 0;
  if (clockOffsetMs !== 0 && !(covers(place, earliest - clockOffsetMs) && covers(place, latest - clockOffsetMs))) {
    return false;
  }
  if (isDevices && newest > (Number.isNaN(work.newest) ? Number.NEGATIVE_INFINITY : work.newest)) work.newest = newest;
  if (!hasMissing && bits === 0) {
    const own = n === 1 ? instant(work, latest) : asFloat64(times);
    return put(work, column, definition, streams, place, own, asFloat64(values), good(n));
  }
  const quality = new Uint8Array(n).fill(bits);
  let own = asFloat64(times);
  if (hasMissing) {
    own = Float64Array.from(own, (time, i) => {
      if (!Number.isNaN(time)) return time;
      quality[i] = bits | FROM_SERVER;
      return work.stamp();
    });
  }
  return put(work, column, definition, streams, place, own, asFloat64(values), quality);
}

/** A conversion is a straight line: when the ends of what was sent are plausible, so is all between them. */
function areAllPlausible(definition: Definition, values: ArrayLike<number>): boolean {
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value < least) least = value;
    if (value > greatest) greatest = value;
    // biome-ignore lint/suspicious/noSelfCompare: the cheapest test for NaN
    if (value !== value) return false;
  }
  return isPlausible(definition, least) && isPlausible(definition, greatest);
}

/** From when to when; the signals of one batch share their times, which are looked through once. */
function spanOf(work: Work, times: ReadingColumn["times"]): Span {
  if (work.span?.times === times) return work.span;
  let earliest = Number.POSITIVE_INFINITY;
  let latest = Number.NEGATIVE_INFINITY;
  let newest = Number.NEGATIVE_INFINITY;
  let hasMissing = false;
  for (let i = 0; i < times.length; i++) {
    let time = times[i] as number;
    // biome-ignore lint/suspicious/noSelfCompare: the cheapest test for NaN
    if (time !== time) {
      hasMissing = true;
      time = work.stamp();
    } else if (time > newest) newest = time;
    if (time < earliest) earliest = time;
    if (time > latest) latest = time;
  }
  work.span = { times, earliest, latest, newest, hasMissing };
  return work.span;
}

let allGood = new Uint8Array(1024);

/** The quality of good readings. They are never changed by who gets them, so one array will do for all. */
function good(length: number): Uint8Array {
  if (allGood.length < length) allGood = new Uint8Array(length * 2);
  return length === 1 ? GOOD : allGood.subarray(0, length);
}

const GOOD = new Uint8Array(1);

/** The signals of one item share its time. */
function instant(work: Work, time: number): Float64Array {
  if (work.instant?.[0] !== time) work.instant = Float64Array.of(time);
  return work.instant;
}

function put(
  work: Work,
  column: ReadingColumn,
  definition: Definition,
  streams: Streams,
  place: Place,
  times: Float64Array,
  values: Float64Array,
  quality: Uint8Array,
): boolean {
  const { organisationId, deviceId, receivedAt } = work;
  const { signal, unit } = definition;
  const slot = streams.slot(work.device, organisationId, deviceId, place.patientId, signal.key, unit, "numeric");
  if (!slot) return false;
  enter(work, slot);
  const readings: Readings = {
    stream: slot.stream,
    associationId: place.id,
    times,
    values,
    quality,
    utcOffsetMinutes: column.utcOffsetMinutes,
    receivedAt,
  };
  work.entries.push({ kind: "readings", readings });
  work.accepted += values.length;
  return true;
}

const FAULTS = [
  undefined,
  "VALUE_IMPLAUSIBLE",
  "TIME_IN_FUTURE",
  "TIME_IMPOSSIBLE",
  "NO_ASSOCIATION",
  "ASSOCIATION_AMBIGUOUS",
  "VALUE_NOT_A_NUMBER",
  "STREAM_LIMIT",
] as const satisfies readonly (RefusalCode | undefined)[];
type Fault = NonNullable<(typeof FAULTS)[number]>;
const SKIPPED = 255;

/** Something in the column is not good, or it spans a change of patient. */
function placeOneByOne(
  work: Work,
  column: ReadingColumn,
  definition: Definition,
  streams: Streams,
  isDevices: boolean,
): void {
  const { times, values, items } = column;
  const n = values.length;
  const verdicts = new Uint8Array(n);
  const placed = new Float64Array(n);
  const bits = work.quality | (column.quality ?? 0);
  const quality = new Uint8Array(n).fill(bits);
  const groups = new Map<string, { place: Place; rows: number[] }>();
  const field = fieldOf(column);
  let group: { place: Place; rows: number[] } | undefined;
  for (let i = 0; i < n; i++) {
    if (work.isWanted && !work.isWanted(items[i] as number, field)) {
      verdicts[i] = SKIPPED;
      continue;
    }
    const value = values[i] as number;
    let time = times[i] as number;
    if (isDevices && !work.retiming) sight(work, time);
    if (!Number.isFinite(value)) {
      verdicts[i] = FAULTS.indexOf("VALUE_NOT_A_NUMBER");
      continue;
    }
    if (!isPlausible(definition, value)) {
      verdicts[i] = FAULTS.indexOf("VALUE_IMPLAUSIBLE");
      continue;
    }
    if (Number.isNaN(time)) {
      time = work.stamp();
      quality[i] = bits | FROM_SERVER;
    } else {
      const said = time;
      if (work.shiftMs !== undefined && (work.shiftsAll || timeFault(work, said))) {
        time += work.shiftMs;
        quality[i] = bits | FROM_SERVER;
      }
      const fault = timeFault(work, time);
      if (fault) {
        verdicts[i] = FAULTS.indexOf(fault);
        continue;
      }
      if (isDevices && time === said && !(time <= work.newest)) work.newest = time;
    }
    if (!group || !covers(group.place, time)) {
      const place = work.placeAt(time);
      if (!place) {
        verdicts[i] = FAULTS.indexOf("NO_ASSOCIATION");
        continue;
      }
      group = groups.get(place.id) ?? { place, rows: [] };
      groups.set(place.id, group);
    }
    const isOwnTime = isDevices && time === times[i];
    if (isOwnTime && work.clockOffsetMs !== 0 && isElsewhere(work, group.place, time - work.clockOffsetMs)) {
      verdicts[i] = FAULTS.indexOf("ASSOCIATION_AMBIGUOUS");
      continue;
    }
    placed[i] = time;
    group.rows.push(i);
  }
  for (const { place, rows } of groups.values()) {
    const isPut = put(
      work,
      column,
      definition,
      streams,
      place,
      Float64Array.from(rows, (i) => placed[i] as number),
      Float64Array.from(rows, (i) => values[i] as number),
      Uint8Array.from(rows, (i) => quality[i] as number),
    );
    if (!isPut) for (const i of rows) verdicts[i] = FAULTS.indexOf("STREAM_LIMIT");
  }
  tellRuns(work, verdicts, items, field, definition);
}

/** Rows in a row with the same fault are one problem. */
function tellRuns(
  work: Work,
  verdicts: Uint8Array,
  items: ArrayLike<number>,
  field: string,
  definition: Definition,
): void {
  let start = 0;
  for (let i = 1; i <= verdicts.length; i++) {
    if (i < verdicts.length && verdicts[i] === verdicts[start]) continue;
    const fault = FAULTS[verdicts[start] as number];
    if (fault) {
      const about = fault.startsWith("TIME_") || fault.includes("ASSOCIATION") ? "at" : field;
      const expected = expectedOf(fault, definition);
      work.problems.add(fault, about, items[start] as number, items[i - 1] as number, i - start, expected);
    }
    start = i;
  }
}

function expectedOf(fault: Fault, definition: Definition): string {
  switch (fault) {
    case "TIME_IN_FUTURE":
    case "TIME_IMPOSSIBLE":
      return TIME_EXPECTED[fault];
    case "NO_ASSOCIATION":
      return PLACE_EXPECTED;
    case "ASSOCIATION_AMBIGUOUS":
      return CLOCK_EXPECTED;
    case "VALUE_IMPLAUSIBLE":
      return plausibleRange(definition);
    case "VALUE_NOT_A_NUMBER":
      return "a finite number";
    case "STREAM_LIMIT":
      return `at most ${MAX_STREAMS} signals and units`;
  }
}

/** The field as the sender would name it. */
export function fieldOf(column: { readonly signal: string }): string {
  return `values.${column.signal.slice(0, 80)}`;
}

function asFloat64(values: ArrayLike<number>): Float64Array {
  return values instanceof Float64Array ? values : new Float64Array(values);
}
