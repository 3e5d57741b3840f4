import type { Subject } from "./codec.ts";

/** The values of one signal, unit and offset, in columns of equal length, in order of the body. */
export interface ReadingColumn {
  /** As sent; not yet looked up. */
  readonly signal: string;
  /** As sent; null where the body says none: the signal's own. */
  readonly unit: string | null;
  readonly utcOffsetMinutes: number | null;
  /** ms UTC; NaN where the body says none. */
  readonly times: number[] | Float64Array;
  readonly values: number[] | Float64Array;
  /** Of which item of the body each value is. */
  readonly items: number[] | Uint32Array;
  /** Bits of QUALITY of packages/model that every value has; left out: none. */
  readonly quality?: number;
  /** Of whom the bytes say that they are, where they do. */
  readonly subject?: Subject;
}

type Column = { -readonly [K in keyof ReadingColumn]: ReadingColumn[K] } & {
  times: number[];
  values: number[];
  items: number[];
};

/** Where the values of items go. */
export interface ValueSink {
  /** @param position of the value in its item */
  add(
    position: number,
    signal: string,
    unit: string | null,
    offset: number | null,
    time: number,
    value: number,
    item: number,
  ): void;
}

/** A body of one item: each of its values is a column, and all have the item's time. Most messages are like that. */
export class OneItem implements ValueSink {
  readonly list: ReadingColumn[] = [];
  #times: Float64Array | undefined;

  add(
    _position: number,
    signal: string,
    unit: string | null,
    utcOffsetMinutes: number | null,
    time: number,
    value: number,
  ): void {
    this.#times ??= one(time);
    this.list.push({ signal, unit, utcOffsetMinutes, times: this.#times, values: one(value), items: FIRST });
  }
}

const FIRST = new Uint32Array(1);

function one(value: number): Float64Array {
  const array = new Float64Array(1);
  array[0] = value;
  return array;
}

/** Finds the column of a value; items that look like the one before find it without a look-up. */
export class Columns implements ValueSink {
  readonly list: Column[] = [];
  private readonly row: Column[] = [];
  private byName: Map<string, Column> | undefined;
  private indexed = 0;

  add(
    position: number,
    signal: string,
    unit: string | null,
    offset: number | null,
    time: number,
    value: number,
    item: number,
  ): void {
    let column = this.row[position];
    if (!column || column.signal !== signal || column.unit !== unit || column.utcOffsetMinutes !== offset) {
      const found = item === 0 ? undefined : this.find(signal, unit, offset);
      if (!found) {
        // Begun with its first value: an empty array that is pushed to reserves room for many, and most have one.
        this.row[position] = this.create({
          signal,
          unit,
          utcOffsetMinutes: offset,
          times: [time],
          values: [value],
          items: [item],
        });
        return;
      }
      column = found;
      this.row[position] = column;
    }
    column.times.push(time);
    column.values.push(value);
    column.items.push(item);
  }

  private create(column: Column): Column {
    this.list.push(column);
    return column;
  }

  private find(signal: string, unit: string | null, offset: number | null): Column | undefined {
    this.byName ??= new Map();
    for (; this.indexed < this.list.length; this.indexed++) {
      const column = this.list[this.indexed] as Column;
      this.byName.set(nameOf(column.signal, column.unit, column.utcOffsetMinutes), column);
    }
    return this.byName.get(nameOf(signal, unit, offset));
  }
}

function nameOf(signal: string, unit: string | null, offset: number | null): string {
  return unit === null && offset === null ? signal : `${signal}\n${unit ?? "\n"}\n${offset}`;
}
