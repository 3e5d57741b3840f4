import { RefusedInput } from "@openward/errors";
import { malformed } from "../reader.ts";

/** Of a message; a monitor's is of a few kilobytes. */
export const MAX_MESSAGE_BYTES = 1 << 20;
const MAX_SEGMENTS = 10_000;
const MAX_FIELDS = 200;
/** Of all but OBX-5, which may hold the samples of a wave. */
const MAX_FIELD_BYTES = 65_536;
const CR = "\r";
const ANY_END = /[\r\n]/g;
const NAME = /^[A-Z][A-Z0-9]{2}$/;
const CHUNK = 8_192;

/** What separates the parts of a field, as MSH-1 and MSH-2 say. */
export interface Delimiters {
  readonly field: string;
  readonly component: string;
  readonly repetition: string;
  readonly escape: string;
  readonly subcomponent: string;
}

/** Character sets of MSH-18 that are read. */
export type Charset = "ascii" | "utf-8" | "latin-1";

/** One segment: fields are counted from 1, as the standard does. */
export class Segment {
  readonly name: string;
  /** Byte of the message. */
  readonly offset: number;
  readonly end: number;
  readonly #text: string;
  readonly #starts: readonly number[];

  constructor(text: string, name: string, offset: number, end: number, starts: readonly number[]) {
    this.#text = text;
    this.name = name;
    this.offset = offset;
    this.end = end;
    this.#starts = starts;
  }

  /** As it was sent, a character for each byte; "" where the segment ends before it. */
  field(number: number): string {
    const start = this.#starts[number];
    if (start === undefined) return "";
    const next = this.#starts[number + 1];
    return this.#text.slice(start, next === undefined ? this.end : next - 1);
  }

  isEmpty(number: number): boolean {
    const start = this.#starts[number];
    if (start === undefined) return true;
    return start >= (this.#starts[number + 1] ?? this.end + 1) - 1;
  }

  /** Byte at which the field begins, or the segment ends. */
  offsetOf(number: number): number {
    return this.#starts[number] ?? this.end;
  }

  get fieldCount(): number {
    return this.#starts.length - 1;
  }
}

export interface Message {
  readonly delimiters: Delimiters;
  /** The first is MSH. */
  readonly segments: readonly Segment[];
  readonly msh: Segment;
  /** null: MSH-18 names one that is not read here. */
  readonly charset: Charset | null;
}

/**
 * Splits a message of HL7 version 2 into segments and fields. Segments end with CR; LF and CR LF, which files have, are
 * read as well.
 *
 * @param format name of the codec, for the error
 * @throws RefusedInput MALFORMED_BYTES, BODY_TOO_LARGE
 * @source HL7 v2.6 chapter 2
 */
export function parseMessage(bytes: Uint8Array, format: string): Message {
  if (bytes.length > MAX_MESSAGE_BYTES) {
    throw new RefusedInput("BODY_TOO_LARGE", { at: "message", expected: `at most ${MAX_MESSAGE_BYTES} bytes` });
  }
  const text = latin1(bytes);
  const delimiters = delimitersOf(text, format);
  const segments: Segment[] = [];
  const separator = text.includes("\n") ? ANY_END : CR;
  for (let at = 0; at < text.length; ) {
    const end = endOf(text, at, separator);
    if (end > at) {
      if (segments.length >= MAX_SEGMENTS) {
        throw new RefusedInput("BODY_TOO_LARGE", { at: "message", expected: `at most ${MAX_SEGMENTS} segments` });
      }
      segments.push(segmentOf(text, at, end, delimiters.field, format));
    }
    at = end + 1;
  }
  const msh = segments[0] as Segment;
  return { delimiters, segments, msh, charset: charsetOf(msh.field(18), delimiters) };
}

function endOf(text: string, at: number, separator: typeof CR | RegExp): number {
  if (typeof separator === "string") {
    const end = text.indexOf(separator, at);
    return end < 0 ? text.length : end;
  }
  separator.lastIndex = at;
  return separator.exec(text)?.index ?? text.length;
}

function delimitersOf(text: string, format: string): Delimiters {
  if (!text.startsWith("MSH")) throw malformed(format, "MSH", 0, "the segment MSH");
  const field = text.charAt(3);
  const end = field === "" ? -1 : text.indexOf(field, 4);
  const rest = end < 0 ? "" : text.slice(4, end);
  const all = field + rest;
  // A fifth, of 2.7, marks what was cut short; older senders leave out those at the end that they do not use.
  const isWell =
    rest.length >= 1 && rest.length <= 5 && new Set(all).size === all.length && !/[A-Za-z0-9\s"]/.test(all);
  if (!isWell) throw malformed(format, "MSH-2", 4, "one to five different characters that separate, such as ^~\\&");
  const [component = "", repetition = "", escaping = "", subcomponent = ""] = rest;
  return { field, component, repetition, escape: escaping, subcomponent };
}

function segmentOf(text: string, start: number, end: number, separator: string, format: string): Segment {
  const name = text.slice(start, start + 3);
  if (!NAME.test(name)) throw malformed(format, "segment", start, "three capital letters or digits");
  const isMsh = name === "MSH";
  if (isMsh !== (start === 0)) throw malformed(format, "segment", start, "MSH first, and once");
  const starts = isMsh ? [start, start + 3] : [start];
  let at = start + 3;
  if (at < end && text.charAt(at) !== separator) throw malformed(format, name, at, "the field separator");
  while (at >= 0 && at < end) {
    starts.push(at + 1);
    if (starts.length > MAX_FIELDS) throw malformed(format, name, at, `at most ${MAX_FIELDS} fields`);
    const next = text.indexOf(separator, at + 1);
    const stop = next < 0 || next > end ? end : next;
    if (stop - at > MAX_FIELD_BYTES && !(name === "OBX" && starts.length === 6)) {
      throw malformed(format, `${name}-${starts.length - 1}`, at + 1, `at most ${MAX_FIELD_BYTES} bytes`);
    }
    at = stop;
  }
  return new Segment(text, name, start, end, starts);
}

/** A character for each byte, so that a position in the text is a position in the bytes. */
function latin1(bytes: Uint8Array): string {
  if (bytes.length <= CHUNK) return String.fromCharCode.apply(null, bytes as unknown as number[]);
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) {
    text += String.fromCharCode.apply(null, bytes.subarray(at, at + CHUNK) as unknown as number[]);
  }
  return text;
}

/** @source HL7 table 0211 */
function charsetOf(field: string, { repetition }: Delimiters): Charset | null {
  const name = firstOf(field, repetition).trim().toUpperCase();
  switch (name) {
    case "":
    case "ASCII":
      return "ascii";
    case "UNICODE UTF-8":
    case "UTF-8":
      return "utf-8";
    case "8859/1":
      return "latin-1";
    default:
      return null;
  }
}

/** What stands before the first separator. */
export function firstOf(value: string, separator: string): string {
  const at = separator === "" ? -1 : value.indexOf(separator);
  return at < 0 ? value : value.slice(0, at);
}

/** All parts; of an empty value, one that is empty. */
export function partsOf(value: string, separator: string): readonly string[] {
  return separator === "" ? [value] : value.split(separator);
}
