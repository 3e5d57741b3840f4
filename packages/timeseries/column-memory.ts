import { emptyColumns, type NumericColumns } from "./columns.ts";

const ALIGNMENT = 8;

/**
 * Memory for columns that are read and done with, to be used again: the first touch of a page costs more than decoding what
 * goes into it. Nothing of what was in it is left when it has been cleared.
 */
export class ColumnMemory {
  readonly #bytes: Uint8Array;
  #used = 0;

  constructor(bytesMax: number) {
    this.#bytes = new Uint8Array(bytesMax);
  }

  /** Columns of zeros; from elsewhere where there is no room. */
  columns(count: number): NumericColumns {
    const at = this.#used;
    const bytes = Math.ceil((count * 29) / ALIGNMENT) * ALIGNMENT;
    if (at + bytes > this.#bytes.length) return emptyColumns(count);
    this.#used = at + bytes;
    const memory = this.#bytes.buffer;
    return {
      times: new Float64Array(memory, at, count),
      values: new Float64Array(memory, at + count * 8, count),
      receivedAt: new Float64Array(memory, at + count * 16, count),
      ordinals: new Uint16Array(memory, at + count * 24, count),
      utcOffsets: new Int16Array(memory, at + count * 26, count),
      quality: new Uint8Array(memory, at + count * 28, count),
    };
  }

  /** Two columns of numbers, of zeros. */
  pair(count: number): [Float64Array, Float64Array] {
    const at = this.#used;
    if (at + count * 16 > this.#bytes.length) return [new Float64Array(count), new Float64Array(count)];
    this.#used = at + count * 16;
    const memory = this.#bytes.buffer;
    return [new Float64Array(memory, at, count), new Float64Array(memory, at + count * 8, count)];
  }

  /** What was given out must not be read any more. */
  clear(): void {
    this.#bytes.fill(0, 0, this.#used);
    this.#used = 0;
  }
}
