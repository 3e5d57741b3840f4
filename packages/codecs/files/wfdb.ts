import { QUALITY } from "@openward/model";
import type { Codec, Instant } from "../codec.ts";
import { malformed } from "../reader.ts";
import { ABSENT_SAMPLE } from "../waveform.ts";
import { Gathered } from "./gathered.ts";
import { checkSize, type FileFormat } from "./piece.ts";
import { takeAnnotations } from "./wfdb/annotations.ts";
import { planByName } from "./wfdb/channels.ts";
import { cutRecord } from "./wfdb/cut.ts";
import { type SampleFormat, sampleFormats, samplesIn } from "./wfdb/formats.ts";
import { int16 } from "./wfdb/group.ts";
import type { WfdbSignal } from "./wfdb/header.ts";
import { clockOf, readPiece, WFDB, type WfdbPiece } from "./wfdb/piece.ts";

/** Samples of one waveform; a longer one goes on in the next. */
const MAX_SAMPLES = 50_000;
/** Up to this rate a channel is a numeric: readings, not a waveform. */
const NUMERIC_HZ_MAX = 2;
/** A gain that nobody stated is a guess of the format. */
const QUESTIONABLE = QUALITY.questionable;

/**
 * A stretch of a record of WFDB: its header with the signals of one file, a zero byte, and the samples as that file has them; or a header and
 * annotations. In its comments "first N" is the frame of the record that is the first here.
 */
const codec: Codec = {
  name: WFDB,
  display: "WFDB (PhysioNet): header and samples, or annotations",
  decode(bytes, context) {
    checkSize(bytes);
    const piece = readPiece(bytes);
    const timeOf = clockOf(piece, context);
    const found = new Gathered();
    const { header, notes, body, at } = piece;
    if (notes.holds === "annotations") takeAnnotations(body, at, found, header.frameRateHz, timeOf);
    else takeSamples(piece, found, timeOf);
    return found.close();
  },
};

export default codec;

