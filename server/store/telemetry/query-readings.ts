import { NO_UTC_OFFSET, type NumericBlock, type NumericColumns } from "@openward/timeseries";
import type { Blocks, Stored } from "./blocks.ts";
import type { NumericCache } from "./numeric-cache.ts";
import { HOUR_MS, periodOf } from "./periods.ts";
import type { Reading, ReadingKey } from "./ports.ts";
import { readingsBetween, snapshotOf, type TailSnapshot } from "./read-numeric.ts";
import type { StreamMemory } from "./stream-memory.ts";

/** How many hours of each stream are fetched at a time: one, which is a page of what is dense, and then more and more. */
const PERIODS_MAX = 16;

export interface PageQuery {
  readonly from: number;
  readonly to: number;
  readonly isDescending: boolean;
  readonly limit: number;
  readonly after: ReadingKey | undefined;
}

/** What is read of blocks: the next hours, and one by its name. */
export type ReadingBlocks = Pick<Blocks, "numericNext"> & Pick<NumericCache, "hour">;

/** The next page of the readings of some streams of one patient, in the order of (time, stream, ordinal), or its reverse. */
export async function queryReadings(
  streams: readonly StreamMemory[],
  query: PageQuery,
  blocks: ReadingBlocks,
): Promise<Reading[]> {
  const { isDescending, after } = query;
  // Everything before the key's time is on an earlier page.
  const from = after && !isDescending ? Math.max(query.from, after.time) : query.from;
  const to = after && isDescending ? Math.min(query.to, after.time + 1) : query.to;
  if (!(from < to) || query.limit < 1 || streams.length === 0) return [];
  const page: Reading[] = [];
  const tails = streams.map((stream) => snapshotOf(stream, from, to));
  const split = Math.min(Math.max(from, ...tails.map((tail) => tail.completeFrom)), to);
  const fromMemory = () => collect(page, tails, split, to, query, () => []);
  if (isDescending) fromMemory();
  if (page.length < query.limit && from < split) await fromBlocks(page, tails, from, split, query, blocks);
  if (!isDescending && page.length < query.limit) fromMemory();
  return page;
}

/** Rounds of some hours each; what lies beyond the hours of any stream waits until they are all there. */
async function fromBlocks(
  page: Reading[],
  tails: readonly TailSnapshot[],
  from: number,
  to: number,
  query: PageQuery,
  blocks: ReadingBlocks,
): Promise<void> {
  const { isDescending, limit } = query;
  const cursors = tails.map((tail) => ({
    tail,
    from: periodOf(from, HOUR_MS),
    to,
    isExhausted: false,
    fetched: [] as Stored<NumericBlock>[],
  }));
  let low = from;
  let high = to;
  let hours = 1;
  while (low < high && page.length < limit) {
    const open = cursors.filter((cursor) => !cursor.isExhausted);
    const known = isDescending && hours === 1 ? await newestHours(open, blocks) : [];
    const asked = open
      .filter((_, i) => !known[i])
      .map((cursor) => ({ streamId: cursor.tail.memory.stream.id, from: cursor.from, to: cursor.to }));
    const next = await blocks.numericNext(asked, isDescending, hours);
    const found = Map.groupBy([...known.flatMap((each) => each ?? []), ...next], (block) => block.streamId);
    for (const cursor of open) {
      const rows = found.get(cursor.tail.memory.stream.id) ?? [];
      const periods = new Set(rows.map((row) => row.periodStart));
      const more = rows.filter((row): row is Stored<NumericBlock> => row.content !== undefined);
      cursor.isExhausted = periods.size < hours;
      cursor.fetched = isDescending ? [...more, ...cursor.fetched] : [...cursor.fetched, ...more];
      if (isDescending) cursor.to = Math.min(...periods);
      else cursor.from = Math.max(...periods) + HOUR_MS;
    }
    const waiting = cursors.filter((cursor) => !cursor.isExhausted);
    const blocksOf = (tail: TailSnapshot) => cursors.find((cursor) => cursor.tail === tail)?.fetched ?? [];
    if (isDescending) {
      const edge = Math.max(from, ...waiting.map((cursor) => cursor.to));
      collect(page, tails, edge, high, query, blocksOf);
      high = edge;
    } else {
      const edge = Math.min(to, ...waiting.map((cursor) => cursor.from));
      collect(page, tails, low, edge, query, blocksOf);
      low = edge;
    }
    for (const cursor of cursors) {
      cursor.fetched = cursor.fetched.filter(({ periodStart }) =>
        isDescending ? periodStart < high : periodStart + HOUR_MS > low,
      );
    }
    hours = Math.min(2 * hours, PERIODS_MAX);
  }
}

