/** How one signal format packs its samples. Samples come out raw, in ADC units. */
export interface SampleFormat {
  readonly id: number;
  /** The value that stands for "no sample". */
  readonly absent: number;
  /** Bytes that hold this many samples. */
  bytesFor(samples: number): number;
  /** Samples are packed in groups that do not straddle a call: bytes and samples of a group. */
  readonly groupBytes: number;
  readonly groupSamples: number;
  /** Decode `count` samples from the start of `bytes`, which holds at least bytesFor(count). */
  decode(bytes: Uint8Array, count: number, out: Int32Array, outAt: number): void;
}

/** Two 12-bit two's-complement samples in three bytes. An odd last sample takes two. */
const format212: SampleFormat = {
  id: 212,
  absent: -2048,
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

/** 16-bit two's complement, least significant byte first. */
const format16: SampleFormat = {
  id: 16,
  absent: -32768,
  groupBytes: 2,
  groupSamples: 1,
  bytesFor: (samples) => samples * 2,
  decode(bytes, count, out, outAt) {
    for (let i = 0; i < count; i++) out[outAt + i] = ((bytes[2 * i + 1]! << 24) >> 16) | bytes[2 * i]!;
  },
};

/** 8-bit offset binary: 128 is zero. */
const format80: SampleFormat = {
  id: 80,
  absent: -128,
  groupBytes: 1,
  groupSamples: 1,
  bytesFor: (samples) => samples,
  decode(bytes, count, out, outAt) {
    for (let i = 0; i < count; i++) out[outAt + i] = bytes[i]! - 128;
  },
};

/** Formats that are read here. @source WFDB Applications Guide, signal(5) */
export const sampleFormats: ReadonlyMap<number, SampleFormat> = new Map(
  [format212, format16, format80].map((format) => [format.id, format]),
);
