import type { Delivery, JournalEntry, Readings, Waveform } from "@openward/model";
import { NO_UTC_OFFSET, type NumericBlock } from "@openward/timeseries";
import type { BlockStore } from "./block-store.ts";
import type { Blocks } from "./blocks.ts";
import type { Memory } from "./memory.ts";
import { MINUTE_MS, periodOf } from "./periods.ts";
import type { StreamMemory } from "./stream-memory.ts";

/** The form of server/store/journal's visitor, as far as it is needed here. */
export interface ReplayVisitor {
  stream(streamId: string, associationId: string): unknown;
  reading(
    stream: unknown,
    time: number,
    value: number,
    quality: number,
    utcOffsetMinutes: number | null,
    receivedAt: number,
  ): void;
  /** What came together; the columns hold during the call only. */
  readings(
    stream: unknown,
    columns: Pick<Readings, "times" | "values" | "quality" | "utcOffsetMinutes" | "receivedAt">,
  ): void;
  waveform(
    stream: unknown,
    head: Omit<Waveform, "stream" | "associationId" | "samples"> & { readonly length: number },
    samples: () => Int32Array,
  ): void;
  entry(entry: Exclude<JournalEntry, { kind: "readings" | "waveform" }>): void;
}

export interface Replay {
  /** Takes up a delivery; those of the journal come before its batches are read. */
  delivery(delivery: Delivery): void;
  /** What reads the batch at this position. */
  visitorAt(position: number): ReplayVisitor;
  /** Readings of streams that nobody knows; there are none unless rows were lost. */
  readonly unknown: number;
}

/** A stream while the journal is read. */
interface OpenStream {
  readonly memory: StreamMemory;
  readonly associationId: string;
  /** Per period: everything up to this position is in blocks. */
  readonly sealedThrough: ReadonlyMap<number, number> | undefined;
  /** The period that was looked up last: mostly that of the next reading too. */
  period: number;
  through: number;
}

// Ingest accepts times up to five minutes ahead; what may be in blocks ends there.
const AHEAD_MS = 10 * MINUTE_MS;

/** Streams of before this start: what is older than now may be in blocks alone. */
export async function loadStreams(store: BlockStore, memory: Memory, now: number): Promise<void> {
  for (const stream of await store.streams()) {
    memory.open(stream, now + AHEAD_MS);
    memory.know(stream);
  }
}

/** @param watermark from which position on the journal will be read */
export async function prepareReplay(
  store: BlockStore,
  memory: Memory,
  watermark: number,
  now: number,
): Promise<Replay> {
  const sealed = await loadSealed(store, watermark);
  const opened = new Map<string, OpenStream>();
  let unknown = 0;
  return {
    get unknown() {
      return unknown;
    },
    delivery: (delivery) => memory.deliveries.add(delivery, now),
    visitorAt(position) {
      memory.position = position;
      const visitor: ReplayVisitor = {
        stream(streamId, associationId): OpenStream | undefined {
          const before = opened.get(streamId);
          const stream = memory.streams.get(streamId);
          // Who was erased meanwhile is not known any more.
          if (before && before.associationId === associationId && before.memory === stream) return before;
          if (!stream) {
            unknown++;
            return undefined;
          }
          const sealedThrough = sealed.get(streamId);
          const open = { memory: stream, associationId, sealedThrough, period: Number.NaN, through: -1 };
          opened.set(streamId, open);
          return open;
        },
        reading(handle, time, value, quality, utcOffsetMinutes, receivedAt) {
          const open = handle as OpenStream;
          const { memory: stream, sealedThrough } = open;
          if (sealedThrough) {
            const period = periodOf(time, stream.periodMs);
            if (period !== open.period) {
              open.period = period;
              open.through = sealedThrough.get(period) ?? -1;
            }
            if (position <= open.through) {
              if (receivedAt > stream.lastReceivedAt) stream.lastReceivedAt = receivedAt;
              return;
            }
          }
          stream.addReading(time, value, quality, utcOffsetMinutes, receivedAt, open.associationId, position);
        },
        readings(handle, columns) {
          const { memory: stream, sealedThrough, associationId } = handle as OpenStream;
          if (!sealedThrough) {
            stream.addReadings({ ...columns, associationId }, position);
            return;
          }
          const { times, values, quality, utcOffsetMinutes, receivedAt } = columns;
          for (let i = 0; i < times.length; i++) {
            const [time, value, bits] = [times[i] as number, values[i] as number, quality[i] as number];
            visitor.reading(handle, time, value, bits, utcOffsetMinutes, receivedAt);
          }
        },
        waveform(open, { length, ...head }, samples) {
          const { memory: stream, associationId, sealedThrough } = open as OpenStream;
          if (head.receivedAt > stream.lastReceivedAt) stream.lastReceivedAt = head.receivedAt;
          if (sealedThrough && isWholeSealed(stream, sealedThrough, { ...head, length }, position)) return;
          stream.addWaveform({ ...head, associationId, samples: samples() }, position);
        },
        entry(entry) {
          if (entry.kind === "stream" && !memory.isErased(entry.stream.patientId)) {
            // It may have come with the spool, and been sealed before that by the process that spooled it.
            memory.open(entry.stream, now + AHEAD_MS);
            memory.know(entry.stream);
          }
        },
      };
      return visitor;
    },
  };
}

