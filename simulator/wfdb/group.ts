import { RefusedInput } from "@openward/errors";
import { ABSENT_SAMPLE } from "@openward/model";
import { type ByteReader, openBytes } from "./bytes.ts";
import { type SampleFormat, sampleFormats } from "./formats.ts";
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
 * @param folder with a trailing slash
 * @throws RefusedInput FILE_FORMAT (format not read here, initial value wrong), FILE_UNREADABLE, FILE_TRUNCATED, FILE_CORRUPT
 */
export async function openGroup(
  folder: string,
  header: WfdbHeader,
  signals: readonly WfdbSignal[],
): Promise<SignalGroup> {
  const first = signals[0]!;
  const format = formatOf(header, signals);
  const bytes = await openBytes(folder + first.fileName);
  try {
    await skip(bytes, first.byteOffset);
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
      for (let f = 0, at = 0; f < frames; f++) {
        for (let k = 0; k < each; k++, at++) {
          const value = samples[f * perFrame + offset + k]!;
          sum = (sum + value) | 0;
          values[at] = value === format.absent ? ABSENT_SAMPLE : value;
        }
      }
      if (frames > 0) firstValues[index] ??= samples[offset]!;
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
      if (wasStart && whole > 0) checkFirstValues(header, signals, firstValues);
      return out;
    },
    finish() {
      for (const [index, signal] of signals.entries()) {
        if (signal.checksum === null) continue;
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
    if (signal.initialValue === null || signal.initialValue === found[index]) continue;
    throw new RefusedInput("FILE_CORRUPT", {
      at: `${signal.fileName}, signal ${signal.description} (${header.file}:${signal.line})`,
      expected: `first value ${signal.initialValue}`,
      received: String(found[index]),
    });
  }
}

function samplesIn(format: SampleFormat, bytes: number): number {
  let samples = Math.floor(bytes / format.groupBytes) * format.groupSamples;
  while (format.bytesFor(samples + 1) <= bytes) samples++;
  return samples;
}

async function skip(bytes: ByteReader, count: number): Promise<void> {
  let left = count;
  while (left > 0) {
    const got = await bytes.read(Math.min(left, 65_536));
    if (got.length === 0) {
      throw new RefusedInput("FILE_TRUNCATED", {
        at: bytes.file,
        file: bytes.file,
        expected: `samples from byte ${count} on`,
        received: `${bytes.position} bytes`,
      });
    }
    left -= got.length;
  }
}

const int16 = (value: number) => (value << 16) >> 16;
