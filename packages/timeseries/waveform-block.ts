import { RefusedInput } from "@openward/errors";
import { type BlockHeader, type Compressor, readBlockFile, writeBlockFile } from "./block-file.ts";
import { ByteWriter } from "./bytes.ts";
import type { BlockOrigin } from "./numeric-block.ts";
import { readSamples, writeSamples } from "./samples.ts";
import { timeOfSample, type WaveformRun } from "./waveform-runs.ts";

const MINUTE = 60_000;
const NO_OFFSET = 0;

export interface WaveformBlock {
  readonly header: BlockHeader;
  /** Ordered by start. */
  readonly runs: readonly WaveformRun[];
}

/** One block of runs, at least one, ordered by start. `receivedAt` is cut down to its minute; all else is exact. */
export function encodeWaveformBlock(
  runs: readonly WaveformRun[],
  origin: BlockOrigin,
  compressor: Compressor,
): Uint8Array {
  const [first] = runs;
  if (!first) throw new RangeError("a block has at least one run");
  const count = runs.reduce((sum, run) => sum + run.samples.length, 0);
  const out = new ByteWriter(count * 2 + 64 * runs.length + 64);
  out.varint(runs.length);
  for (const run of runs) {
    for (const number of [run.start, run.rateHz, run.scale, run.origin]) out.f64(number);
    out.varint(run.quality);
    out.varint(run.utcOffsetMinutes === null ? NO_OFFSET : run.utcOffsetMinutes + 1441);
    out.varint(Math.floor(run.receivedAt / MINUTE));
    out.varint(run.samples.length);
  }
  for (const run of runs) writeSamples(out, run.samples);
  const header: BlockHeader = {
    kind: "waveform",
    keyId: 0,
    clockCorrectionId: origin.clockCorrectionId ?? 0,
    unit: origin.unit,
    associationId: origin.associationId,
    utcOffsetMinutes: first.utcOffsetMinutes,
    count,
    firstTime: first.start,
    lastTime: Math.max(...runs.map((run) => timeOfSample(run, run.samples.length - 1))),
  };
  return writeBlockFile(header, out.written(), compressor);
}

/** @throws RefusedInput BLOCK_CORRUPT, BLOCK_VERSION */
export function decodeWaveformBlock(file: Uint8Array, compressor: Compressor): WaveformBlock {
  const { header, payload } = readBlockFile(file, "waveform", compressor);
  const count = payload.varint();
  if (count * 36 > payload.end) throw new RefusedInput("BLOCK_CORRUPT", { at: "runs" });
  const heads = Array.from({ length: count }, () => ({
    start: payload.f64(),
    rateHz: payload.f64(),
    scale: payload.f64(),
    origin: payload.f64(),
    quality: payload.varint(),
    utcOffsetMinutes: readOffset(payload.varint()),
    receivedAt: payload.varint() * MINUTE,
    length: payload.varint(),
  }));
  const runs = heads.map(({ length, ...head }) => ({ ...head, samples: readSamples(payload, length) }));
  return { header, runs };
}

function readOffset(code: number): number | null {
  return code === NO_OFFSET ? null : code - 1441;
}
