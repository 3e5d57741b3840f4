import type { Runtime } from "@openward/runtime";
import { noTurns } from "@openward/runtime/turns";
import { joinRuns, type NumericColumns, type WaveformRun } from "@openward/timeseries";
import type { Pool } from "pg";
import { replayJournal } from "../journal/recovery.ts";
import { postgresJournalRows } from "../journal/rows.ts";
import { createBlockPacking, type DataKeys } from "../keys/index.ts";
import type { ArchivedBlocks } from "../telemetry/archived.ts";
import { createBlocks, type StoreLog } from "../telemetry/blocks.ts";
import { zstd } from "../telemetry/compression.ts";
import { createMemory } from "../telemetry/memory.ts";
import { postgresBlocks } from "../telemetry/postgres-blocks.ts";
import { queryWaveform } from "../telemetry/query-waveform.ts";
import { readingsBetween, snapshotOf } from "../telemetry/read-numeric.ts";
import { loadStreams, prepareReplay } from "../telemetry/replay.ts";
import type { StreamMemory } from "../telemetry/stream-memory.ts";

export const DAY_MS = 86_400_000;

export interface StoreReader {
  readonly streams: readonly StreamMemory[];
  /** Where the stream's readings begin; undefined when there are none. */
  beginning(stream: StreamMemory): Promise<number | undefined>;
  numeric(stream: StreamMemory, from: number, to: number): Promise<NumericColumns>;
  waveform(stream: StreamMemory, from: number, to: number): Promise<WaveformRun[]>;
  /** Blocks and rows of the journal that could not be read. */
  readonly damaged: number;
}

export interface StoreReaderOptions {
  readonly runtime: Runtime;
  readonly worker: Pool;
  readonly archive: ArchivedBlocks;
  /** To read with. */
  readonly keys: DataKeys;
  readonly log: StoreLog;
}

/**
 * Everything that had been acknowledged when this was called, beside a running server or without one: the journal behind
 * the watermark is read into memory of its own, and nothing is written.
 */
export async function openStoreReader({
  runtime,
  worker,
  archive,
  keys,
  log,
}: StoreReaderOptions): Promise<StoreReader> {
  const now = runtime.clock.now();
  const memory = createMemory(() => now, keys.isErased);
  const store = postgresBlocks(worker, archive);
  const journal = postgresJournalRows(worker);
  const blocks = createBlocks(store, createBlockPacking(keys, zstd), log, noTurns);
  await loadStreams(store, memory, now);
  const watermark = await journal.watermark();
  const replay = await prepareReplay(store, memory, watermark, now);
  const { unreadable } = await replayJournal(
    journal,
    { from: watermark, until: Number.POSITIVE_INFINITY },
    replay.visitorAt,
    keys,
    log,
  );
  return {
    streams: [...memory.streams.values()],
    async beginning(stream) {
      const { rows } = await worker.query(
        `SELECT least((SELECT min(period_start) FROM block WHERE stream_id = $1),
           (SELECT min(day_start) FROM day_block WHERE stream_id = $1),
           (SELECT min(period_start) FROM archived_block WHERE stream_id = $1)) AS first`,
        [stream.stream.id],
      );
      const first = (rows[0] as { first: number | null }).first ?? Number.POSITIVE_INFINITY;
      const earliest = Math.min(first, stream.oldestUnsealed());
      return Number.isFinite(earliest) ? earliest : undefined;
    },
    async numeric(stream, from, to) {
      const tail = snapshotOf(stream, from, to);
      const first = Math.floor(from / DAY_MS) * DAY_MS;
      const stored = await blocks.numericBetween([stream.stream.id], first, Math.ceil(to));
      return readingsBetween(stored, tail.columns, from, to);
    },
    async waveform(stream, from, to) {
      return joinRuns(await queryWaveform(stream, from, to, blocks));
    },
    get damaged() {
      return blocks.damaged + unreadable;
    },
  };
}
