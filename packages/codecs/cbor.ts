import { RefusedInput } from "@openward/errors";
import { EpochTime } from "./time.ts";
import { float16, typedArray } from "./typed-array.ts";

const MAX_DEPTH = 16;
/** Values in one body; a node costs memory many times its byte. */
const MAX_NODES = 2_000_000;
/** Below this the engine keeps a typed array in its own heap, which costs less. */
const SMALL = 64;
const BREAK = Symbol("break");
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Well-formed CBOR of the kinds that devices send, as the tree that JSON.parse would give, with typed arrays.
 * Strict where hostile input hides: depth and counts are checked against the bytes that are there before anything is
 * allocated, keys are text and unique, other tags than those below are refused.
 *
 * Tags: 0 (RFC 3339 text), 1 (EpochTime), 41 (homogeneous array), 64-87 (typed arrays, RFC 8746), 55799 (CBOR itself).
 *
 * @throws RefusedInput MALFORMED_CBOR with `offset`; BODY_TOO_LARGE above 2,000,000 values
 * @source RFC 8949, RFC 8746
 */
export function decodeCbor(bytes: Uint8Array): unknown {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  if (value === BREAK) reader.fail(0, "a value before a break");
  if (reader.at !== bytes.length) reader.fail(reader.at, "the end of the body");
  return value;
}

class Reader {
  at = 0;
  private nodes = 0;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private store: ArrayBuffer | undefined;
  private used = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /**
   * Room for the typed arrays of this body, one allocation for all of them: memory outside the engine's heap is dear to
   * take and to give back. Their bytes all lie in the body, so its length is enough but for the gaps of alignment.
   */
  private readonly room = (length: number): Uint8Array => {
    if (length < SMALL) return new Uint8Array(length);
    if (this.store === undefined) {
      this.store = new ArrayBuffer(this.bytes.length);
      this.used = 0;
    }
    const from = this.used;
    if (from + length > this.store.byteLength) return new Uint8Array(length);
    this.used = (from + length + 7) & ~7;
    return new Uint8Array(this.store, from, length);
  };

  fail(offset: number, expected: string): never {
    throw new RefusedInput("MALFORMED_CBOR", { at: `byte ${offset}`, offset, expected });
  }

  value(depth: number): unknown {
    const start = this.at;
    if (depth > MAX_DEPTH) this.fail(start, `at most ${MAX_DEPTH} levels`);
    if (++this.nodes > MAX_NODES) {
      throw new RefusedInput("BODY_TOO_LARGE", { at: `byte ${start}`, expected: `at most ${MAX_NODES} values` });
    }
    if (start >= this.bytes.length) this.fail(start, "a value");
    const head = this.bytes[this.at++] ?? 0;
    const major = head >> 5;
    const info = head & 31;
    if (info > 27 && info < 31) this.fail(start, "a known additional information");
    switch (major) {
      case 0:
        return this.integer(info, start, false);
      case 1:
        return this.integer(info, start, true);
      case 2:
        return info === 31 ? this.chunks(2, start) : this.take(this.count(info, start, 1));
      case 3:
        return this.text(info === 31 ? this.chunks(3, start) : this.take(this.count(info, start, 1)), start);
      case 4:
        return this.array(info, start, depth);
      case 5:
        return this.map(info, start, depth);
      case 6:
        return this.tagged(info, start, depth);
      default:
        return this.simple(info, start, depth);
    }
  }

  private need(length: number, start: number): void {
    if (this.bytes.length - this.at < length) this.fail(start, `${length} more bytes`);
  }

  /** The argument of a head; beyond 2^53 a bigint, which no caller takes for a number. */
  private argument(info: number, start: number): number | bigint {
    if (info < 24) return info;
    if (info === 31) this.fail(start, "a definite length");
    const length = 1 << (info - 24);
    this.need(length, start);
    const at = this.at;
    this.at += length;
    if (length === 1) return this.view.getUint8(at);
    if (length === 2) return this.view.getUint16(at);
    if (length === 4) return this.view.getUint32(at);
    const wide = this.view.getUint32(at) * 4_294_967_296 + this.view.getUint32(at + 4);
    return wide <= Number.MAX_SAFE_INTEGER ? wide : this.view.getBigUint64(at);
  }

