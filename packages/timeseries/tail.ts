import { QUALITY } from "@openward/model";
import { emptyColumns, lowerBound, NO_UTC_OFFSET, type NumericColumns, sliceColumns } from "./columns.ts";

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

export type TailInsert = "added" | "duplicate" | "conflicting";

const FIRST_CAPACITY = 8;

/** Small steps would cost more in moving than they save: a stream that goes on past its first readings will have many. */
function grownCapacity(length: number): number {
  if (length === 0) return FIRST_CAPACITY;
  return length < 256 ? length * 4 : Math.ceil(length * 1.5);
}

/**
 * The recent window of one numeric stream, ordered by (time, ordinal), in typed arrays that grow. The same (time, value)
 * is taken once; another value for the same time is kept behind the first, with an ordinal and QUALITY.conflicting.
 */
export class NumericTail {
  #columns: NumericColumns = emptyColumns();
  #associations = new Uint16Array(0);
  readonly #associationIds: string[] = [];
  #head = 0;
  #end = 0;
  #beforeWindow: NewestReading | undefined;
  /** Made when it is asked for: screens ask for that of every stream of a ward, again and again. */
  #newest: NewestReading | undefined;
  /** Everything from this time on is here; earlier readings may be in blocks alone. */
  completeFrom = Number.NEGATIVE_INFINITY;

  get length(): number {
    return this.#end - this.#head;
  }

  get newest(): NewestReading | undefined {
    this.#newest ??= this.#findNewest();
    return this.#newest;
  }

  #findNewest(): NewestReading | undefined {
    const i = this.#end - 1;
    if (i < this.#head) return this.#beforeWindow;
    const { times, values, ordinals, quality, utcOffsets, receivedAt } = this.#columns;
    const time = times[i] as number;
    if (this.#beforeWindow && this.#beforeWindow.time > time) return this.#beforeWindow;
    const offset = utcOffsets[i] as number;
    return {
      time,
      value: values[i] as number,
      ordinal: ordinals[i] as number,
      quality: quality[i] as number,
      utcOffsetMinutes: offset === NO_UTC_OFFSET ? null : offset,
      receivedAt: receivedAt[i] as number,
    };
  }

  get newestTime(): number {
    const before = this.#beforeWindow?.time ?? Number.NEGATIVE_INFINITY;
    return this.#end > this.#head ? Math.max(this.#columns.times[this.#end - 1] as number, before) : before;
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
    const { times, values } = this.#columns;
    let at = this.#end;
    let ordinal = 0;
    if (at > this.#head && time <= (times[at - 1] as number)) {
      let i = lowerBound(times, time, this.#head, at);
      for (; i < at && times[i] === time; i++) {
        if (values[i] === value) return "duplicate";
        ordinal = (this.#columns.ordinals[i] as number) + 1;
      }
      at = i;
    }
    this.#newest = undefined;
    at += this.#makeRoom();
    const columns = this.#columns;
    if (at < this.#end) this.#shift(at);
    columns.times[at] = time;
    columns.values[at] = value;
    columns.quality[at] = ordinal === 0 ? quality : quality | QUALITY.conflicting;
    columns.ordinals[at] = ordinal;
    columns.receivedAt[at] = receivedAt;
    columns.utcOffsets[at] = utcOffsetMinutes ?? NO_UTC_OFFSET;
    this.#associations[at] = this.#associationIndex(associationId);
    this.#end++;
    return ordinal === 0 ? "added" : "conflicting";
  }

  /** A copy of the readings from `from` (inclusive) to `to` (exclusive). */
  slice(from: number, to: number): TailSlice {
    const { times } = this.#columns;
    const first = lowerBound(times, from, this.#head, this.#end);
    const last = lowerBound(times, to, first, this.#end);
    const view = sliceColumns(this.#columns, first, last);
    const columns = {
      times: view.times.slice(),
      values: view.values.slice(),
      quality: view.quality.slice(),
      ordinals: view.ordinals.slice(),
      receivedAt: view.receivedAt.slice(),
      utcOffsets: view.utcOffsets.slice(),
    };
    return { columns, associations: this.#associations.slice(first, last), associationIds: this.#associationIds };
  }

  /** The same readings without a copy, for who is done with them before anything else runs. */
  peek(from: number, to: number): NumericColumns {
    const { times } = this.#columns;
    const first = lowerBound(times, from, this.#head, this.#end);
    return sliceColumns(this.#columns, first, lowerBound(times, to, first, this.#end));
  }

  /** Let go of everything before `time`; the newest reading stays known. */
  dropBefore(time: number): void {
    this.completeFrom = Math.max(this.completeFrom, time);
    const first = lowerBound(this.#columns.times, time, this.#head, this.#end);
    if (first === this.#head) return;
    if (first === this.#end) this.#beforeWindow = this.newest;
    this.#head = first;
    // Give memory back when most of it is idle.
    const capacity = this.#columns.times.length;
    if (capacity > 64 && this.length < capacity / 4) this.#move(Math.max(FIRST_CAPACITY, this.length * 2));
  }

  #associationIndex(id: string): number {
    const ids = this.#associationIds;
    const last = ids.length - 1;
    if (ids[last] === id) return last;
    const index = ids.indexOf(id);
    return index >= 0 ? index : ids.push(id) - 1;
  }

  /** @returns how far everything moved */
  #makeRoom(): number {
    const capacity = this.#columns.times.length;
    if (this.#end < capacity) return 0;
    const before = this.#head;
    this.#move(this.#head > capacity / 2 ? capacity : grownCapacity(this.length));
    return -before;
  }

  #move(capacity: number): void {
    const old = sliceColumns(this.#columns, this.#head, this.#end);
    const columns = emptyColumns(capacity);
    columns.times.set(old.times);
    columns.values.set(old.values);
    columns.quality.set(old.quality);
    columns.ordinals.set(old.ordinals);
    columns.receivedAt.set(old.receivedAt);
    columns.utcOffsets.set(old.utcOffsets);
    const associations = new Uint16Array(capacity);
    associations.set(this.#associations.subarray(this.#head, this.#end));
    this.#columns = columns;
    this.#associations = associations;
    this.#end -= this.#head;
    this.#head = 0;
  }

  /** Everything from `at` on moves one place up. */
  #shift(at: number): void {
    const end = this.#end;
    const { times, values, quality, ordinals, receivedAt, utcOffsets } = this.#columns;
    for (const column of [times, values, quality, ordinals, receivedAt, utcOffsets, this.#associations]) {
      column.copyWithin(at + 1, at, end);
    }
  }
}
