import { RefusedInput } from "@openward/errors";
import { ABSENT_SAMPLE } from "../../waveform.ts";
import { type ByteReader, openBytes, skipBytes, type WfdbFolder } from "./bytes.ts";
import { type SampleFormat, sampleFormats, samplesIn } from "./formats.ts";
import type { WfdbHeader, WfdbSignal } from "./header.ts";

/** The signals that share one file, their frames interleaved. */
export interface SignalGroup {
  readonly signals: readonly WfdbSignal[];
  /** Samples of the next `frames` frames, one array per signal; shorter only at the end of a file of unknown length. */
  read(frames: number): Promise<readonly Int32Array[]>;
  /** At the end: checksums against the header. */
  finish(): void;
  /** What was read of each signal, in the order of `signals`. */
  sums(): readonly { readonly checksum: number; readonly firstValue: number | null; readonly samples: number }[];
  /** Bytes of the file that the header does not account for; reads to the end. */
  surplusBytes(): Promise<number>;
  close(): void;
}

/**
 * @throws RefusedInput FILE_FORMAT (format not read here, initial value wrong), FILE_UNREADABLE, FILE_TRUNCATED, FILE_CORRUPT
 */
export async function openGroup(
  folder: WfdbFolder,
  header: WfdbHeader,
  signals: readonly WfdbSignal[],
): Promise<SignalGroup> {
  const first = signals[0]!;
  const format = formatOf(header, signals);
  const bytes = await openBytes(folder, first.fileName);
  try {
    await skipBytes(bytes, first.byteOffset);
  } catch (error) {
    bytes.close();
    throw error;
  }
  return readGroup(header, signals, format, bytes);
}

/** Refuses a format that is not read here before any file is opened. */
export function formatOf(header: WfdbHeader, signals: readonly WfdbSignal[]): SampleFormat {
  const first = signals[0]!;
  const format = sampleFormats.get(first.format);
  if (!format) {
    const expected = `format ${[...sampleFormats.keys()].join(", ")}`;
    throw new RefusedInput("FILE_FORMAT", {
      at: `${header.file}:${first.line}`,
      expected,
      received: `format ${first.format}`,
    });
  }
  const odd = signals.find((s) => s.format !== first.format || s.byteOffset !== first.byteOffset);
  if (odd) {
    const expected = `format ${first.format} and offset ${first.byteOffset}, as of the same file's first signal`;
    const received = `format ${odd.format}, offset ${odd.byteOffset}`;
    throw new RefusedInput("FILE_FORMAT", { at: `${header.file}:${odd.line}`, expected, received });
  }
  return format;
}

function readGroup(
  header: WfdbHeader,
  signals: readonly WfdbSignal[],
  format: SampleFormat,
  bytes: ByteReader,
): SignalGroup {
  const perFrame = signals.reduce((sum, s) => sum + s.samplesPerFrame, 0);
  const checksums = new Int32Array(signals.length);
  // Of differences, the sample before.
  const before = Int32Array.from(signals, ({ initialValue, adcZero }) => initialValue ?? adcZero);
  const firstValues: (number | null)[] = signals.map(() => null);
  const counts = new Float64Array(signals.length);
  // A frame can end in the middle of a packed group; its other sample waits here for the next call.
  let carried: Int32Array = new Int32Array(0);
  let framesRead = 0;

  const readSamples = async (count: number): Promise<Int32Array> => {
    const missing = Math.max(0, count - carried.length);
    const remaining = header.frames === null ? Number.POSITIVE_INFINITY : (header.frames - framesRead) * perFrame;
    // Whole packed groups, except at the declared end, where an odd last sample takes bytes of its own.
    const grouped = Math.ceil(missing / format.groupSamples) * format.groupSamples;
    const wanted = Math.min(grouped, remaining - carried.length);
    const raw = await bytes.read(format.bytesFor(wanted));
    const decodable = raw.length < format.bytesFor(wanted) ? samplesIn(format, raw.length) : wanted;
    const all = new Int32Array(carried.length + decodable);
    all.set(carried);
    format.decode(raw, decodable, all, carried.length);
    carried = all.slice(Math.min(count, all.length));
    return all.subarray(0, Math.min(count, all.length));
  };

  const takeFrames = (samples: Int32Array, frames: number): Int32Array[] => {
    const out: Int32Array[] = [];
    let offset = 0;
    for (const [index, signal] of signals.entries()) {
      const each = signal.samplesPerFrame;
      const values = new Int32Array(frames * each);
      let sum = checksums[index]!;
      let last = before[index]!;
      let first: number | null = null;
      for (let f = 0, at = 0; f < frames; f++) {
        for (let k = 0; k < each; k++, at++) {
          const stored = samples[f * perFrame + offset + k]!;
          const value = format.isDifference ? (last + stored) | 0 : stored;
          last = value;
          if (first === null) first = value;
          sum = (sum + value) | 0;
          values[at] = value === format.absent ? ABSENT_SAMPLE : value;
        }
      }
      firstValues[index] ??= first;
      before[index] = last;
      checksums[index] = sum;
      counts[index] = counts[index]! + values.length;
      offset += each;
      out.push(values);
    }
    return out;
  };

  return {
    signals,
    async read(frames) {
      const samples = await readSamples(frames * perFrame);
      const whole = Math.floor(samples.length / perFrame);
      if (header.frames !== null && whole < frames) {
        const offset = signals[0]!.byteOffset;
        throw new RefusedInput("FILE_TRUNCATED", {
          at: bytes.file,
          file: bytes.file,
          expected: `${offset + format.bytesFor(header.frames * perFrame)} bytes`,
          received: `${bytes.position} bytes`,
        });
      }
      const wasStart = framesRead === 0;
      framesRead += whole;
      const out = takeFrames(samples, whole);
      if (wasStart && whole > 0 && !format.isDifference) checkFirstValues(header, signals, firstValues);
      return out;
    },
    finish() {
      for (const [index, signal] of signals.entries()) {
        // Many that are published have 0 where nobody added up.
        if (signal.checksum === null || signal.checksum === 0) continue;
        // Some writers give the sum unsigned; the 16 bits are the same.
        if (int16(checksums[index]!) === int16(signal.checksum)) continue;
        throw new RefusedInput("FILE_CORRUPT", {
          at: `${bytes.file}, signal ${signal.description} (${header.file}:${signal.line})`,
          expected: `checksum ${signal.checksum}`,
          received: String(int16(checksums[index]!)),
        });
      }
    },
    sums: () =>
      signals.map((_, i) => ({
        checksum: int16(checksums[i]!),
        firstValue: firstValues[i] ?? null,
        samples: counts[i]!,
      })),
    async surplusBytes() {
      let surplus = 0;
      for (let more = await bytes.read(65_536); more.length > 0; more = await bytes.read(65_536))
        surplus += more.length;
      return surplus;
    },
    close: () => bytes.close(),
  };
}

function checkFirstValues(header: WfdbHeader, signals: readonly WfdbSignal[], found: readonly (number | null)[]): void {
  for (const [index, signal] of signals.entries()) {
    // Without a sum beside it the first value is often that of an earlier version: whoever reads is told, and goes on.
    if (signal.initialValue === null || signal.initialValue === found[index] || signal.checksum === 0) continue;
    throw new RefusedInput("FILE_CORRUPT", {
      at: `${signal.fileName}, signal ${signal.description} (${header.file}:${signal.line})`,
      expected: `first value ${signal.initialValue}`,
      received: String(found[index]),
    });
  }
}

export const int16 = (value: number) => (value << 16) >> 16;
