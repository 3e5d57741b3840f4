import { RefusedInput } from "@openward/errors";
import { ABSENT_SAMPLE } from "@openward/model";
import type { ByteReader, ByteWriter } from "./bytes.ts";

/** For the journal, where speed is all: samples as differences; 0 is an absent sample, anything else the difference's zigzag + 1. */
export function writeSamples(out: ByteWriter, samples: Int32Array): void {
  let before = 0;
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i] as number;
    if (sample === ABSENT_SAMPLE) {
      out.varint(0);
      continue;
    }
    const difference = sample - before;
    out.varint(difference < 0 ? -2 * difference : 2 * difference + 1);
    before = sample;
  }
}

/** @throws RefusedInput BLOCK_CORRUPT */
export function readSamples(input: ByteReader, count: number): Int32Array {
  // Each sample has a byte at least, so a wrong count is refused before memory is taken.
  if (count > input.end - input.position) throw new RefusedInput("BLOCK_CORRUPT", { at: "samples" });
  const samples = new Int32Array(count);
  let before = 0;
  for (let i = 0; i < count; i++) {
    const code = input.varint();
    if (code === 0) {
      samples[i] = ABSENT_SAMPLE;
      continue;
    }
    before += code % 2 === 0 ? -code / 2 : (code - 1) / 2;
    samples[i] = before;
  }
  return samples;
}
