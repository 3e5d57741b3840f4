import { RefusedInput } from "@openward/errors";
import { ABSENT_SAMPLE } from "@openward/model";
import { type Compressor, readBlockFile, writeBlockFile } from "./block-file.ts";
import { ByteWriter } from "./bytes.ts";
import type { BlockOrigin } from "./numeric-block.ts";
import type { WaveformRun } from "./waveform-runs.ts";

/** Least and greatest value of each second in which there was a sample; a second may come twice where runs meet. */
export interface SecondsOverview {
  /** ms UTC, multiples of 1000. */
  readonly starts: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
}

interface Second {
  readonly second: number;
  min: number;
  max: number;
}

/** The min/max pyramid of a waveform block, as a file of its own, so that a day opens without decoding samples. */
export function encodeOverview(runs: readonly WaveformRun[], origin: BlockOrigin, compressor: Compressor): Uint8Array {
  const [first] = runs;
  if (!first) throw new RangeError("a block has at least one run");
  const out = new ByteWriter(4096);
  out.varint(runs.length);
  let count = 0;
  for (const run of runs) {
    const seconds = secondsOf(run);
    count += seconds.length;
    out.f64(run.scale);
    out.f64(run.origin);
    out.varint(seconds.length);
    let second = 0;
    let min = 0;
    for (const each of seconds) {
      out.varint(each.second - second);
      out.zigzag(each.min - min);
      out.varint(each.max - each.min);
      second = each.second;
      min = each.min;
    }
  }
  const header = {
    kind: "overview" as const,
    keyId: 0,
    clockCorrectionId: origin.clockCorrectionId ?? 0,
    unit: origin.unit,
    associationId: origin.associationId,
    utcOffsetMinutes: first.utcOffsetMinutes,
    count,
    firstTime: first.start,
    lastTime: first.start,
  };
  return writeBlockFile(header, out.written(), compressor);
}

/** @throws RefusedInput BLOCK_CORRUPT, BLOCK_VERSION */
export function decodeOverview(file: Uint8Array, compressor: Compressor): SecondsOverview {
  const { header, payload } = readBlockFile(file, "overview", compressor);
  if (header.count * 3 > payload.end) throw new RefusedInput("BLOCK_CORRUPT", { at: "count" });
  const starts = new Float64Array(header.count);
  const min = new Float64Array(header.count);
  const max = new Float64Array(header.count);
  let at = 0;
  const runs = payload.varint();
  for (let r = 0; r < runs; r++) {
    const scale = payload.f64();
    const origin = payload.f64();
    const count = payload.varint();
    if (at + count > header.count) throw new RefusedInput("BLOCK_CORRUPT", { at: "count" });
    let second = 0;
    let least = 0;
    for (let i = 0; i < count; i++, at++) {
      second += payload.varint();
      least += payload.zigzag();
      const greatest = least + payload.varint();
      starts[at] = second * 1000;
      // A negative scale turns least and greatest round.
      min[at] = (scale < 0 ? greatest : least) * scale + origin;
      max[at] = (scale < 0 ? least : greatest) * scale + origin;
    }
  }
  return { starts, min, max };
}

function secondsOf(run: WaveformRun): Second[] {
  const seconds: Second[] = [];
  let current: Second | undefined;
  const step = 1 / run.rateHz;
  const start = run.start / 1000;
  for (let i = 0; i < run.samples.length; i++) {
    const sample = run.samples[i] as number;
    if (sample === ABSENT_SAMPLE) continue;
    const second = Math.floor(start + i * step);
    if (!current || current.second !== second) {
      current = { second, min: sample, max: sample };
      seconds.push(current);
    } else {
      if (sample < current.min) current.min = sample;
      if (sample > current.max) current.max = sample;
    }
  }
  return seconds;
}
