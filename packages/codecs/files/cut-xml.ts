import { RefusedInput } from "@openward/errors";
import { malformed } from "../reader.ts";
import { concat, MAX_PIECE_BYTES, PIECE_BYTES, type Piece } from "./piece.ts";
import { Window } from "./window.ts";
import { markupAt, nameAt } from "./xml-tokens.ts";

const LT = 0x3c;
/** Of one piece of markup; a DTD as well. */
const MAX_MARKUP = 1_048_576;
/** Of a child: with what is gathered before it and with it, it fits into a piece. */
const MAX_CHILD = MAX_PIECE_BYTES - 2 * PIECE_BYTES;
const STEP = 65_536;

/**
 * Cuts a document into documents of the same root that hold some of its children each. Children stay whole, in their
 * order, to the byte; one that is larger than a piece is left out and named. What an entity means is never looked for.
 *
 * @param root its name
 * @param format for errors
 */
export async function* cutXml(
  source: AsyncIterable<Uint8Array>,
  { root, format }: { readonly root: string; readonly format: string },
): AsyncGenerator<Piece> {
  const cutter = new XmlCutter(root, format);
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; at += STEP) yield* cutter.push(chunk.subarray(at, at + STEP));
  }
  yield* cutter.end();
}

class XmlCutter {
  readonly #window = new Window();
  readonly #root: string;
  readonly #format: string;
  readonly #head: Uint8Array;
  readonly #tail: Uint8Array;
  /** Next byte to look at. */
  #at = 0;
  #depth = 0;
  /** Where the piece begins that is being gathered; -1: none. */
  #from = -1;
  /** Behind its last whole child. */
  #whole = -1;
  /** Name of the child that is too large, of which the bytes are let go. */
  #skipped: string | null = null;
  #skippedFrom = 0;
  #childAt = 0;
  #left: string | null = null;
  #isClosed = false;

  constructor(root: string, format: string) {
    this.#root = root;
    this.#format = format;
    this.#head = new TextEncoder().encode(`<${root}>\n`);
    this.#tail = new TextEncoder().encode(`\n</${root}>\n`);
  }

  *push(chunk: Uint8Array): Generator<Piece> {
    const window = this.#window;
    window.append(chunk);
    for (;;) {
      const { bytes, length } = window;
      const at = bytes.indexOf(LT, this.#at);
      if (at < 0 || at >= length) {
        this.#at = length;
        break;
      }
      const markup = markupAt(bytes, at, length);
      if (markup === null) {
        this.#at = at;
        if (length - at > MAX_MARKUP) this.#refuse(at, `markup of at most ${MAX_MARKUP} bytes`);
        break;
      }
      this.#take(markup.kind, at, markup.end);
      this.#at = markup.end;
      if (this.#whole >= 0 && this.#whole - this.#from >= PIECE_BYTES) yield this.#piece();
    }
    // A child without end is let go before it fills the memory.
    if (this.#depth > 1 && this.#at - this.#childAt > MAX_CHILD) {
      if (this.#whole >= 0) yield this.#piece();
      this.#skipChild();
    }
    this.#dropRead();
  }

  *end(): Generator<Piece> {
    const { length, base } = this.#window;
    if (this.#whole >= 0) yield this.#piece();
    if (this.#left !== null) yield this.#nothing(base + length);
    if (this.#isClosed) return;
    throw new RefusedInput("FILE_TRUNCATED", {
      expected: `the end of ${this.#root}`,
      received: `${base + length} bytes`,
    });
  }

  #take(kind: string, at: number, end: number): void {
    switch (kind) {
      case "doctype":
        if (this.#depth > 0) this.#refuse(at, "no document type inside an element");
        return;
      case "open":
      case "empty":
        if (this.#depth === 0) this.#enterRoot(at, end);
        else if (this.#depth === 1) this.#enterChild(at);
        if (kind === "open") this.#depth++;
        else if (this.#depth === 1) this.#leaveChild(end);
        else if (this.#depth === 0) this.#isClosed = true;
        return;
      case "close":
        if (this.#depth === 0) this.#refuse(at, "an element that was begun");
        this.#depth--;
        if (this.#depth === 1) this.#leaveChild(end);
        else if (this.#depth === 0) this.#isClosed = true;
        return;
      default:
        return;
    }
  }

  #enterRoot(at: number, end: number): void {
    if (this.#isClosed) this.#refuse(at, "one element that holds all others");
    const name = nameAt(this.#window.bytes, at + 1, end);
    if (name !== this.#root) {
      throw new RefusedInput("FILE_FORMAT", { at: "root", expected: this.#root, received: name.slice(0, 40) });
    }
  }

  #enterChild(at: number): void {
    this.#childAt = at;
    if (this.#from < 0) this.#from = at;
  }

  #leaveChild(end: number): void {
    if (this.#skipped === null) {
      this.#whole = end;
      return;
    }
    const bytes = this.#window.base + end - this.#skippedFrom;
    this.#left = `${this.#skipped} of ${bytes} bytes, more than a piece holds`;
    this.#skipped = null;
    this.#from = -1;
  }

  #skipChild(): void {
    this.#skipped ??= nameAt(this.#window.bytes, this.#childAt + 1, this.#at);
    if (this.#from >= 0) this.#skippedFrom = this.#window.base + this.#childAt;
    this.#from = -1;
    this.#childAt = this.#at;
  }

  #piece(): Piece {
    const { bytes, base } = this.#window;
    const part = bytes.subarray(this.#from, this.#whole);
    const length = this.#head.length + part.length + this.#tail.length;
    const piece: Piece = {
      bytes: concat([this.#head, part, this.#tail], length),
      from: base + this.#from,
      to: base + this.#whole,
      left: this.#left,
    };
    this.#left = null;
    const isInside = this.#depth > 1 && this.#childAt >= this.#whole;
    this.#from = isInside ? this.#childAt : -1;
    this.#whole = -1;
    return piece;
  }

  #nothing(at: number): Piece {
    return { bytes: new Uint8Array(0), from: at, to: at, left: this.#left };
  }

  /** Gives back what no piece needs any more. */
  #dropRead(): void {
    const isNeeded = this.#from >= 0 ? this.#from : this.#at;
    this.#window.drop(isNeeded);
    this.#at -= isNeeded;
    this.#childAt -= isNeeded;
    if (this.#from >= 0) this.#from -= isNeeded;
    if (this.#whole >= 0) this.#whole -= isNeeded;
  }

  #refuse(at: number, expected: string): never {
    throw malformed(this.#format, "markup", this.#window.base + at, expected);
  }
}
