import { RefusedInput } from "@openward/errors";
import { type BlockHeader, type Compressor, readBlockFile, writeBlockFile } from "./block-file.ts";
import type { BlockOrigin } from "./numeric-block.ts";
import { inOneGo } from "./pieces.ts";
import { readSampleColumn, SAMPLES_MAX, writeSampleColumn } from "./sample-column.ts";
import { readSections, SectionWriter } from "./sections.ts";
import { readNumber, writeNumber } from "./short-number.ts";
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
  return inOneGo(encodeWaveformInPieces(runs, origin, compressor));
}

/** The same, stopping after some thousand samples each: a block of the fastest waveforms takes a third of a second. */
export function* encodeWaveformInPieces(
  runs: readonly WaveformRun[],
  origin: BlockOrigin,
  compressor: Compressor,
): Generator<void, Uint8Array> {
  const [first] = runs;
  if (!first) throw new RangeError("a block has at least one run");
  const count = runs.reduce((sum, run) => sum + run.samples.length, 0);
  if (count > SAMPLES_MAX) throw new RangeError(`a block has at most ${SAMPLES_MAX} samples`);
  const out = new SectionWriter(count + 64);
  const { head } = out;
  head.varint(runs.length);
  for (const run of runs) {
    // The first one's start is the block's.
    if (run !== first) writeNumber(head, run.start);
    for (const number of [run.rateHz, run.scale, run.origin]) writeNumber(head, number);
    head.varint(run.quality);
    head.varint(run.utcOffsetMinutes === null ? NO_OFFSET : run.utcOffsetMinutes + 1441);
    head.varint(Math.floor(run.receivedAt / MINUTE));
    head.varint(run.samples.length);
  }
  yield* writeSampleColumn(out, samplesOf(runs, count));
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
  return writeBlockFile(header, out.finish(), compressor);
}

/** @throws RefusedInput BLOCK_CORRUPT, BLOCK_VERSION */
export function decodeWaveformBlock(file: Uint8Array, compressor: Compressor): WaveformBlock {
  return inOneGo(decodeWaveformInPieces(file, compressor));
}

/** The same, with the same stops. */
export function* decodeWaveformInPieces(file: Uint8Array, compressor: Compressor): Generator<void, WaveformBlock> {
  const { header, payload } = readBlockFile(file, "waveform", compressor);
  const sections = readSections(payload);
  const { head } = sections;
  const runCount = head.varint();
  if (runCount * 12 > head.end) throw new RefusedInput("BLOCK_CORRUPT", { at: "runs" });
  const heads = Array.from({ length: runCount }, (_, i) => ({
    start: i === 0 ? header.firstTime : readNumber(head),
    rateHz: readNumber(head),
    scale: readNumber(head),
    origin: readNumber(head),
    quality: head.varint(),
    utcOffsetMinutes: readOffset(head.varint()),
    receivedAt: head.varint() * MINUTE,
    length: head.varint(),
  }));
  if (heads.reduce((sum, each) => sum + each.length, 0) !== header.count)
    throw new RefusedInput("BLOCK_CORRUPT", { at: "runs" });
  const samples = yield* readSampleColumn(sections, header.count);
  let at = 0;
  const runs = heads.map(({ length, ...each }) => {
    at += length;
    return { ...each, samples: samples.subarray(at - length, at) };
  });
  return { header, runs };
}

/** Of all runs in a row: what follows a break looks like what went before it. */
function samplesOf(runs: readonly WaveformRun[], count: number): Int32Array {
  const [first] = runs;
  if (first && runs.length === 1) return first.samples;
  const samples = new Int32Array(count);
  let at = 0;
  for (const run of runs) {
    samples.set(run.samples, at);
    at += run.samples.length;
  }
  return samples;
}

function readOffset(code: number): number | null {
  return code === NO_OFFSET ? null : code - 1441;
}
