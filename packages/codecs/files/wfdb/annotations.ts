import type { Instant } from "../../codec.ts";
import { malformed } from "../../reader.ts";
import type { Gathered } from "../gathered.ts";
import CODES from "./annotations.json" with { type: "json" };
import { WFDB } from "./piece.ts";

const SKIP = 59;
const NUMBER = 60;
const CHANNEL = 62;
const AUX = 63;
const BEATS = new Set(CODES.beats);
const BREAKS = new Map(Object.entries(CODES.breaks));
const OTHERS = new Map(Object.entries(CODES.others));
const NOTE = 22;
const RHYTHM = /^\(([A-Za-z0-9+-]{1,20})/;
const RESOLUTION = /^## time resolution: (\d{1,7}(?:\.\d{1,9})?)$/;
const MAX_MS = 8e15;
const WORDS_MAX = 64;

/** One annotation of MIT's format. */
export interface Annotation {
  readonly code: number;
  /** Samples of the record's frames since its beginning, unless a note says another resolution. */
  readonly sample: number;
  readonly aux: string;
  /** Byte at which it begins. */
  readonly offset: number;
}

/**
 * @param at where the bytes stand in the piece, for the error
 * @throws RefusedInput MALFORMED_BYTES
 * @source WFDB Applications Guide, annot(5)
 */
export function* readAnnotations(bytes: Uint8Array, at: number): Generator<Annotation> {
  const word = (where: number) => (bytes[where] as number) | ((bytes[where + 1] as number) << 8);
  let sample = 0;
  let open: { code: number; sample: number; aux: string; offset: number } | null = null;
  let where = 0;
  for (; where + 1 < bytes.length; ) {
    const value = word(where);
    const [code, low] = [value >> 10, value & 0x3ff];
    if (value === 0) break;
    const offset = at + where;
    where += 2;
    if (code === SKIP) {
      if (where + 3 >= bytes.length) throw malformed(WFDB, "interval", at + bytes.length, "four bytes");
      // A PDP-11's long: the high half first.
      sample += (word(where) << 16) | word(where + 2);
      where += 4;
    } else if (code === AUX) {
      if (where + low > bytes.length) throw malformed(WFDB, "text", at + bytes.length, `${low} bytes`);
      if (open) open.aux = textOf(bytes, where, low);
      where += low + (low % 2);
    } else if (code < NUMBER || code > CHANNEL) {
      if (open) yield open;
      sample += low;
      open = { code, sample, aux: "", offset };
    }
  }
  if (open) yield open;
}

/** Letters before the first zero, a byte each; longer words than these nobody looks at. */
function textOf(bytes: Uint8Array, from: number, length: number): string {
  let text = "";
  for (let at = from; at < from + Math.min(length, WORDS_MAX) && bytes[at] !== 0; at++) {
    text += String.fromCharCode(bytes[at] as number);
  }
  return text;
}

/** Intervals between neighbouring beats, and rhythms from one change to the next; the rest is counted by its kind. */
export function takeAnnotations(
  bytes: Uint8Array,
  at: number,
  found: Gathered,
  frameRateHz: number,
  timeOf: (frame: number) => Instant,
): void {
  let perFrame = 1;
  let beat: number | null = null;
  let rhythm: { readonly name: string; readonly at: Instant } | null = null;
  let item = -1;
  const tell = (until: Instant | null) => {
    if (rhythm)
      found.event("rhythm", rhythm.at, {
        rhythm: rhythm.name,
        ...(until && { until: new Date(Math.round(until.time)).toISOString() }),
      });
  };
  for (const { code, sample, aux, offset } of readAnnotations(bytes, at)) {
    const resolution = sample === 0 && code === NOTE ? Number(RESOLUTION.exec(aux)?.[1] ?? 0) : 0;
    if (resolution > 0) perFrame = frameRateHz / resolution;
    const frame = sample * perFrame;
    const when = timeOf(frame);
    item++;
    if (!(Math.abs(when.time) < MAX_MS)) found.refuse(item, "TIME_IMPOSSIBLE", "annotation", "a time that there is");
    else if (BEATS.has(code)) {
      const intervalMs = beat === null ? 0 : ((frame - beat) * 1000) / frameRateHz;
      // Of the first beat, and of one that stands beside the one before, there is no interval.
      if (intervalMs > 0) found.reading(item, "rr-interval", "ms", Number(intervalMs.toPrecision(9)), when);
      beat = frame;
    } else if (code === CODES.rhythm && RHYTHM.test(aux)) {
      tell(when);
      rhythm = { name: (RHYTHM.exec(aux) as RegExpExecArray)[1] as string, at: when };
    } else {
      const isBreak = BREAKS.has(String(code));
      // What lies behind a stretch that could not be read is no interval.
      if (isBreak) beat = null;
      if (resolution === 0)
        found.ignore(`annotation: ${BREAKS.get(String(code)) ?? OTHERS.get(String(code)) ?? "other"}`, offset);
    }
  }
  tell(null);
}
