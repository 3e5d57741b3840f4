import { QUALITY } from "@openward/model";
import type { ColumnMemory } from "./column-memory.ts";
import { emptyColumns, lowerBound, NO_UTC_OFFSET, type NumericColumns } from "./columns.ts";
import { type TailChunk, TailMemory } from "./tail-memory.ts";

/** The newest reading of a stream; it outlives the window. */
export interface NewestReading {
  readonly time: number;
  readonly value: number;
  readonly ordinal: number;
  readonly quality: number;
  readonly utcOffsetMinutes: number | null;
  readonly receivedAt: number;
}

/** Readings with the association of each. */
export interface TailSlice {
  readonly columns: NumericColumns;
  /** Index into `associationIds`, per reading. */
  readonly associations: Uint16Array;
  readonly associationIds: readonly string[];
}

/** Readings that came together; the columns have one length. */
export interface ReadingsRun {
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly quality: Uint8Array;
  readonly utcOffsetMinutes: number | null;
  readonly receivedAt: number;
  readonly associationId: string;
}

export type TailInsert = "added" | "duplicate" | "conflicting";

/** A shorter run within older readings is put in its place reading by reading: for it no chunk is cut in two. */
const RUN_WITHIN_MIN = 16;
/** For a few readings, copying of whole columns is dearer than one by one. */
const FEW = 24;
const ROWS_MAX = 1024;

/**
 * The recent window of one numeric stream, ordered by (time, ordinal), in chunks that nothing is moved out of when more
 * comes. The same (time, value) is taken once; another value for the same time is kept behind the first, with an ordinal
 * and QUALITY.conflicting.
 */
export class NumericTail {
  readonly #memory: TailMemory;
  /** In order, none empty. */
  readonly #chunks: TailChunk[] = [];
  readonly #associationIds: string[] = [];
  #length = 0;
  /** Of what is in the window. */
  #lastTime = Number.NEGATIVE_INFINITY;
  #beforeWindow: NewestReading | undefined;
  /** Made when it is asked for: screens ask for that of every stream of a ward, again and again. */
  #newest: NewestReading | undefined;
  /** Everything from this time on is here; earlier readings may be in blocks alone. */
  completeFrom = Number.NEGATIVE_INFINITY;

  constructor(memory: TailMemory = new TailMemory()) {
    this.#memory = memory;
  }

  get length(): number {
    return this.#length;
  }

  get newest(): NewestReading | undefined {
    this.#newest ??= this.#findNewest();
    return this.#newest;
  }

  #findNewest(): NewestReading | undefined {
    const chunk = this.#chunks.at(-1);
    if (!chunk) return this.#beforeWindow;
    const i = chunk.end - 1;
    const time = chunk.times[i] as number;
    if (this.#beforeWindow && this.#beforeWindow.time > time) return this.#beforeWindow;
    const offset = chunk.utcOffsets[i] as number;
    return {
      time,
      value: chunk.values[i] as number,
      ordinal: chunk.ordinals[i] as number,
      quality: chunk.quality[i] as number,
      utcOffsetMinutes: offset === NO_UTC_OFFSET ? null : offset,
      receivedAt: chunk.receivedAt[i] as number,
    };
  }

