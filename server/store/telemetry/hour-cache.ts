import { HOUR_MS } from "./periods.ts";
import type { StreamMemory } from "./stream-memory.ts";

/** A mend or a retention by another process writes blocks too, and tells nobody here. */
const AGE_MS_MAX = 300_000;

export interface HourCacheOptions {
  readonly streams: ReadonlyMap<string, Pick<StreamMemory, "sealing" | "sealingOf">>;
  /** ms */
  readonly monotonic: () => number;
  readonly bytesMax: number;
}

/** What was so when something began to be read; undefined: it cannot be kept. */
export type ReadFrom = number | undefined;

interface Entry<T> {
  readonly streamId: string;
  readonly value: T;
  readonly sealing: number;
  /** Monotonic. */
  readonly readAt: number;
  readonly bytes: number;
}

/**
 * Something of the blocks of an hour of a stream, at most so many bytes of it: the longest unused goes first. It is kept only
 * if no sealing of its hour ran while it was read, and not given out again once the next one has begun.
 */
export class HourCache<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #options: HourCacheOptions;
  bytes = 0;

  constructor(options: HourCacheOptions) {
    this.#options = options;
  }

  find(streamId: string, hour: number, now: number): T | undefined {
    const key = keyOf(streamId, hour);
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#drop(key, entry);
    const isCurrent =
      this.#options.streams.get(streamId)?.sealingOf(hour) === entry.sealing && now - entry.readAt < AGE_MS_MAX;
    if (!isCurrent) return undefined;
    this.#put(key, entry);
    return entry.value;
  }

  /** Before it is read. */
  begin(streamId: string, hour: number): ReadFrom {
    const stream = this.#options.streams.get(streamId);
    return stream && !stream.sealing.has(hour) ? stream.sealingOf(hour) : undefined;
  }

  /** After it was read; @param now before it was read */
  keep(streamId: string, hour: number, began: ReadFrom, now: number, value: T, bytes: number): void {
    const { streams, bytesMax } = this.#options;
    // One dense stream does not push out everybody else's.
    if (began === undefined || streams.get(streamId)?.sealingOf(hour) !== began || bytes > bytesMax / 8) return;
    const key = keyOf(streamId, hour);
    const before = this.#entries.get(key);
    if (before) this.#drop(key, before);
    this.#put(key, { streamId, value, sealing: began, readAt: now, bytes });
    for (const [oldest, entry] of this.#entries) {
      if (this.bytes <= bytesMax) break;
      this.#drop(oldest, entry);
    }
  }

  /** Nothing of these streams stays in memory. */
  forget(streamIds: readonly string[]): void {
    const gone = new Set(streamIds);
    for (const [key, entry] of this.#entries) if (gone.has(entry.streamId)) this.#drop(key, entry);
  }

  #put(key: string, entry: Entry<T>): void {
    this.#entries.set(key, entry);
    this.bytes += entry.bytes;
  }

  #drop(key: string, entry: Entry<T>): void {
    this.#entries.delete(key);
    this.bytes -= entry.bytes;
  }
}

const keyOf = (streamId: string, hour: number) => `${streamId} ${hour / HOUR_MS}`;
