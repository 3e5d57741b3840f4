const LT = 0x3c;
const GT = 0x3e;
const SLASH = 0x2f;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const BANG = 0x21;
const QUESTION = 0x3f;
const DASH = 0x2d;
const OPEN = 0x5b;
const CLOSE = 0x5d;

/** What stands at a "<": where it ends, and what it does to the depth. null: its end has not come. */
export interface Markup {
  readonly kind: "open" | "close" | "empty" | "doctype" | "other";
  /** Behind its last byte. */
  readonly end: number;
}

/**
 * Finds the end of the markup that begins at `at`, without reading what it says: entities are no concern here.
 *
 * @param bytes with "<" at `at`
 */
export function markupAt(bytes: Uint8Array, at: number, length: number): Markup | null {
  if (at + 1 >= length) return null;
  const second = bytes[at + 1];
  if (second === QUESTION) return ended("other", endOf(bytes, at + 2, length, QUESTION, GT));
  if (second === SLASH) return ended("close", endOfTag(bytes, at + 2, length));
  if (second !== BANG) {
    const end = endOfTag(bytes, at + 1, length);
    return ended(end > 1 && bytes[end - 2] === SLASH ? "empty" : "open", end);
  }
  if (at + 3 >= length) return null;
  const third = bytes[at + 2];
  if (third === DASH && bytes[at + 3] === DASH) return ended("other", endOfThree(bytes, at + 4, length, DASH));
  if (third === OPEN) return ended("other", endOfThree(bytes, at + 3, length, CLOSE));
  return ended("doctype", endOfDoctype(bytes, at + 2, length));
}

function ended(kind: Markup["kind"], end: number): Markup | null {
  return end < 0 ? null : { kind, end };
}

/** ">" outside quotes. */
function endOfTag(bytes: Uint8Array, from: number, length: number): number {
  let quote = 0;
  for (let i = from; i < length; i++) {
    const byte = bytes[i];
    if (quote !== 0) {
      if (byte === quote) quote = 0;
    } else if (byte === GT) return i + 1;
    else if (byte === QUOTE || byte === APOSTROPHE) quote = byte;
  }
  return -1;
}

function endOf(bytes: Uint8Array, from: number, length: number, first: number, second: number): number {
  for (let i = from; i + 1 < length; i++) if (bytes[i] === first && bytes[i + 1] === second) return i + 2;
  return -1;
}

/** Two of a byte, and ">". */
function endOfThree(bytes: Uint8Array, from: number, length: number, byte: number): number {
  for (let i = from; i + 2 < length; i++) {
    if (bytes[i] === byte && bytes[i + 1] === byte && bytes[i + 2] === GT) return i + 3;
  }
  return -1;
}

/** With its internal subset, in which quotes and comments may hold anything. */
function endOfDoctype(bytes: Uint8Array, from: number, length: number): number {
  let inside = 0;
  for (let i = from; i < length; i++) {
    const byte = bytes[i];
    if (byte === QUOTE || byte === APOSTROPHE) {
      i = bytes.indexOf(byte, i + 1);
      if (i < 0 || i >= length) return -1;
    } else if (byte === LT && bytes[i + 1] === BANG && bytes[i + 2] === DASH && bytes[i + 3] === DASH) {
      i = endOfThree(bytes, i + 4, length, DASH) - 1;
      if (i < 0) return -1;
    } else if (byte === OPEN) inside++;
    else if (byte === CLOSE) inside--;
    else if (byte === GT && inside === 0) return i + 1;
  }
  return -1;
}

/** The name behind "<" or "</". */
export function nameAt(bytes: Uint8Array, at: number, end: number): string {
  let name = "";
  for (let i = bytes[at] === SLASH ? at + 1 : at; i < end && name.length < 100; i++) {
    const byte = bytes[i] as number;
    if (byte <= 0x20 || byte === GT || byte === SLASH) break;
    name += String.fromCharCode(byte);
  }
  return name;
}
