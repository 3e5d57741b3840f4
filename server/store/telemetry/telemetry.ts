import type { Delivery, JournalEntry, PatientView, Stream } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import { createTurns, type Turn } from "@openward/runtime/turns";
import { sees } from "@openward/signals/categories";
import { mergeColumns, TailMemory } from "@openward/timeseries";
import { createBlockPacking } from "../keys/block-packing.ts";
import type { DataKeys } from "../keys/ports.ts";
import type { BlockStore } from "./block-store.ts";
import { type Blocks, createBlocks, type StoreLog } from "./blocks.ts";
import { zstd } from "./compression.ts";
import { createDayDistributions, type DistributionRows } from "./day-distributions.ts";
import { cacheFiles } from "./file-cache.ts";
import { createMemory } from "./memory.ts";
import { createMinuteCache } from "./minute-cache.ts";
import { createNumericCache } from "./numeric-cache.ts";
import { HOUR_MS, periodOf } from "./periods.ts";
import type { Reading, Telemetry } from "./ports.ts";
import { createQueries, type StreamQueries } from "./queries.ts";
import { queryReadings, readingAt } from "./query-readings.ts";
import { queryTrend } from "./query-trend.ts";
import { queryOverview, queryWaveform } from "./query-waveform.ts";
import { between } from "./read-numeric.ts";
import { NOTHING_RECENT, type Recent, recentOf } from "./recent.ts";
import { createRecovery } from "./recovery.ts";
import type { TailRoom } from "./relief.ts";
import { loadNewest, loadStreams, newestTimeOf, prepareReplay, type Replay } from "./replay.ts";
import type { SealedHour } from "./seal-transaction.ts";
import { createSealer, type SealRun } from "./sealer.ts";
import { streamsShown } from "./shown.ts";
import type { StreamMemory } from "./stream-memory.ts";
import { createWaveformCache } from "./waveform-cache.ts";
import { wholeQueries } from "./whole-queries.ts";

export interface TelemetryOptions {
  readonly runtime: Runtime;
  /** Every query here is for patients that a PatientView has. */
  readonly store: BlockStore;
  /** Where days' distributions are kept; without it, they are made for each question. */
  readonly distributions?: DistributionRows;
  /** What blocks are encrypted under. */
  readonly keys: DataKeys;
  readonly log: StoreLog;
  /** What the tails of all streams may take; without it, as much as they want. */
  readonly tailBytesMax?: number;
  /** What is kept of blocks that were asked for lately may take. */
  readonly cachedBytesMax?: number;
  /** How long a reader waits for the journal to be read at a start. */
  readonly readerWaitsMs?: number;
  /** What new entries may take until then. */
  readonly heldBytesMax?: number;
  /** Shared with other long work; without it, this has turns of its own. */
  readonly turn?: Turn;
}

/**
 * Telemetry, and what the rest of the server needs of its memory. Until `recovered` the journal of before is not in it:
 * questions wait for that, and are then refused.
 *
 * @throws OutsideTrouble STORE_RECOVERING, from all that is asked with a view, but for which streams there are
 */
