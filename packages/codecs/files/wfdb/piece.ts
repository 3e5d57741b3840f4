import { RefusedInput } from "@openward/errors";
import type { DecodeContext, Instant } from "../../codec.ts";
import { instantOf, shownMs } from "../../local-time.ts";
import { malformed } from "../../reader.ts";
import { parseHeader, type WfdbHeader, type WfdbSignal } from "./header.ts";

export const WFDB = "files/wfdb";
const HEADER_MAX = 1_048_576;
/** Slower than one sample in three years nothing is. */
const MIN_RATE_HZ = 1e-8;
const MAX_MS = 8e15;
const MAX_FRAME = 2 ** 52;

/** What the comments of a piece's header say, beside what WFDB has a place for. */
export interface PieceNotes {
  /** Frame of the record that is the piece's first. */
  readonly first: number;
  /** Signals that another file of the record says already, by their place in the piece. */
  readonly left: ReadonlySet<number>;
  readonly holds: "samples" | "annotations";
  /** Of files of ours: exactly when and how. */
  readonly exact: { readonly startMs: number; readonly scale: number; readonly origin: number } | null;
  readonly isUtc: boolean;
}

/** A header, a zero byte, and samples in the form that the header says, or annotations. */
export interface WfdbPiece {
  readonly header: WfdbHeader;
  readonly notes: PieceNotes;
  readonly body: Uint8Array;
  /** Byte of the piece at which the body begins. */
  readonly at: number;
}

/** @throws RefusedInput MALFORMED_BYTES */
export function readPiece(bytes: Uint8Array): WfdbPiece {
  const end = bytes.subarray(0, HEADER_MAX).indexOf(0);
  if (end < 0) throw malformed(WFDB, "header", 0, "a header, a zero byte and the samples behind it");
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, end));
  const header = headerOf(text);
  if (header.frameRateHz < MIN_RATE_HZ) throw malformed(WFDB, "sampling rate", 0, `at least ${MIN_RATE_HZ} Hz`);
  if (header.segments.length > 0) throw malformed(WFDB, "segments", 0, "a record of one piece");
  return { header, notes: notesOf(header), body: bytes.subarray(end + 1), at: end + 1 };
}

function headerOf(text: string): WfdbHeader {
  try {
    return parseHeader(text, "header");
  } catch (error) {
    if (!(error instanceof RefusedInput)) throw error;
    const line = Number(/:(\d+)$/.exec(error.facts.at ?? "")?.[1] ?? 1);
    const before = text.split(/(?<=\n)/).slice(0, line - 1);
    throw malformed(WFDB, `header line ${line}`, before.join("").length, error.facts.expected ?? "a header of WFDB");
  }
}

function notesOf({ comments, signals }: WfdbHeader): PieceNotes {
  const found = (pattern: RegExp) => comments.map((comment) => pattern.exec(comment)).find((match) => match !== null);
  const first = Number(found(/^first (\d{1,16})$/)?.[1] ?? 0);
  if (first > MAX_FRAME) throw malformed(WFDB, "first", 0, `at most ${MAX_FRAME}`);
  const own = found(/^start_ms (\S+) rate_hz \S+ scale (\S+) origin (\S+):/)
    ?.slice(1)
    .map(Number);
  const isExact =
    own?.every(Number.isFinite) && Math.abs(own[0] as number) < MAX_MS && own[1] !== 0 && signals.length === 1;
  const [startMs = 0, scale = 1, origin = 0] = own ?? [];
  return {
    first,
    left: new Set(
      found(/^left ([\d ]{1,2000})$/)?.[1]
        ?.split(" ")
        .map(Number),
    ),
    holds: found(/^annotations$/) ? "annotations" : "samples",
    exact: isExact ? { startMs, scale, origin } : null,
    isUtc: found(/^times are UTC$/) !== undefined,
  };
}

/** When a frame of the record is, from the time that its header says; the zone is said by nobody, unless it is UTC. */
export function clockOf({ header, notes }: WfdbPiece, context: DecodeContext): (frame: number) => Instant {
  const { baseDate, baseTime, frameRateHz } = header;
  const shown = notes.exact?.startMs ?? shownBy(baseDate, baseTime);
  if (shown === null) {
    const expected =
      "hh:mm:ss dd/mm/yyyy: when the recording began (openward import --start says it where the header does not)";
    throw malformed(WFDB, "base time", 0, expected);
  }
  const isUtc = notes.isUtc || notes.exact !== null;
  const begins: Instant = isUtc ? { time: shown, utcOffsetMinutes: null, quality: 0 } : instantOf(shown, context);
  return (frame) => ({ ...begins, time: begins.time + (frame * 1000) / frameRateHz });
}

/** @returns ms, read as if they were UTC; null: no such time */
export function shownBy(date: string | null, time: string | null): number | null {
  const day = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(date ?? "");
  const clock = /^(?:(\d{1,2}):)?(?:(\d{1,2}):)?(\d{1,2})(?:\.(\d{1,9}))?$/.exec(time ?? "");
  if (!day || !clock) return null;
  // "12:30" is twelve minutes and a half: seconds are what is never left out.
  const [hour, minute] = clock[2] === undefined ? [0, Number(clock[1] ?? 0)] : [Number(clock[1]), Number(clock[2])];
  const millis = Number((clock[4] ?? "").slice(0, 3).padEnd(3, "0"));
  const shown = shownMs(Number(day[3]), Number(day[2]), Number(day[1]), hour, minute, Number(clock[3]), millis);
  return Number.isNaN(shown) ? null : shown;
}

export interface PieceHead {
  readonly name: string;
  readonly rateHz: number;
  readonly frames: number;
  readonly baseTime: string;
  readonly baseDate: string;
  readonly signals: readonly (WfdbSignal & { readonly initialValue: number; readonly checksum: number })[];
  /** Comments. */
  readonly notes: readonly string[];
}

/** The header of a piece, with the zero byte. */
export function pieceHead({ name, rateHz, frames, baseTime, baseDate, signals, notes }: PieceHead): Uint8Array {
  const lines = [
    `${name} ${signals.length} ${rateHz} ${frames} ${baseTime} ${baseDate}`,
    ...signals.map(signalLine),
    ...notes.map((note) => `# ${note}`),
  ];
  const text = `${lines.join("\n")}\n\u0000`;
  return Uint8Array.from(text, (character) => character.charCodeAt(0) & 0xff);
}

function signalLine(signal: PieceHead["signals"][number]): string {
  const { fileName, format, samplesPerFrame, skew, gain, isCalibrated, baseline, unit, unitIsWritten } = signal;
  const { adcResolution, adcZero, initialValue, checksum, description } = signal;
  const form = `${format}${samplesPerFrame === 1 ? "" : `x${samplesPerFrame}`}${skew === 0 ? "" : `:${skew}`}`;
  const physical = `${isCalibrated ? gain : 0}(${baseline})${unitIsWritten ? `/${unit}` : ""}`;
  return `${fileName} ${form} ${physical} ${adcResolution ?? 0} ${adcZero} ${initialValue} ${checksum} 0 ${description}`;
}