  private integer(info: number, start: number, negative: boolean): number | bigint {
    const value = this.argument(info, start);
    if (!negative) return value;
    return typeof value === "bigint" ? -1n - value : -1 - value;
  }

  /** A declared count that the rest of the body can hold, at `each` bytes at least. */
  private count(info: number, start: number, each: number): number {
    const count = this.argument(info, start);
    const room = Math.floor((this.bytes.length - this.at) / each);
    if (typeof count === "bigint" || count > room) this.fail(start, `a length of at most ${room}`);
    return count;
  }

  private take(length: number): Uint8Array {
    const from = this.at;
    this.at += length;
    return this.bytes.subarray(from, this.at);
  }

  private chunks(major: number, start: number): Uint8Array {
    const parts: Uint8Array[] = [];
    let total = 0;
    for (;;) {
      this.need(1, start);
      const at = this.at;
      const head = this.bytes[this.at++] ?? 0;
      if (head === 0xff) break;
      if (head >> 5 !== major || ++this.nodes > MAX_NODES) this.fail(at, "a chunk of the same kind");
      const part = this.take(this.count(head & 31, at, 1));
      parts.push(part);
      total += part.length;
    }
    const whole = new Uint8Array(total);
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  private text(bytes: Uint8Array, start: number): string {
    if (bytes.length < 24) {
      // Keys and short words are ASCII nearly always, and cheaper by hand than through the decoder.
      let text = "";
      for (const byte of bytes) {
        if (byte > 127) return this.decode(bytes, start);
        text += String.fromCharCode(byte);
      }
      return text;
    }
    return this.decode(bytes, start);
  }

  private decode(bytes: Uint8Array, start: number): string {
    try {
      return utf8.decode(bytes);
    } catch {
      return this.fail(start, "UTF-8");
    }
  }

  private array(info: number, start: number, depth: number): unknown[] {
    const items: unknown[] = [];
    if (info === 31) {
      for (let item = this.value(depth + 1); item !== BREAK; item = this.value(depth + 1)) items.push(item);
      return items;
    }
    const count = this.count(info, start, 1);
    for (let i = 0; i < count; i++) items.push(this.member(depth));
    return items;
  }

  private map(info: number, start: number, depth: number): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    const count = info === 31 ? Number.POSITIVE_INFINITY : this.count(info, start, 2);
    for (let i = 0; i < count; i++) {
      const at = this.at;
      const key = this.value(depth + 1);
      if (key === BREAK && info === 31) break;
      if (typeof key !== "string") this.fail(at, "a text key");
      if (Object.hasOwn(map, key)) this.fail(at, "each key once");
      const value = this.member(depth);
      // As JSON.parse does: an own property, never the prototype.
      if (key === "__proto__") Object.defineProperty(map, key, { value, enumerable: true, writable: true });
      else map[key] = value;
    }
    return map;
  }

  private member(depth: number): unknown {
    const at = this.at;
    const value = this.value(depth + 1);
    if (value === BREAK) this.fail(at, "a value");
    return value;
  }

  private tagged(info: number, start: number, depth: number): unknown {
    const tag = this.argument(info, start);
    const content = this.member(depth);
    if (tag === 0 && typeof content === "string") return content;
    if (tag === 1 && typeof content === "number") return new EpochTime(content);
    if (tag === 41 && Array.isArray(content)) return content;
    if (tag === 55_799) return content;
    if (typeof tag === "number" && tag >= 64 && tag <= 87 && content instanceof Uint8Array) {
      return (
        typedArray(tag, content, this.room) ?? this.fail(start, "a typed array of whole elements, at most 64 bits wide")
      );
    }
    return this.fail(start, "one of the tags 0, 1, 41, 64-87, 55799 with its content");
  }

  private simple(info: number, start: number, depth: number): unknown {
    if (info === 20) return false;
    if (info === 21) return true;
    if (info === 22) return null;
    if (info === 23) return undefined;
    if (info === 31) return depth === 0 ? this.fail(start, "a value") : BREAK;
    if (info < 25) return this.fail(start, "false, true, null, undefined or a float");
    const length = info === 25 ? 2 : info === 26 ? 4 : 8;
    this.need(length, start);
    const at = this.at;
    this.at += length;
    if (info === 25) return float16(this.view.getUint16(at));
    return info === 26 ? this.view.getFloat32(at) : this.view.getFloat64(at);
  }
}