export interface OpenTelemetry extends Telemetry {
  /** The journal has been read: what is answered is all there is. */
  readonly isWhole: boolean;
  /** Resolves then. @throws OutsideTrouble STORE_RECOVERING when the server stops before */
  whole(): Promise<void>;
  /** Resolves then, or is refused when it takes longer than a reader waits. @throws OutsideTrouble STORE_RECOVERING */
  waitForWhole(): Promise<void>;
  /** A patient's streams, of which nothing need have been read yet. */
  knownStreams(view: PatientView, patientId: string): readonly Stream[];
  /** What /api/streams asks. */
  readonly queries: StreamQueries;
  /** For the journal: what became durable, in order. What comes before the journal was read is taken up behind that. */
  committed(entries: readonly JournalEntry[], first: number, last: number): void;
  /** For the journal at a start, once the spool is in it: reads what is not in blocks from `watermark` on. */
  prepareReplay(watermark: number): Promise<Replay>;
  /** For the journal: the deliveries of before have been read. */
  deliveriesKnown(): void;
  /** The journal has been read: what was sealed before is looked up, what came since is taken up, and sealing begins. */
  recovered(watermark: number): Promise<void>;
  /** For ingest. */
  knowsStream(streamId: string): boolean;
  addStream(stream: Stream): void;
  /** Blocks had their time and are gone. */
  expired(): void;
  /** A patient who was erased. @returns the ids of their streams */
  forget(patientId: string): readonly string[];
  /** For ingest: deliveries of the last minutes; `pending`: to wait for those of before the start, where need be. */
  readonly deliveries: {
    first(deviceId: string, key: string): Pick<Delivery, "receivedAt" | "associationId"> | undefined;
    readonly pending: Promise<void> | undefined;
  };
  /** For watch: every stream that was ever heard, with the server time at which it last spoke; none before `isWhole`. */
  lastHeard(): { stream: Stream; receivedAt: number }[];
  /**
   * For watch: what a stream said from `from` (device time) on and up to `windowMs` before the newest of it, in the order
   * in which it came. Of a waveform: the end of each piece that is not all gap.
   */
  recent(streamId: string, from: number, windowMs: number): Recent;
  /** Resolves when the newest readings of streams that nobody wears any more are there as well. */
  readonly settled: Promise<void>;
  /** For the journal: while there is no room, devices wait for their acks. */
  readonly room: TailRoom;
  /** Seal now what is due, or everything; not before the journal was read. */
  seal(options?: { readonly everything: boolean }): Promise<SealRun>;
  /** Put the blocks of finished days together now. @returns how many days were written */
  compact(options?: { readonly everything: boolean }): Promise<number>;
  /** Make what statistics over months are made of, of all days that are over. @returns how many there were not yet */
  makeStatistics(): Promise<number>;
  statistics(): {
    readonly streams: number;
    readonly damagedBlocks: number;
    /** Bytes of tails in use. */
    readonly tailBytes: number;
    readonly tailBytesMax: number;
    /** Bytes of what was asked of blocks lately. */
    readonly cachedBytes: number;
  };
  close(): Promise<void>;
}

/** Between two tries to read the newest readings of streams that nobody wears any more. */
const RETRY_MS = 5_000;
const CACHED_BYTES_MAX = 64_000_000;

