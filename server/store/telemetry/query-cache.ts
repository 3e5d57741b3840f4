import type { NumericBlock } from "@openward/timeseries";
import type { Blocks, Stored } from "./blocks.ts";
import { HOUR_MS, periodOf } from "./periods.ts";
import type { StreamMemory } from "./stream-memory.ts";

/** Longer spans are read once and gone; what people look at again and again is the last hours. */
const SPAN_MS_MAX = 6 * HOUR_MS;
/** Other processes (erasure, a restore) write blocks too, and tell nobody here. */
const AGE_MS_MAX = 10_000;
const BYTES_PER_READING = 29;
const ENTRY_BYTES = 300;

interface Entry {
  readonly streamId: string;
  readonly rows: readonly Stored<NumericBlock>[];
  readonly sealings: number;
  /** Monotonic. */
  readonly readAt: number;
  readonly bytes: number;
}

interface CacheOptions {
  readonly streams: ReadonlyMap<string, Pick<StreamMemory, "sealing" | "sealings">>;
  /** ms */
  readonly monotonic: () => number;
  readonly bytesMax: number;
}

/**
 * Decoded blocks of the last hours, kept for a few seconds: a screen asks for the same hour again and again. An answer
 * is kept only if no sealing of its stream ran while it was read, and forgotten when the next one begins.
 */
export function cacheBlocks(blocks: Blocks, { streams, monotonic, bytesMax }: CacheOptions): Blocks {
  const entries = new Map<string, Entry>();
  let bytes = 0;

  const drop = (key: string, entry: Entry) => {
    entries.delete(key);
    bytes -= entry.bytes;
  };
  const fresh = (key: string, now: number): Entry | undefined => {
    const entry = entries.get(key);
    if (!entry) return undefined;
    const isCurrent = streams.get(entry.streamId)?.sealings === entry.sealings && now - entry.readAt < AGE_MS_MAX;
    if (!isCurrent) drop(key, entry);
    return isCurrent ? entry : undefined;
  };
  const keep = (key: string, entry: Entry) => {
    const before = entries.get(key);
    if (before) drop(key, before);
    entries.set(key, entry);
    bytes += entry.bytes;
    for (const [oldest, old] of entries) {
      if (bytes <= bytesMax) break;
      drop(oldest, old);
    }
  };

  async function numericBetween(
    streamIds: readonly string[],
    from: number,
    to: number,
  ): Promise<Stored<NumericBlock>[]> {
    // Whole hours, so that a window that moves with the clock asks for the same.
    const first = periodOf(from, HOUR_MS);
    const end = Math.ceil(to / HOUR_MS) * HOUR_MS;
    if (end - first > SPAN_MS_MAX || first !== from) return blocks.numericBetween(streamIds, from, to);
    const now = monotonic();
    const keyOf = (streamId: string) => `${streamId} ${first} ${end}`;
    const found = new Map<string, readonly Stored<NumericBlock>[]>();
    const missing: { streamId: string; sealings: number | undefined }[] = [];
    for (const streamId of streamIds) {
      const entry = fresh(keyOf(streamId), now);
      if (entry) found.set(streamId, entry.rows);
      else {
        const memory = streams.get(streamId);
        missing.push({ streamId, sealings: memory?.sealing.size === 0 ? memory.sealings : undefined });
      }
    }
    if (missing.length > 0) {
      const ids = missing.map((each) => each.streamId);
      const read = Map.groupBy(await blocks.numericBetween(ids, first, end), (row) => row.streamId);
      for (const { streamId, sealings } of missing) {
        const rows = read.get(streamId) ?? [];
        found.set(streamId, rows);
        if (sealings === undefined || streams.get(streamId)?.sealings !== sealings) continue;
        const readings = rows.reduce((sum, row) => sum + row.content.columns.times.length, 0);
        const size = readings * BYTES_PER_READING + ENTRY_BYTES;
        // One dense stream does not push out everybody else's.
        if (size < bytesMax / 8) keep(keyOf(streamId), { streamId, rows, sealings, readAt: now, bytes: size });
      }
    }
    return streamIds.flatMap((streamId) => found.get(streamId) ?? []).filter((row) => row.periodStart < to);
  }

  return {
    ...blocks,
    get damaged() {
      return blocks.damaged;
    },
    numericBetween,
  };
}
