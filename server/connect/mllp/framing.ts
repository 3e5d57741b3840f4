const START = 0x0b;
const END = 0x1c;
const RETURN = 0x0d;

/** Why the bytes are not read on. */
export type FramingFault = "too-large" | "not-mllp";

/**
 * Finds messages between VT and FS CR. What stands before a VT is dropped; a VT inside a message begins it anew, for then
 * the sender was cut off. Nothing is kept beyond the limit.
 *
 * @source HL7 v2, appendix C, Minimal Lower Layer Protocol
 */
export class Framer {
  readonly #limit: number;
  readonly #strayLimit: number;
  #chunks: Buffer[] = [];
  #length = 0;
  #isInside = false;
  #endsWithEnd = false;
  #stray = 0;

  /** @param limit bytes of a message */
  constructor(limit: number) {
    this.#limit = limit;
    this.#strayLimit = Math.min(limit, 65_536);
  }

  /** Bytes of a message that has begun. */
  get waiting(): number {
    return this.#length;
  }

  get hasBegun(): boolean {
    return this.#isInside;
  }

  /** @param onMessage called with each whole one, which is its own memory */
  push(chunk: Buffer, onMessage: (message: Buffer) => void): FramingFault | undefined {
    let at = 0;
    while (at < chunk.length) {
      if (!this.#isInside) {
        const start = chunk.indexOf(START, at);
        this.#stray += (start < 0 ? chunk.length : start) - at;
        if (this.#stray > this.#strayLimit) return "not-mllp";
        if (start < 0) return undefined;
        this.#begin();
        at = start + 1;
        continue;
      }
      if (this.#endsWithEnd && chunk[at] === RETURN) {
        this.#stray = 0;
        at++;
        onMessage(this.#take());
        continue;
      }
      this.#endsWithEnd = false;
      const end = endIn(chunk, at);
      const start = chunk.subarray(at, end).lastIndexOf(START);
      if (start >= 0) {
        this.#begin();
        at += start + 1;
        continue;
      }
      this.#length += end - at;
      if (this.#length > this.#limit) {
        this.#reset();
        return "too-large";
      }
      // A copy: the socket's memory is larger than what is kept of it.
      if (end > at) this.#chunks.push(Buffer.from(chunk.subarray(at, end)));
      this.#endsWithEnd = end > at && chunk[end - 1] === END;
      at = end;
    }
    return undefined;
  }

  #begin(): void {
    this.#reset();
    this.#isInside = true;
  }

  #reset(): void {
    this.#chunks = [];
    this.#length = 0;
    this.#isInside = false;
    this.#endsWithEnd = false;
  }

  #take(): Buffer {
    const whole = Buffer.concat(this.#chunks, this.#length).subarray(0, this.#length - 1);
    this.#reset();
    return whole;
  }
}

/** Behind the next FS, whatever follows it, or the end of the chunk. */
function endIn(chunk: Buffer, at: number): number {
  const end = chunk.indexOf(END, at);
  return end < 0 ? chunk.length : end + 1;
}

/** As it goes over the wire. */
export function framed(message: string): Buffer {
  return Buffer.concat([Buffer.of(START), Buffer.from(message, "utf8"), Buffer.of(END, RETURN)]);
}
