import {
  type ColumnMemory,
  emptyColumns,
  lowerBound,
  mergeColumns,
  type NumericBlock,
  type NumericColumns,
  sliceColumns,
} from "@openward/timeseries";
import type { Stored } from "./blocks.ts";
import type { StreamMemory } from "./stream-memory.ts";

/**
 * What memory had of a stream when a question was asked. Blocks that are read later may hold some of it as well, and
 * newer readings: merging takes each reading once.
 */
export interface TailSnapshot {
  readonly memory: StreamMemory;
  /** From here on `columns` has everything. */
  readonly completeFrom: number;
  readonly columns: NumericColumns;
  readonly isUnsealed: (period: number) => boolean;
}

export function snapshotOf(memory: StreamMemory, from: number, to: number, into?: ColumnMemory): TailSnapshot {
  const periods = new Set([...memory.unsealed.keys(), ...memory.sealing.keys()]);
  return {
    memory,
    completeFrom: memory.tail.completeFrom,
    columns: memory.numeric?.slice(from, to, into).columns ?? emptyColumns(),
    isUnsealed: (period) => periods.has(period),
  };
}

/** Readings of [from, to) of what was decoded and what memory had. */
export function readingsBetween(
  blocks: readonly Stored<NumericBlock>[],
  tail: NumericColumns,
  from: number,
  to: number,
): NumericColumns {
  return mergeColumns(joinBlocks(blocks, from, to), between(tail, from, to));
}

export function between(columns: NumericColumns, from: number, to: number): NumericColumns {
  const first = lowerBound(columns.times, from, 0, columns.times.length);
  const end = lowerBound(columns.times, to, first, columns.times.length);
  return sliceColumns(columns, first, end);
}

/** Blocks of one stream, oldest first, as one. */
function joinBlocks(blocks: readonly Stored<NumericBlock>[], from: number, to: number): NumericColumns {
  const periods: { period: number; columns: NumericColumns }[] = [];
  for (const { periodStart, content } of blocks) {
    const columns = between(content.columns, from, to);
    const last = periods.at(-1);
    // Two associations in one period: their readings lie beside one another.
    if (last?.period === periodStart) last.columns = mergeColumns(last.columns, columns);
    else periods.push({ period: periodStart, columns });
  }
  if (periods.length === 1) return (periods[0] as { columns: NumericColumns }).columns;
  const joined = emptyColumns(periods.reduce((sum, each) => sum + each.columns.times.length, 0));
  let at = 0;
  for (const { columns } of periods) {
    joined.times.set(columns.times, at);
    joined.values.set(columns.values, at);
    joined.quality.set(columns.quality, at);
    joined.ordinals.set(columns.ordinals, at);
    joined.receivedAt.set(columns.receivedAt, at);
    joined.utcOffsets.set(columns.utcOffsets, at);
    at += columns.times.length;
  }
  return joined;
}
