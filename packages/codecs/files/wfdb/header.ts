import { RefusedInput } from "@openward/errors";

/** One line of a header's signal list. Physical value = (sample - baseline) / gain, in `unit`. */
export interface WfdbSignal {
  readonly fileName: string;
  readonly format: number;
  readonly samplesPerFrame: number;
  /** Frames of this signal that precede frame 0. */
  readonly skew: number;
  readonly byteOffset: number;
  /** ADC units per physical unit; 200 where the header gives none or zero. */
  readonly gain: number;
  readonly isCalibrated: boolean;
  readonly baseline: number;
  /** As written; "mV" where nothing is written, as the format says. */
  readonly unit: string;
  readonly unitIsWritten: boolean;
  readonly adcResolution: number | null;
  readonly adcZero: number;
  readonly initialValue: number | null;
  /** Sum of all samples as a signed 16-bit number; null where the header gives none. */
  readonly checksum: number | null;
  readonly description: string;
  readonly line: number;
}

/** A piece of a multi-segment record; `name` null is a gap (`~`). */
export interface WfdbSegment {
  readonly name: string | null;
  readonly frames: number;
  readonly line: number;
}

export interface WfdbHeader {
  /** File name without folder, for messages. */
  readonly file: string;
  readonly name: string;
  readonly signalCount: number;
  readonly frameRateHz: number;
  /** null where the header does not say. */
  readonly frames: number | null;
  readonly baseTime: string | null;
  readonly baseDate: string | null;
  readonly signals: readonly WfdbSignal[];
  /** Empty for a single-segment record. */
  readonly segments: readonly WfdbSegment[];
  readonly comments: readonly string[];
}

const SIGNALS_MAX = 512;
const SEGMENTS_MAX = 200_000;
const SAMPLES_PER_FRAME_MAX = 10_000;
const SKEW_FRAMES_MAX = 100_000;

/**
 * Parse a WFDB header, single- or multi-segment.
 *
 * @param file name for messages
 * @throws RefusedInput FILE_FORMAT with `at` "name.hea:line"
 * @source WFDB Applications Guide, header(5)
 */
export function parseHeader(text: string, file: string): WfdbHeader {
  const lines: { text: string; line: number }[] = [];
  const comments: string[] = [];
  for (const [index, raw] of text.split(/\r\n|\n|\r/).entries()) {
    const trimmed = raw.trim();
    if (trimmed.startsWith("#")) comments.push(trimmed.slice(1).trim());
    else if (trimmed !== "") lines.push({ text: trimmed, line: index + 1 });
  }
  const first = lines[0];
  if (!first) throw refuse(file, 1, "a record line", "an empty header");
  const record = parseRecordLine(first.text, file, first.line);
  const rest = lines.slice(1);
  const wanted = record.segmentCount ?? record.signalCount;
  const noun = record.segmentCount === null ? "signal" : "segment";
  if (rest.length < wanted) {
    throw refuse(file, first.line + rest.length, `${wanted} ${noun} lines`, `${rest.length} lines`);
  }
  if (rest.length > wanted) {
    throw refuse(file, rest[wanted]?.line ?? 0, `${wanted} ${noun} lines`, `${rest.length} lines`);
  }
  const isMulti = record.segmentCount !== null;
  const segments = isMulti ? rest.map((l) => parseSegmentLine(l.text, file, l.line)) : [];
  const signals = isMulti ? [] : rest.map((l, i) => parseSignalLine(l.text, file, l.line, i));
  const sum = segments.reduce((total, s) => total + s.frames, 0);
  if (isMulti && record.frames !== null && sum !== record.frames) {
    throw refuse(file, first.line, `segments of ${record.frames} frames together`, `${sum} frames`);
  }
  return {
    file,
    name: record.name,
    signalCount: record.signalCount,
    frameRateHz: record.frameRateHz,
    frames: record.frames ?? (isMulti ? sum : null),
    baseTime: record.baseTime,
    baseDate: record.baseDate,
    signals,
    segments,
    comments,
  };
}