/**
 * Of each stream the hour of its newest reading, where that is the next: memory knows when that was, and what was asked for lately
 * is there without a round trip to the database.
 */
function newestHours(
  cursors: readonly { readonly tail: TailSnapshot; readonly from: number; readonly to: number }[],
  blocks: ReadingBlocks,
): Promise<readonly (readonly Stored<NumericBlock>[] | undefined)[]> {
  return Promise.all(
    cursors.map(async ({ tail: { memory }, from, to }) => {
      const newest = memory.tail.newestTime;
      const hour = periodOf(newest, HOUR_MS);
      if (!Number.isFinite(newest) || hour < from || hour >= to) return undefined;
      const stored = await blocks.hour(memory.stream.id, hour);
      // Not sealed yet, or gone with its time: the database knows what comes before.
      return stored.length > 0 ? stored : undefined;
    }),
  );
}

/** Add the readings of [from, to) to the page, in order, up to its limit. */
function collect(
  page: Reading[],
  tails: readonly TailSnapshot[],
  from: number,
  to: number,
  query: PageQuery,
  blocksOf: (tail: TailSnapshot) => readonly Stored<NumericBlock>[],
): void {
  const lines = tails.map((tail) => lineOf(tail, readingsBetween(blocksOf(tail), tail.columns, from, to), query));
  const sign = query.isDescending ? -1 : 1;
  // Nothing is made of what stays outside the page: of each stream only the next one is looked at.
  while (page.length < query.limit) {
    let next: Line | undefined;
    for (const line of lines) {
      if (line.left > 0 && (!next || sign * compareLines(line, next) < 0)) next = line;
    }
    if (!next) return;
    page.push(readingAt(next.memory, next.columns, next.at));
    next.at += next.step;
    next.left--;
  }
}

/** What one stream adds, and where in it the next reading is. */
interface Line {
  readonly memory: StreamMemory;
  readonly columns: NumericColumns;
  readonly step: 1 | -1;
  at: number;
  left: number;
}

function lineOf({ memory }: TailSnapshot, columns: NumericColumns, { isDescending, after }: PageQuery): Line {
  const count = columns.times.length;
  const line: Line = { memory, columns, step: isDescending ? -1 : 1, at: isDescending ? count - 1 : 0, left: count };
  const { id } = memory.stream;
  while (after && line.left > 0) {
    const [time, ordinal] = [columns.times[line.at] as number, columns.ordinals[line.at] as number];
    if (isBehind(time, id, ordinal, after, isDescending)) break;
    line.at += line.step;
    line.left--;
  }
  return line;
}

function compareLines(a: Line, b: Line): number {
  return compareKeys(
    a.columns.times[a.at] as number,
    a.memory.stream.id,
    a.columns.ordinals[a.at] as number,
    b.columns.times[b.at] as number,
    b.memory.stream.id,
    b.columns.ordinals[b.at] as number,
  );
}

function isBehind(time: number, streamId: string, ordinal: number, key: ReadingKey, isDescending: boolean): boolean {
  const order = compareKeys(time, streamId, ordinal, key.time, key.streamId, key.ordinal);
  return isDescending ? order < 0 : order > 0;
}

function compareKeys(
  timeA: number,
  streamA: string,
  ordinalA: number,
  timeB: number,
  streamB: string,
  ordinalB: number,
): number {
  if (timeA !== timeB) return timeA - timeB;
  if (streamA !== streamB) return streamA < streamB ? -1 : 1;
  return ordinalA - ordinalB;
}

export function readingAt(memory: StreamMemory, columns: NumericColumns, i: number): Reading {
  const offset = columns.utcOffsets[i] as number;
  return {
    stream: memory.stream,
    time: columns.times[i] as number,
    value: columns.values[i] as number,
    ordinal: columns.ordinals[i] as number,
    quality: columns.quality[i] as number,
    utcOffsetMinutes: offset === NO_UTC_OFFSET ? null : offset,
    receivedAt: columns.receivedAt[i] as number,
  };
}