export const wfdb: FileFormat = {
  codec: WFDB,
  display: "WFDB (PhysioNet): the header, .hea, with its files beside it",
  isOf: (name, head) =>
    /\.hea$/i.test(name) &&
    /^\s*(?:#[^\n]*\n\s*)*[A-Za-z0-9_.-]+(?:\/\d+)?[ \t]+\d+/.test(new TextDecoder("latin1").decode(head)),
  cut: cutRecord,
};

function takeSamples(piece: WfdbPiece, found: Gathered, timeOf: (frame: number) => Instant): void {
  const { header, at, notes } = piece;
  const { signals, frameRateHz } = header;
  if (signals.length === 0) return;
  const { format, frames, body } = samplesOf(piece);
  const perFrame = signals.reduce((sum, { samplesPerFrame }) => sum + samplesPerFrame, 0);
  const all = new Int32Array(frames * perFrame);
  format.decode(body, all.length, all, 0);
  const taken = new Set<string>();
  let offset = 0;
  for (const [index, signal] of signals.entries()) {
    const samples = samplesOfSignal(all, { signal, offset, perFrame, frames, format }, at);
    offset += signal.samplesPerFrame;
    const rateHz = frameRateHz * signal.samplesPerFrame;
    const kind = rateHz <= NUMERIC_HZ_MAX ? "numeric" : "waveform";
    const unit = signal.unitIsWritten ? signal.unit : null;
    const plan = planByName({ name: signal.description, unit, kind, ownUnit: false }, false);
    if (plan.signal === null || plan.unit === null)
      found.ignore(`channel ${signal.description} in ${unit ?? "no unit"}`, 0);
    else if (!hasRange({ signal, exact: notes.exact }))
      found.ignore(`channel ${signal.description} without a range`, 0);
    else if (notes.left.has(index) || taken.has(plan.signal)) {
      found.ignore(`channel ${signal.description}: another is ${plan.signal} already`, 0);
    } else {
      taken.add(plan.signal);
      const known = {
        signal,
        key: plan.signal,
        unit: plan.unit,
        samples,
        rateHz,
        first: notes.first - signal.skew,
        exact: notes.exact,
      };
      if (kind === "numeric") takeReadings(known, found, timeOf);
      else takeWaveform(known, found, timeOf);
    }
  }
}

/** Whole frames, in the one format that they all have. */
function samplesOf({ header, body: given, at }: WfdbPiece): {
  readonly format: SampleFormat;
  readonly frames: number;
  readonly body: Uint8Array;
} {
  const { signals } = header;
  const [first] = signals as [WfdbSignal];
  const format = sampleFormats.get(first.format);
  if (!format) throw malformed(WFDB, "format", 0, [...sampleFormats.keys()].join(", "));
  const isOne = (each: WfdbSignal) =>
    each.fileName === first.fileName && each.format === first.format && each.byteOffset === first.byteOffset;
  if (!signals.every(isOne)) throw malformed(WFDB, "signals", 0, "signals of one file, format and offset");
  const body = given.subarray(first.byteOffset);
  const perFrame = signals.reduce((sum, { samplesPerFrame }) => sum + samplesPerFrame, 0);
  const frames = header.frames ?? Math.floor(samplesIn(format, body.length) / perFrame);
  const bytes = format.bytesFor(frames * perFrame);
  if (bytes > body.length) throw malformed(WFDB, "samples", at + given.length, `${bytes} bytes of samples`);
  if (header.frames !== null && bytes < body.length) {
    throw malformed(WFDB, "samples", at + first.byteOffset + bytes, `${bytes} bytes of samples`);
  }
  return { format, frames, body };
}

interface Place {
  readonly signal: WfdbSignal;
  readonly offset: number;
  readonly perFrame: number;
  readonly frames: number;
  readonly format: SampleFormat;
}

/** @throws RefusedInput MALFORMED_BYTES where the sum is not that of the header */
function samplesOfSignal(all: Int32Array, { signal, offset, perFrame, frames, format }: Place, at: number): Int32Array {
  const each = signal.samplesPerFrame;
  const samples = new Int32Array(frames * each);
  let sum = 0;
  let last = signal.initialValue ?? signal.adcZero;
  for (let frame = 0, n = 0; frame < frames; frame++) {
    for (let k = 0; k < each; k++, n++) {
      const stored = all[frame * perFrame + offset + k] as number;
      const value = format.isDifference ? (last + stored) | 0 : stored;
      last = value;
      sum = (sum + value) | 0;
      samples[n] = value === format.absent ? ABSENT_SAMPLE : value;
    }
  }
  if (signal.checksum !== null && signal.checksum !== 0 && int16(signal.checksum) !== int16(sum)) {
    throw malformed(WFDB, `checksum of ${signal.description.slice(0, 40)}`, at, String(int16(signal.checksum)));
  }
  return samples;
}

interface Known {
  readonly signal: WfdbSignal;
  readonly key: string;
  readonly unit: string;
  readonly samples: Int32Array;
  readonly rateHz: number;
  /** Frame of the record at which the first sample was measured; what precedes the record is left. */
  readonly first: number;
  readonly exact: WfdbPiece["notes"]["exact"];
}

/** Not one that makes of a number something that is none. */
function hasRange(known: Pick<Known, "signal" | "exact">): boolean {
  const { scale, origin } = scaleOf(known);
  return Math.abs(scale) >= 1e-15 && Math.abs(scale) <= 1e6 && Math.abs(origin) <= 1e15;
}

const scaleOf = ({ signal, exact }: Pick<Known, "signal" | "exact">) => ({
  scale: exact?.scale ?? 1 / signal.gain,
  origin: exact?.origin ?? (signal.baseline === 0 ? 0 : -signal.baseline / signal.gain),
});

function takeWaveform(known: Known, found: Gathered, timeOf: (frame: number) => Instant): void {
  const { signal, key, unit, samples, rateHz, first } = known;
  const { scale, origin } = scaleOf(known);
  const each = signal.samplesPerFrame;
  const begin = Math.max(0, -first) * each;
  for (let from = begin; from < samples.length; from += MAX_SAMPLES) {
    const some = samples.slice(from, from + MAX_SAMPLES);
    // Nothing was recorded: the gap is the gap.
    if (some.every((sample) => sample === ABSENT_SAMPLE)) continue;
    const { time, utcOffsetMinutes, quality } = timeOf(first + from / each);
    const questionable = signal.isCalibrated ? 0 : QUESTIONABLE;
    found.waveform({
      item: 0,
      signal: key,
      start: time,
      utcOffsetMinutes,
      rateHz,
      unit,
      scale,
      origin,
      samples: some,
      quality: quality | questionable,
    });
  }
}

function takeReadings(known: Known, found: Gathered, timeOf: (frame: number) => Instant): void {
  const { signal, key, unit, samples, first } = known;
  const { scale, origin } = scaleOf(known);
  const each = signal.samplesPerFrame;
  for (const [i, sample] of samples.entries()) {
    if (sample === ABSENT_SAMPLE || first + i / each < 0) continue;
    const value = Number((sample * scale + origin).toPrecision(9));
    found.reading(
      Math.floor(i / each),
      key,
      unit,
      value,
      timeOf(first + i / each),
      signal.isCalibrated ? 0 : QUESTIONABLE,
    );
  }
}