function parseRecordLine(text: string, file: string, line: number) {
  const parts = text.split(/\s+/);
  const name = /^([A-Za-z0-9_.-]+)(?:\/(\d+))?$/.exec(parts[0] ?? "");
  if (!name) throw refuse(file, line, "a record name, or name/segments", parts[0] ?? "");
  const segmentCount = name[2] === undefined ? null : Number(name[2]);
  if (segmentCount !== null && (segmentCount < 1 || segmentCount > SEGMENTS_MAX)) {
    throw refuse(file, line, `1 to ${SEGMENTS_MAX} segments`, name[2] ?? "");
  }
  const signalCount = integer(parts[1], file, line, "the number of signals");
  if (signalCount < 0 || signalCount > SIGNALS_MAX) {
    throw refuse(file, line, `0 to ${SIGNALS_MAX} signals`, String(signalCount));
  }
  let frameRateHz = 250;
  if (parts[2] !== undefined) {
    const rate = /^([0-9.eE+-]+)(?:\/[0-9.eE+-]+(?:\([0-9.eE+-]+\))?)?$/.exec(parts[2]);
    frameRateHz = rate ? Number(rate[1]) : Number.NaN;
    if (!(frameRateHz > 0 && frameRateHz <= 1_000_000)) throw refuse(file, line, "a sampling rate in Hz", parts[2]);
  }
  let frames: number | null = null;
  if (parts[3] !== undefined) {
    frames = integer(parts[3], file, line, "the number of samples per signal");
    if (frames < 0) throw refuse(file, line, "a number of samples, 0 or more", parts[3]);
    // The format lets 0 stand for "not known"; a layout header really has none.
    if (frames === 0 && segmentCount === null) frames = null;
  }
  return {
    name: name[1] ?? "",
    segmentCount,
    signalCount,
    frameRateHz,
    frames,
    baseTime: parts[4] ?? null,
    baseDate: parts[5] ?? null,
  };
}

function parseSegmentLine(text: string, file: string, line: number): WfdbSegment {
  const [name, count, ...more] = text.split(/\s+/);
  if (more.length > 0) throw refuse(file, line, "a segment name and its number of samples", text);
  const frames = integer(count, file, line, "the segment's number of samples");
  if (frames < 0) throw refuse(file, line, "a number of samples, 0 or more", count ?? "");
  if (name === "~") return { name: null, frames, line };
  return { name: plainName(name, file, line), frames, line };
}

const FORMAT_FIELD = /^(\d+)(?:x(\d+))?(?::(\d+))?(?:\+(\d+))?$/;
const GAIN_FIELD = /^([0-9.eE+-]+)(?:\((-?\d+)\))?(?:\/(\S+))?$/;

function parseSignalLine(text: string, file: string, line: number, index: number): WfdbSignal {
  const parts = text.split(/\s+/);
  const format = FORMAT_FIELD.exec(parts[1] ?? "");
  if (!format) throw refuse(file, line, "a format, as 212, 16x4, 212:3 or 16+24", parts[1] ?? "nothing");
  const samplesPerFrame = Number(format[2] ?? 1);
  const skew = Number(format[3] ?? 0);
  if (samplesPerFrame < 1 || samplesPerFrame > SAMPLES_PER_FRAME_MAX) {
    throw refuse(file, line, `1 to ${SAMPLES_PER_FRAME_MAX} samples per frame`, format[2] ?? "");
  }
  if (skew > SKEW_FRAMES_MAX) throw refuse(file, line, `a skew up to ${SKEW_FRAMES_MAX} frames`, format[3] ?? "");
  const gain = GAIN_FIELD.exec(parts[2] ?? "0");
  const gainValue = gain ? Number(gain[1]) : Number.NaN;
  if (!Number.isFinite(gainValue)) throw refuse(file, line, "a gain, as 200, 200(1024) or 200/mV", parts[2] ?? "");
  const optional = (field: number, what: string) =>
    parts[field] === undefined ? null : integer(parts[field], file, line, what);
  const adcZero = optional(4, "the ADC zero") ?? 0;
  return {
    fileName: parts[0] === "~" ? "~" : plainName(parts[0], file, line),
    format: Number(format[1]),
    samplesPerFrame,
    skew,
    byteOffset: Number(format[4] ?? 0),
    gain: gainValue === 0 ? 200 : gainValue,
    isCalibrated: gainValue !== 0,
    baseline: gain?.[2] === undefined ? adcZero : Number(gain[2]),
    unit: gain?.[3] ?? "mV",
    unitIsWritten: gain?.[3] !== undefined,
    adcResolution: optional(3, "the ADC resolution in bits"),
    adcZero,
    initialValue: optional(5, "the initial value"),
    checksum: optional(6, "the checksum"),
    description: parts.slice(8).join(" ") || `signal ${index}`,
    line,
  };
}

// A header names files beside itself; a path could reach any file of the machine.
function plainName(name: string | undefined, file: string, line: number): string {
  if (name === undefined || !/^[A-Za-z0-9_.-]+$/.test(name) || name.startsWith(".")) {
    throw refuse(file, line, "a plain file name beside the header", name ?? "nothing");
  }
  return name;
}

function integer(text: string | undefined, file: string, line: number, what: string): number {
  const value = text !== undefined && /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw refuse(file, line, `${what}, a whole number`, text ?? "nothing");
  return value;
}

function refuse(file: string, line: number, expected: string, received: string): RefusedInput {
  return new RefusedInput("FILE_FORMAT", { at: `${file}:${line}`, expected, received });
}
