import {
  ColumnMemory,
  copyReading,
  emptyColumns,
  type NumericBlock,
  type NumericColumns,
  sliceColumns,
} from "@openward/timeseries";
import type { Blocks, Stored } from "./blocks.ts";
import { HOUR_MS, periodOf } from "./periods.ts";
import { readingsBetween, snapshotOf } from "./read-numeric.ts";
import type { StreamMemory } from "./stream-memory.ts";

/** Readings that are decoded at a time, about: what an answer costs in memory, however long it is. */
const READINGS_AT_A_TIME = 30_000;
const PIECE_READINGS = 8_192;
const PERIODS_MAX = 24;
/** So much is asked for in one go: it comes from the cache, if it was asked before. */
const SHORT_MS = 3 * HOUR_MS;
/** Of columns at one reading a second. */
const SHORT_BYTES = 3 * 3_600 * 29 + 64;
const IDLE_MAX = 4;

export interface ColumnsQuery {
  /** Inclusive. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly isDescending: boolean;
  /** Start behind this reading. */
  readonly after?: { readonly time: number; readonly ordinal: number } | undefined;
  /** A piece is read before the next one is asked for: its memory is used again then. */
  readonly isTransient?: boolean | undefined;
  /** Nothing more is read once it is aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** Memory for short answers that are read piece by piece; nothing stays in what lies here. */
export function createColumnPool() {
  const idle: ColumnMemory[] = [];
  return {
    take: (): ColumnMemory => idle.pop() ?? new ColumnMemory(SHORT_BYTES),
    give(memory: ColumnMemory): void {
      memory.clear();
      if (idle.length < IDLE_MAX) idle.push(memory);
    },
  };
}

export type ColumnPool = ReturnType<typeof createColumnPool>;

/**
 * The readings of one stream in pieces, in order; descending pieces run backwards. Blocks are read as pieces are taken, so
 * the one who takes decides the pace, and little is in memory.
 */
export async function* queryColumns(
  memory: StreamMemory,
  query: ColumnsQuery,
  blocks: Blocks,
  pool: ColumnPool,
): AsyncGenerator<NumericColumns> {
  const lent = query.isTransient && query.to - query.from <= SHORT_MS ? pool.take() : undefined;
  try {
    yield* columnsInto(memory, query, blocks, lent);
  } finally {
    if (lent) pool.give(lent);
  }
}

async function* columnsInto(
  memory: StreamMemory,
  query: ColumnsQuery,
  blocks: Blocks,
  lent: ColumnMemory | undefined,
): AsyncGenerator<NumericColumns> {
  const { after, isDescending, signal } = query;
  const from = after && !isDescending ? Math.max(query.from, after.time) : query.from;
  const to = after && isDescending ? Math.min(query.to, after.time + 1) : query.to;
  if (!(from < to)) return;
  // Taken before blocks are asked: what is sealed and dropped meanwhile is then in the blocks or here, or both.
  const tail = snapshotOf(memory, from, to, lent);
  const split = Math.min(Math.max(from, tail.completeFrom), to);
  const cut = (columns: NumericColumns) => pieces(columns, query);
  if (isDescending) yield* cut(readingsBetween([], tail.columns, split, to));
  const streamId = memory.stream.id;
  if (split - from > 0 && split - from <= SHORT_MS) {
    const rows = await blocks.numericBetween([streamId], periodOf(from, HOUR_MS), Math.ceil(split), lent);
    yield* cut(readingsBetween(rows, tail.columns, from, split));
  } else {
    let low = from;
    let high = split;
    let periods = 1;
    while (low < high) {
      signal?.throwIfAborted();
      const cursor = { streamId, from: isDescending ? periodOf(from, HOUR_MS) : periodOf(low, HOUR_MS), to: high };
      const rows = await blocks.numericNext([cursor], isDescending, periods);
      const starts = [...new Set(rows.map((row) => row.periodStart))];
      const isLast = starts.length < periods;
      const known = rows.filter((row): row is Stored<NumericBlock> => row.content !== undefined);
      const first = isDescending && !isLast ? Math.max(from, Math.min(...starts)) : low;
      const end = !isDescending && !isLast ? Math.min(split, Math.max(...starts) + HOUR_MS) : high;
      const columns = readingsBetween(known, tail.columns, first, end);
      yield* cut(columns);
      if (isDescending) high = isLast ? low : first;
      else low = isLast ? high : end;
      const perPeriod = Math.max(1, columns.times.length / Math.max(1, starts.length));
      periods = Math.min(PERIODS_MAX, Math.max(1, Math.floor(READINGS_AT_A_TIME / perPeriod)));
    }
  }
  if (!isDescending) yield* cut(readingsBetween([], tail.columns, split, to));
}

/** Cut into pieces, turned round where they run backwards, and without what is on an earlier page. */
function* pieces(columns: NumericColumns, { isDescending, after }: ColumnsQuery): Generator<NumericColumns> {
  const ordered = isDescending ? reversed(columns) : columns;
  const { times, ordinals } = ordered;
  let first = 0;
  if (after) {
    const isBefore = (i: number) => {
      const [time, ordinal] = [times[i] as number, ordinals[i] as number];
      if (time !== after.time) return isDescending ? time > after.time : time < after.time;
      return isDescending ? ordinal >= after.ordinal : ordinal <= after.ordinal;
    };
    while (first < times.length && isBefore(first)) first++;
  }
  for (; first < times.length; first += PIECE_READINGS) {
    yield sliceColumns(ordered, first, Math.min(first + PIECE_READINGS, times.length));
  }
}

function reversed(columns: NumericColumns): NumericColumns {
  const count = columns.times.length;
  const turned = emptyColumns(count);
  for (let i = 0; i < count; i++) copyReading(columns, count - 1 - i, turned, i);
  return turned;
}
