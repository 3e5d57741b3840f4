import { NO_UTC_OFFSET, type NumericBlock, type NumericColumns } from "@openward/timeseries";
import type { Blocks, Stored } from "./blocks.ts";
import { HOUR_MS, periodOf } from "./periods.ts";
import type { Reading, ReadingKey } from "./ports.ts";
import { readingsBetween, snapshotOf, type TailSnapshot } from "./read-numeric.ts";
import type { StreamMemory } from "./stream-memory.ts";

/** How many hours of each stream are fetched at a time. */
const PERIODS_PER_ROUND = 4;

export interface PageQuery {
  readonly from: number;
  readonly to: number;
  readonly isDescending: boolean;
  readonly limit: number;
  readonly after: ReadingKey | undefined;
}

/** The next page of the readings of some streams of one patient, in the order of (time, stream, ordinal), or its reverse. */
export async function queryReadings(
  streams: readonly StreamMemory[],
  query: PageQuery,
  blocks: Blocks,
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
  blocks: Blocks,
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
  while (low < high && page.length < limit) {
    const open = cursors.filter((cursor) => !cursor.isExhausted);
    const asked = open.map((cursor) => ({ streamId: cursor.tail.memory.stream.id, from: cursor.from, to: cursor.to }));
    const found = Map.groupBy(
      await blocks.numericNext(asked, isDescending, PERIODS_PER_ROUND),
      (block) => block.streamId,
    );
    for (const cursor of open) {
      const rows = found.get(cursor.tail.memory.stream.id) ?? [];
      const periods = new Set(rows.map((row) => row.periodStart));
      const more = rows.filter((row): row is Stored<NumericBlock> => row.content !== undefined);
      cursor.isExhausted = periods.size < PERIODS_PER_ROUND;
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
  }
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
  const wanted = query.limit - page.length;
  const found: Reading[] = [];
  for (const tail of tails) {
    const { stream } = tail.memory;
    const columns = readingsBetween(blocksOf(tail), tail.columns, from, to);
    const count = columns.times.length;
    let taken = 0;
    // Of one stream no more can be on the page than the page holds.
    for (let n = 0; n < count && taken < wanted; n++) {
      const i = query.isDescending ? count - 1 - n : n;
      if (
        query.after &&
        !isBehind(columns.times[i] as number, stream.id, columns.ordinals[i] as number, query.after, query.isDescending)
      )
        continue;
      found.push(readingAt(tail.memory, columns, i));
      taken++;
    }
  }
  found.sort((a, b) => compareKeys(a.time, a.stream.id, a.ordinal, b.time, b.stream.id, b.ordinal));
  if (query.isDescending) found.reverse();
  for (const reading of found.slice(0, wanted)) page.push(reading);
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