/** Opens with the streams of before; readings come with the journal. @throws the database's errors */
export async function openTelemetry({
  runtime,
  store,
  distributions: distributionRows,
  keys,
  log,
  tailBytesMax,
  cachedBytesMax = CACHED_BYTES_MAX,
  readerWaitsMs,
  heldBytesMax,
  turn = createTurns(runtime),
}: TelemetryOptions): Promise<OpenTelemetry> {
  const { clock, timers } = runtime;
  const memory = createMemory(() => clock.now(), keys.isErased, new TailMemory(tailBytesMax));
  const packing = createBlockPacking(keys, zstd);
  const cached = { streams: memory.streams, bytesMax: (cachedBytesMax * 5) / 16 };
  const isNumeric = (streamId: string) => memory.streams.get(streamId)?.numeric !== undefined;
  const files = cacheFiles(store, { ...cached, isNumeric });
  const decoded = createBlocks(files, packing, log, turn);
  const waveforms = createWaveformCache(decoded, { ...cached, bytesMax: cachedBytesMax / 4 });
  const blocks: Blocks = { ...decoded, waveformBetween: waveforms.waveformBetween };
  const minutes = createMinuteCache(blocks, cached);
  const hours = createNumericCache(decoded, { ...cached, bytesMax: cachedBytesMax / 8 });
  const onSealed = (hours: readonly SealedHour[]) => {
    for (const { streamId, hour, rows, minutes: each } of hours) {
      files.sealed(streamId, hour, rows);
      if (each) minutes.sealed(streamId, hour, each);
      if (isNumeric(streamId)) distributions.sealed(streamId, hour);
    }
  };
  const distributions = createDayDistributions({
    rows: distributionRows,
    streams: memory.streams,
    blocks: decoded,
    packing,
    log,
    turn,
    clock,
  });
  const sealer = createSealer({
    runtime,
    store,
    memory,
    packing,
    log,
    onSealed,
    onCompacted: distributions.make,
    afterSealing: distributions.makeSettled,
  });
  const recovery = createRecovery({
    timers,
    take: memory.committed,
    onFault: (error) => log.error({ err: error }, "what was committed could not be shown"),
    tailBytesMax: memory.tails.bytesMax,
    readerWaitsMs,
    heldBytesMax,
  });
  const settled = Promise.withResolvers<void>();
  const freed: (() => void)[] = [];
  let isClosed = false;
  await loadStreams(store, memory, clock.now());

  // What was measured before two records were found to be one person's is that person's.
  const ofPerson = (view: PatientView, patientId: string): readonly StreamMemory[] =>
    streamsShown(memory, view, view.recordsOf(patientId));
  const visible = (view: PatientView, patientId: string, kind: Stream["kind"]): StreamMemory[] =>
    ofPerson(view, patientId).filter((each) => each.stream.kind === kind);
  const chosen = (view: PatientView, query: { readonly patientId: string; readonly streamIds: readonly string[] }) => {
    const ids = new Set(query.streamIds);
    return visible(view, query.patientId, "numeric").filter((each) => ids.has(each.stream.id));
  };

  const loadUntilDone = async (streamIds: readonly string[]) => {
    while (!isClosed) {
      try {
        return await loadNewest(blocks, memory, streamIds);
      } catch (error) {
        const reason = (error as Error).message;
        log.warn({ reason }, "the newest readings of older streams could not be loaded yet; trying again");
        await new Promise<void>((resolve) => void timers.after(RETRY_MS, resolve));
      }
    }
  };

  return {
    get isWhole() {
      return recovery.isWhole;
    },
    whole: recovery.whole,
    waitForWhole: recovery.wait,
    knownStreams: (view, patientId) => ofPerson(view, patientId).map(({ stream }) => stream),
    async streams(view, patientId) {
      await recovery.wait();
      return ofPerson(view, patientId).map((each) => ({ stream: each.stream, lastAt: newestTimeOf(each) }));
    },
    async stream(view, streamId) {
      await recovery.wait();
      const found = memory.streams.get(streamId);
      if (!found || !sees(view, found.stream)) return undefined;
      return { stream: found.stream, lastAt: newestTimeOf(found) };
    },
    latest(view, patientId) {
      recovery.check();
      const readings: Reading[] = [];
      for (const { stream, numeric } of visible(view, patientId, "numeric")) {
        const newest = numeric?.newest;
        if (newest) readings.push({ stream, ...newest });
      }
      return readings;
    },
    async readings(view, query) {
      await recovery.wait();
      const { from, to, order, limit, after } = query;
      return queryReadings(
        chosen(view, query),
        { from, to, isDescending: order === "descending", limit, after },
        { numericNext: blocks.numericNext, hour: hours.hour },
      );
    },
    async reading(view, streamId, time, ordinal) {
      await recovery.wait();
      const stream = memory.streams.get(streamId);
      if (!stream?.numeric || !sees(view, stream.stream)) return undefined;
      const isRecent = time >= stream.tail.completeFrom;
      let columns = stream.numeric.slice(time, time + 1).columns;
      if (!isRecent) {
        const stored = await hours.hour(streamId, periodOf(time, HOUR_MS));
        const sealed = stored.map(({ content }) => between(content.columns, time, time + 1));
        columns = [...sealed, columns].reduce((all, part) => mergeColumns(all, part));
      }
      const i = columns.ordinals.indexOf(ordinal);
      return i < 0 ? undefined : readingAt(stream, columns, i);
    },
    async trend(view, query) {
      await recovery.wait();
      const { from, to, buckets } = query;
      if (!(from < to) || !(buckets >= 1)) return [];
      return queryTrend(chosen(view, query), from, to, Math.floor(buckets), blocks, minutes);
    },
    async waveform(view, query) {
      await recovery.wait();
      const stream = visible(view, query.patientId, "waveform").find((each) => each.stream.id === query.streamId);
      return stream ? queryWaveform(stream, query.from, query.to, blocks) : [];
    },
    async waveformOverview(view, query) {
      await recovery.wait();
      const { from, to, streamId, patientId } = query;
      const count = Math.floor(query.buckets);
      const stream = visible(view, patientId, "waveform").find((each) => each.stream.id === streamId);
      if (!stream || !(from < to) || !(count >= 1))
        return { starts: new Float64Array(), min: new Float64Array(), max: new Float64Array() };
      return queryOverview(stream, from, to, count, blocks);
    },
    queries: wholeQueries(createQueries(memory, blocks, minutes, distributions), recovery),
    committed: recovery.committed,
    async prepareReplay(watermark) {
      // Those of a spool that was chained in are known now as well: what is new from here on is in no block.
      await loadStreams(store, memory, clock.now());
      return prepareReplay(store, memory, watermark, clock.now());
    },
    deliveriesKnown: recovery.deliveriesKnown,
    async recovered(watermark) {
      memory.position = Math.max(memory.position, watermark - 1);
      const running = new Set(await store.runningStreams());
      await loadNewest(blocks, memory, [...running]);
      const others = [...memory.streams.keys()].filter((id) => !running.has(id));
      await recovery.finish(() => new Promise((resolve) => void timers.after(0, resolve)));
      loadUntilDone(others).then(settled.resolve, settled.reject);
      sealer.start(watermark);
      for (const listener of freed) listener();
    },
    knowsStream: memory.isKnown,
    addStream(stream) {
      if (!keys.isErased(stream.patientId)) memory.know(stream);
    },
    expired() {
      files.forgetAll();
      minutes.forgetAll();
      hours.forgetAll();
      waveforms.forgetAll();
    },
    forget(patientId) {
      const streamIds = memory.forget(patientId);
      files.forget(streamIds);
      minutes.forget(streamIds);
      hours.forget(streamIds);
      waveforms.forget(streamIds);
      return streamIds;
    },
    deliveries: {
      first: (deviceId, key) => memory.deliveries.first(deviceId, key),
      get pending() {
        return recovery.deliveries();
      },
    },
    lastHeard() {
      if (!recovery.isWhole) return [];
      return [...memory.streams.values()]
        .filter((each) => Number.isFinite(each.lastReceivedAt))
        .map((each) => ({ stream: each.stream, receivedAt: each.lastReceivedAt }));
    },
    recent(streamId, from, windowMs) {
      const stream = recovery.isWhole ? memory.streams.get(streamId) : undefined;
      return stream ? recentOf(stream, from, windowMs) : NOTHING_RECENT;
    },
    settled: settled.promise,
    room: {
      bytesFree: () => recovery.bytesFree(memory.tails.free),
      onFreed(listener) {
        freed.push(listener);
        sealer.onFreed(listener);
      },
    },
    async seal(options) {
      await recovery.whole();
      return sealer.run(options);
    },
    compact: (options) => sealer.compact(options),
    makeStatistics: () => distributions.makeAll(sealer.alone),
    statistics: () => ({
      streams: memory.streams.size,
      damagedBlocks: decoded.damaged,
      tailBytes: memory.tails.used,
      tailBytesMax: memory.tails.bytesMax,
      cachedBytes: files.bytes + minutes.bytes + hours.bytes + waveforms.bytes,
    }),
    close() {
      isClosed = true;
      recovery.stop();
      return sealer.stop();
    },
  };
}
