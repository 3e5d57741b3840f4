/** What one reading takes of a chunk. */
const ROW_BYTES = 32;

/** Rows of a chunk. A stream that says little gets a small one, its next are larger. */
const SIZES = [16, 64, 256, 1024] as const;
const LARGEST = 1024;

/** Readings of one tail, ordered, in one piece of memory; rows from `head` to `end` are in use. */
export class TailChunk {
  readonly capacity: number;
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly receivedAt: Float64Array;
  readonly ordinals: Uint16Array;
  readonly utcOffsets: Int16Array;
  readonly associations: Uint16Array;
  readonly quality: Uint8Array;
  head = 0;
  end = 0;

  constructor(capacity: number) {
    const memory = new ArrayBuffer(capacity * ROW_BYTES);
    this.capacity = capacity;
    this.times = new Float64Array(memory, 0, capacity);
    this.values = new Float64Array(memory, capacity * 8, capacity);
    this.receivedAt = new Float64Array(memory, capacity * 16, capacity);
    this.ordinals = new Uint16Array(memory, capacity * 24, capacity);
    this.utcOffsets = new Int16Array(memory, capacity * 26, capacity);
    this.associations = new Uint16Array(memory, capacity * 28, capacity);
    this.quality = new Uint8Array(memory, capacity * 30, capacity);
  }

  /** Time of the newest row; there is one. */
  get lastTime(): number {
    return this.times[this.end - 1] as number;
  }

  /** Rows [from, to) of another chunk, copied behind what is here. */
  take(other: TailChunk, from: number, to: number): void {
    const at = this.end;
    this.times.set(other.times.subarray(from, to), at);
    this.values.set(other.values.subarray(from, to), at);
    this.receivedAt.set(other.receivedAt.subarray(from, to), at);
    this.ordinals.set(other.ordinals.subarray(from, to), at);
    this.utcOffsets.set(other.utcOffsets.subarray(from, to), at);
    this.associations.set(other.associations.subarray(from, to), at);
    this.quality.set(other.quality.subarray(from, to), at);
    this.end = at + (to - from);
  }

  /** Everything from `at` on moves one place up; there is room. */
  shift(at: number): void {
    const { end } = this;
    this.times.copyWithin(at + 1, at, end);
    this.values.copyWithin(at + 1, at, end);
    this.receivedAt.copyWithin(at + 1, at, end);
    this.ordinals.copyWithin(at + 1, at, end);
    this.utcOffsets.copyWithin(at + 1, at, end);
    this.associations.copyWithin(at + 1, at, end);
    this.quality.copyWithin(at + 1, at, end);
    this.end = end + 1;
  }
}

/**
 * The memory of all tails together: chunks that are handed out and used again, and a count of the bytes in use, against
 * which a budget can be held. Who gives a chunk back must have no view of it left.
 */
export class TailMemory {
  readonly bytesMax: number;
  #used = 0;
  #idleBytes = 0;
  readonly #idleBytesMax: number;
  readonly #idle: TailChunk[][] = SIZES.map(() => []);

  constructor(bytesMax = Number.POSITIVE_INFINITY) {
    this.bytesMax = bytesMax;
    // Sealing early gives a fifth of the budget back at a time, and it will be wanted again at once.
    this.#idleBytesMax = Number.isFinite(bytesMax) ? bytesMax / 4 : 256 * 1024 * 1024;
  }

  /** Bytes of tails; what is idle and used again later is not counted. */
  get used(): number {
    return this.#used;
  }

  get free(): number {
    return this.bytesMax - this.#used;
  }

  /** An empty chunk for about so many rows. */
  chunk(rows: number): TailChunk {
    const size = SIZES.findIndex((each) => each >= rows);
    const capacity = SIZES[size] ?? LARGEST;
    const bytes = capacity * ROW_BYTES;
    this.#used += bytes;
    const idle = this.#idle[size < 0 ? SIZES.length - 1 : size]?.pop();
    if (!idle) return new TailChunk(capacity);
    this.#idleBytes -= bytes;
    return idle;
  }

  release(chunk: TailChunk): void {
    const bytes = chunk.capacity * ROW_BYTES;
    this.#used -= bytes;
    if (this.#idleBytes + bytes > this.#idleBytesMax) return;
    chunk.head = 0;
    chunk.end = 0;
    this.#idleBytes += bytes;
    this.#idle[SIZES.indexOf(chunk.capacity as (typeof SIZES)[number])]?.push(chunk);
  }

  /** Memory of tails that is not in chunks: samples. */
  count(bytes: number): void {
    this.#used += bytes;
  }
}

/** What some readings will take of the budget, about. */
export function tailBytesOf(readings: number): number {
  return readings * ROW_BYTES;
}
