import { HOUR_MS } from "./periods.ts";
import type { StreamMemory } from "./stream-memory.ts";

/** More than there are sealings while a server runs. */
const TURNS_OF_A_BEGINNING = 2 ** 32;

export interface HourCacheOptions {
  readonly streams: ReadonlyMap<string, Pick<StreamMemory, "sealing" | "sealingOf">>;
  readonly bytesMax: number;
}

/** What was so when something began to be read; undefined: it cannot be kept. */
export type ReadFrom = number | undefined;

interface Entry<T> {
  readonly streamId: string;
  readonly value: T;
  readonly turn: number;
  readonly bytes: number;
}

/**
 * Something of the blocks of an hour of a stream, at most so many bytes of it: the longest unused goes first. It is kept only
 * if no sealing of its hour ran while it was read, and not given out again once the next one has begun. What else changes
 * blocks tells (`forget`, `forgetAll`), or wants this process stopped.
 */
export class HourCache<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #options: HourCacheOptions;
  #beginnings = 0;
  bytes = 0;

  constructor(options: HourCacheOptions) {
    this.#options = options;
  }

  find(streamId: string, hour: number): T | undefined {
    const key = keyOf(streamId, hour);
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#drop(key, entry);
    if (this.#turnOf(streamId, hour) !== entry.turn) return undefined;
    this.#put(key, entry);
    return entry.value;
  }

  /** Before it is read. */
  begin(streamId: string, hour: number): ReadFrom {
    const stream = this.#options.streams.get(streamId);
    return stream && !stream.sealing.has(hour) ? this.#turnOf(streamId, hour) : undefined;
  }

  /** After it was read. */
  keep(streamId: string, hour: number, began: ReadFrom, value: T, bytes: number): void {
    const { bytesMax } = this.#options;
    // One dense stream does not push out everybody else's.
    if (began === undefined || this.#turnOf(streamId, hour) !== began || bytes > bytesMax / 8) return;
    const key = keyOf(streamId, hour);
    const before = this.#entries.get(key);
    if (before) this.#drop(key, before);
    this.#put(key, { streamId, value, turn: began, bytes });
    for (const [oldest, entry] of this.#entries) {
      if (this.bytes <= bytesMax) break;
      this.#drop(oldest, entry);
    }
  }

  /** What a sealing that has just ended has made of an hour: it need not be read. */
  sealed(streamId: string, hour: number, value: T, bytes: number): void {
    this.keep(streamId, hour, this.begin(streamId, hour), value, bytes);
  }

  /** Nothing of these streams stays in memory. */
  forget(streamIds: readonly string[]): void {
    const gone = new Set(streamIds);
    for (const [key, entry] of this.#entries) if (gone.has(entry.streamId)) this.#drop(key, entry);
  }

  /** Nor of any stream: nor of what is being read. */
  forgetAll(): void {
    this.#beginnings++;
    this.#entries.clear();
    this.bytes = 0;
  }

  /** Another one than before when what was read or is being read may not be so any more. */
  #turnOf(streamId: string, hour: number): number | undefined {
    const sealing = this.#options.streams.get(streamId)?.sealingOf(hour);
    return sealing === undefined ? undefined : this.#beginnings * TURNS_OF_A_BEGINNING + sealing;
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