/** The newest reading or sample of each stream from its newest block: what was sealed before the journal was read. */
export async function loadNewest(blocks: Blocks, memory: Memory, streamIds: readonly string[]): Promise<void> {
  const PAGE = 5000;
  for (let i = 0; i < streamIds.length; i += PAGE) {
    for (const { streamId, lastTime, block } of await blocks.newest(streamIds.slice(i, i + PAGE))) {
      const stream = memory.streams.get(streamId);
      if (!stream) continue;
      if (block) rememberNewest(stream, block);
      else {
        // A block of samples does not say when they came: about when they were measured.
        if (!Number.isFinite(stream.lastReceivedAt)) stream.lastReceivedAt = lastTime;
        stream.waveform?.remember(lastTime, stream.lastReceivedAt);
      }
    }
  }
}

function rememberNewest(stream: StreamMemory, { columns }: NumericBlock): void {
  const i = columns.times.length - 1;
  const offset = columns.utcOffsets[i] as number;
  const receivedAt = columns.receivedAt[i] as number;
  stream.numeric?.remember({
    time: columns.times[i] as number,
    value: columns.values[i] as number,
    ordinal: columns.ordinals[i] as number,
    quality: columns.quality[i] as number,
    utcOffsetMinutes: offset === NO_UTC_OFFSET ? null : offset,
    receivedAt,
  });
  if (receivedAt > stream.lastReceivedAt) stream.lastReceivedAt = receivedAt;
}

async function loadSealed(store: BlockStore, watermark: number): Promise<Map<string, Map<number, number>>> {
  const sealed = new Map<string, Map<number, number>>();
  for (const { streamId, period, through } of await store.sealedThrough(watermark)) {
    const periods = sealed.get(streamId);
    if (periods) periods.set(period, through);
    else sealed.set(streamId, new Map([[period, through]]));
  }
  return sealed;
}

function isSealed(sealedThrough: ReadonlyMap<number, number>, period: number, position: number): boolean {
  return position <= (sealedThrough.get(period) ?? -1);
}

function isWholeSealed(
  stream: StreamMemory,
  sealedThrough: ReadonlyMap<number, number>,
  head: { readonly start: number; readonly rateHz: number; readonly length: number },
  position: number,
): boolean {
  const last = head.start + (Math.max(head.length - 1, 0) * 1000) / head.rateHz;
  for (let period = periodOf(head.start, stream.periodMs); period <= last; period += stream.periodMs) {
    if (!isSealed(sealedThrough, period, position)) return false;
  }
  return true;
}

/** Device time of the newest reading or sample; null when there never was one. */
export function newestTimeOf(stream: StreamMemory): number | null {
  const time = stream.tail.newestTime;
  return Number.isFinite(time) ? time : null;
}