  get newestTime(): number {
    return Math.max(this.#beforeWindow?.time ?? Number.NEGATIVE_INFINITY, this.#lastTime);
  }

  /** What was the newest reading when this tail was opened over older blocks. */
  remember(newest: NewestReading): void {
    this.#newest = undefined;
    if (!this.#beforeWindow || newest.time >= this.#beforeWindow.time) this.#beforeWindow = newest;
  }

  insert(
    time: number,
    value: number,
    quality: number,
    utcOffsetMinutes: number | null,
    receivedAt: number,
    associationId: string,
  ): TailInsert {
    let place = this.#chunks.length;
    let at = 0;
    let ordinal = 0;
    if (time <= this.#lastTime) {
      place = this.#placeOf(time);
      let chunk = this.#chunks[place] as TailChunk;
      at = lowerBound(chunk.times, time, chunk.head, chunk.end);
      for (;;) {
        if (at === chunk.end) {
          const next = this.#chunks[++place];
          if (!next) break;
          chunk = next;
          at = chunk.head;
        }
        if (chunk.times[at] !== time) break;
        if (chunk.values[at] === value) return "duplicate";
        ordinal = (chunk.ordinals[at] as number) + 1;
        at++;
      }
    }
    this.#newest = undefined;
    const chunk = this.#opened(place, at);
    const row = this.#row;
    chunk.times[row] = time;
    chunk.values[row] = value;
    chunk.quality[row] = ordinal === 0 ? quality : quality | QUALITY.conflicting;
    chunk.ordinals[row] = ordinal;
    chunk.receivedAt[row] = receivedAt;
    chunk.utcOffsets[row] = utcOffsetMinutes ?? NO_UTC_OFFSET;
    chunk.associations[row] = this.#associationIndex(associationId);
    this.#length++;
    if (time > this.#lastTime) this.#lastTime = time;
    return ordinal === 0 ? "added" : "conflicting";
  }

  /**
   * As many of the run's readings from `from` on as belong side by side: each later than the one before, and none where
   * there is a reading already.
   *
   * @returns how many; 0 when the first must be put in its place by itself, with `insert`
   */
  insertRun(run: ReadingsRun, from = 0): number {
    const { times } = run;
    const first = times[from] as number;
    let place = this.#chunks.length;
    let at = 0;
    let limit = Number.POSITIVE_INFINITY;
    if (first <= this.#lastTime) {
      place = this.#placeOf(first);
      const chunk = this.#chunks[place] as TailChunk;
      at = lowerBound(chunk.times, first, chunk.head, chunk.end);
      limit = chunk.times[at] as number;
      if (limit === first) return 0;
    }
    let to = from + 1;
    for (let before = first; to < times.length; to++) {
      const time = times[to] as number;
      if (!(time > before && time < limit)) break;
      before = time;
    }
    if (place < this.#chunks.length) {
      if (to - from < RUN_WITHIN_MIN) return 0;
      place = this.#cut(place, at);
    }
    this.#newest = undefined;
    this.#fill(place, run, from, to);
    this.#length += to - from;
    const last = times[to - 1] as number;
    if (last > this.#lastTime) this.#lastTime = last;
    return to - from;
  }

  /** A copy of the readings from `from` (inclusive) to `to` (exclusive). */
  slice(from: number, to: number, memory?: ColumnMemory): TailSlice {
    const parts = this.#between(from, to);
    const count = parts.reduce((sum, part) => sum + part.end - part.first, 0);
    const columns = memory?.columns(count) ?? emptyColumns(count);
    const associations = new Uint16Array(count);
    let at = 0;
    for (const { chunk, first, end } of parts) {
      columns.times.set(chunk.times.subarray(first, end), at);
      columns.values.set(chunk.values.subarray(first, end), at);
      columns.quality.set(chunk.quality.subarray(first, end), at);
      columns.ordinals.set(chunk.ordinals.subarray(first, end), at);
      columns.receivedAt.set(chunk.receivedAt.subarray(first, end), at);
      columns.utcOffsets.set(chunk.utcOffsets.subarray(first, end), at);
      associations.set(chunk.associations.subarray(first, end), at);
      at += end - first;
    }
    return { columns, associations, associationIds: this.#associationIds };
  }

  /** Times and values without a copy, in pieces, for who is done with each before anything else runs. */
  peek(from: number, to: number, piece: (times: Float64Array, values: Float64Array) => void): void {
    for (const { chunk, first, end } of this.#between(from, to))
      piece(chunk.times.subarray(first, end), chunk.values.subarray(first, end));
  }

  /** Let go of everything before `time`; the newest reading stays known. */
  dropBefore(time: number): void {
    this.completeFrom = Math.max(this.completeFrom, time);
    if (this.#lastTime < time) {
      if (this.#length > 0) this.#beforeWindow = this.newest;
      this.clear();
      return;
    }
    let gone = 0;
    for (let chunk = this.#chunks[gone]; chunk && chunk.lastTime < time; chunk = this.#chunks[gone]) {
      this.#length -= chunk.end - chunk.head;
      this.#memory.release(chunk);
      gone++;
    }
    this.#chunks.splice(0, gone);
    const chunk = this.#chunks[0];
    if (!chunk) return;
    const first = lowerBound(chunk.times, time, chunk.head, chunk.end);
    this.#length -= first - chunk.head;
    chunk.head = first;
  }

  /** Let go of the whole window; what is known of the newest reading stays as it is. */
  clear(): void {
    for (const chunk of this.#chunks) this.#memory.release(chunk);
    this.#chunks.length = 0;
    this.#length = 0;
    this.#lastTime = Number.NEGATIVE_INFINITY;
  }

  #associationIndex(id: string): number {
    const ids = this.#associationIds;
    const last = ids.length - 1;
    if (ids[last] === id) return last;
    const index = ids.indexOf(id);
    return index >= 0 ? index : ids.push(id) - 1;
  }

  /** The first chunk that ends at or behind `time`; there is one. */
  #placeOf(time: number): number {
    const chunks = this.#chunks;
    let low = 0;
    let high = chunks.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((chunks[middle] as TailChunk).lastTime < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #between(from: number, to: number): { chunk: TailChunk; first: number; end: number }[] {
    const parts: { chunk: TailChunk; first: number; end: number }[] = [];
    if (!(from <= this.#lastTime)) return parts;
    for (let place = this.#placeOf(from); place < this.#chunks.length; place++) {
      const chunk = this.#chunks[place] as TailChunk;
      const first = lowerBound(chunk.times, from, chunk.head, chunk.end);
      const end = lowerBound(chunk.times, to, first, chunk.end);
      if (first < end) parts.push({ chunk, first, end });
      if (end < chunk.end) break;
    }
    return parts;
  }

  /** What `#opened` has found. */
  #row = 0;

  /** A chunk with a free row where a reading belongs that comes before row `at` of the chunk at `place`. */
  #opened(place: number, at: number): TailChunk {
    const chunks = this.#chunks;
    const here = chunks[place];
    if (!here || at === here.head) {
      const before = chunks[place - 1];
      if (before && before.end < before.capacity) {
        this.#row = before.end++;
        return before;
      }
      if (!here || here.end === here.capacity) {
        const chunk = this.#more(place, 1);
        this.#row = chunk.end++;
        return chunk;
      }
    } else if (here.end === here.capacity) {
      const middle = (here.head + here.end) >>> 1;
      this.#cut(place, middle);
      return at <= middle ? this.#opened(place, at) : this.#opened(place + 1, at - middle);
    }
    here.shift(at);
    this.#row = at;
    return here;
  }

  /** Cut a chunk in two before row `at`. @returns the place between the two */
  #cut(place: number, at: number): number {
    const chunk = this.#chunks[place] as TailChunk;
    if (at === chunk.head) return place;
    const upper = this.#memory.chunk(chunk.end - at);
    upper.take(chunk, at, chunk.end);
    chunk.end = at;
    this.#chunks.splice(place + 1, 0, upper);
    return place + 1;
  }

  /** A new chunk at `place`, for so many rows and as many as a stream of this length is likely to get yet. */
  #more(place: number, rows: number): TailChunk {
    const chunk = this.#memory.chunk(Math.min(ROWS_MAX, Math.max(rows, this.#length * 2)));
    if (place === this.#chunks.length) this.#chunks.push(chunk);
    else this.#chunks.splice(place, 0, chunk);
    return chunk;
  }

  /** Readings [from, to) of the run behind the chunks before `place`. */
  #fill(place: number, run: ReadingsRun, from: number, to: number): void {
    const { times, values, quality, receivedAt } = run;
    const utcOffset = run.utcOffsetMinutes ?? NO_UTC_OFFSET;
    const association = this.#associationIndex(run.associationId);
    let next = place;
    if (to - from < FEW) {
      for (let i = from; i < to; i++) {
        const before = this.#chunks[next - 1];
        const chunk = before && before.end < before.capacity ? before : this.#more(next++, to - i);
        const row = chunk.end++;
        chunk.times[row] = times[i] as number;
        chunk.values[row] = values[i] as number;
        chunk.quality[row] = quality[i] as number;
        chunk.ordinals[row] = 0;
        chunk.receivedAt[row] = receivedAt;
        chunk.utcOffsets[row] = utcOffset;
        chunk.associations[row] = association;
      }
      return;
    }
    for (let i = from; i < to; ) {
      const before = this.#chunks[next - 1];
      const chunk = before && before.end < before.capacity ? before : this.#more(next++, to - i);
      const at = chunk.end;
      const count = Math.min(chunk.capacity - at, to - i);
      const isWhole = count === times.length;
      chunk.times.set(isWhole ? times : times.subarray(i, i + count), at);
      chunk.values.set(isWhole ? values : values.subarray(i, i + count), at);
      chunk.quality.set(isWhole ? quality : quality.subarray(i, i + count), at);
      chunk.ordinals.fill(0, at, at + count);
      chunk.receivedAt.fill(receivedAt, at, at + count);
      chunk.utcOffsets.fill(utcOffset, at, at + count);
      chunk.associations.fill(association, at, at + count);
      chunk.end = at + count;
      i += count;
    }
  }
}
