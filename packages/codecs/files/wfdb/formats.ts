import { ABSENT_SAMPLE } from "../../waveform.ts";

/** How one signal format packs its samples. Samples come out raw, in ADC units. */
export interface SampleFormat {
  readonly id: number;
  /** The value that stands for "no sample"; null: it has none. */
  readonly absent: number | null;
  /** What is stored is how much a sample differs from the one before. */
  readonly isDifference: boolean;
  /** Samples are packed in groups that do not straddle a call: bytes and samples of a group. */
  readonly groupBytes: number;
  readonly groupSamples: number;
  /** Bytes that hold this many samples. */
  bytesFor(samples: number): number;
  /** Decode `count` samples from the start of `bytes`, which holds at least bytesFor(count). */
  decode(bytes: Uint8Array, count: number, out: Int32Array, outAt: number): void;
}

/** A whole number of bytes for each sample. */
function whole(
  id: number,
  bytes: number,
  absent: number | null,
  sample: (view: DataView, at: number) => number,
): SampleFormat {
  return {
    id,
    absent,
    isDifference: id === 8,
    groupBytes: bytes,
    groupSamples: 1,
    bytesFor: (samples) => samples * bytes,
    decode(given, count, out, outAt) {
      const view = new DataView(given.buffer, given.byteOffset, given.byteLength);
      for (let i = 0, at = 0; i < count; i++, at += bytes) out[outAt + i] = sample(view, at);
    },
  };
}

/** 16 bits, least significant byte first: the most common by far. */
const format16: SampleFormat = {
  ...whole(16, 2, -32_768, (view, at) => view.getInt16(at, true)),
  decode(bytes, count, out, outAt) {
    for (let i = 0; i < count; i++) out[outAt + i] = ((bytes[2 * i + 1]! << 24) >> 16) | bytes[2 * i]!;
  },
};

/** Two 12-bit two's-complement samples in three bytes. An odd last sample takes two. */
const format212: SampleFormat = {
  id: 212,
  absent: -2048,
  isDifference: false,
  groupBytes: 3,
  groupSamples: 2,
  bytesFor: (samples) => Math.ceil((samples * 3) / 2),
  decode(bytes, count, out, outAt) {
    let at = 0;
    let i = 0;
    for (; i + 1 < count; i += 2) {
      const middle = bytes[at + 1]!;
      out[outAt + i] = (((middle & 0x0f) << 28) >> 20) | bytes[at]!;
      out[outAt + i + 1] = (((middle & 0xf0) << 24) >> 20) | bytes[at + 2]!;
      at += 3;
    }
    if (i < count) out[outAt + i] = (((bytes[at + 1]! & 0x0f) << 28) >> 20) | bytes[at]!;
  },
};

/** Three 10-bit samples in four bytes; of the last one or two alone as many bytes as hold their bits. */
function packed10(id: number, sample: (low: number, high: number, which: number) => number): SampleFormat {
  const bytesFor = (samples: number) => {
    const rest = samples % 3;
    return 4 * ((samples - rest) / 3) + [0, 2, id === 310 ? 4 : 3][rest]!;
  };
  return {
    id,
    absent: -512,
    isDifference: false,
    groupBytes: 4,
    groupSamples: 3,
    bytesFor,
    decode(bytes, count, out, outAt) {
      for (let i = 0, at = 0; i < count; i += 3, at += 4) {
        const low = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
        const high = (bytes[at + 2] ?? 0) | ((bytes[at + 3] ?? 0) << 8);
        for (let which = 0; which < 3 && i + which < count; which++) {
          out[outAt + i + which] = (sample(low, high, which) << 22) >> 22;
        }
      }
    },
  };
}

/** Each of the first two in the low 11 bits of a pair of bytes, without the lowest; the third in the upper five of both. */
const format310 = packed10(310, (low, high, which) =>
  which === 0 ? low >> 1 : which === 1 ? high >> 1 : (low >> 11) | ((high >> 11) << 5),
);

/** One behind the other from the lowest bit of 32; the two highest are not used. */
const format311 = packed10(311, (low, high, which) =>
  which === 0 ? low : which === 1 ? (low >> 10) | (high << 6) : high >> 4,
);

/** Formats that are read here. @source WFDB Applications Guide, signal(5) */
export const sampleFormats: ReadonlyMap<number, SampleFormat> = new Map(
  [
    format212,
    format16,
    whole(80, 1, -128, (view, at) => view.getUint8(at) - 128),
    whole(8, 1, null, (view, at) => view.getInt8(at)),
    whole(61, 2, -32_768, (view, at) => view.getInt16(at, false)),
    whole(160, 2, -32_768, (view, at) => view.getUint16(at, true) - 32_768),
    whole(24, 3, -8_388_608, (view, at) => view.getUint16(at, true) | (view.getInt8(at + 2) << 16)),
    whole(32, 4, ABSENT_SAMPLE, (view, at) => view.getInt32(at, true)),
    format310,
    format311,
  ].map((format) => [format.id, format]),
);

/** Whole samples that so many bytes hold. */
export function samplesIn(format: SampleFormat, bytes: number): number {
  let samples = Math.floor(bytes / format.groupBytes) * format.groupSamples;
  while (format.bytesFor(samples + 1) <= bytes) samples++;
  return samples;
}
