import type { Waveform } from "@openward/model";
import {
  addChunk,
  addExtremes,
  addSamples,
  bucketStarts,
  cutRun,
  endOfRun,
  joinRuns,
  type WaveformRun,
} from "@openward/timeseries";
import type { Blocks } from "./blocks.ts";
import { PERIOD_MS, periodOf } from "./periods.ts";
import type { WaveformOverview } from "./ports.ts";
import type { StreamMemory } from "./stream-memory.ts";

const SECOND_MS = 1000;

/** Pieces of [from, to), in order; a gap in time begins a new piece. */
export async function queryWaveform(
  memory: StreamMemory,
  from: number,
  to: number,
  blocks: Blocks,
): Promise<Waveform[]> {
  const runs = await runsBetween(memory, from, to, blocks);
  const pieces = runs.map((run) => cutRun(run, from, to)).filter((run) => run !== undefined);
  return joinRuns(pieces).map(({ associationId = "", ...run }) => ({ stream: memory.stream, associationId, ...run }));
}

async function runsBetween(memory: StreamMemory, from: number, to: number, blocks: Blocks): Promise<WaveformRun[]> {
  const { tail, waveform, stream } = memory;
  if (!waveform || !(from < to)) return [];
  // Taken before the database is asked: what is sealed and dropped meanwhile is then in the blocks or here, or both.
  const recent = waveform.overlapping(from, to);
  const split = Math.min(Math.max(from, tail.completeFrom), to);
  if (split <= from) return [...recent];
  const stored = await blocks.waveformBetween(stream.id, periodOf(from, PERIOD_MS.waveform), Math.ceil(split));
  const runs = stored.flatMap(({ associationId, content = [] }) => content.map((run) => ({ ...run, associationId })));
  runs.sort((a, b) => a.start - b.start);
  const overlapping: WaveformRun[] = runs.filter((run) => run.start < to && endOfRun(run) > from);
  const end = overlapping.reduce((latest, run) => Math.max(latest, endOfRun(run)), Number.NEGATIVE_INFINITY);
  for (const run of recent) {
    if (run.start >= end) overlapping.push(run);
    else addChunk(overlapping, run);
  }
  return overlapping.sort((a, b) => a.start - b.start);
}

/** Least and greatest value in equal buckets; NaN where there is no sample. */
export async function queryOverview(
  memory: StreamMemory,
  from: number,
  to: number,
  count: number,
  blocks: Blocks,
): Promise<WaveformOverview> {
  const buckets = {
    from,
    to,
    min: new Float64Array(count).fill(Number.NaN),
    max: new Float64Array(count).fill(Number.NaN),
    count: new Uint32Array(count),
  };
  const overview = { starts: bucketStarts(from, to, count), min: buckets.min, max: buckets.max };
  // Where a bucket is not clearly wider than a second, the seconds of the overview are too coarse.
  if ((to - from) / count < 4 * SECOND_MS) {
    for (const run of await runsBetween(memory, from, to, blocks)) addSamples(buckets, run);
    return overview;
  }
  const { tail, waveform, stream } = memory;
  for (const run of waveform?.overlapping(from, to) ?? []) addSamples(buckets, run);
  const split = Math.min(Math.max(from, tail.completeFrom), to);
  if (split <= from) return overview;
  // A sample that is in memory and in a block widens its bucket twice by the same, which changes nothing.
  for (const { content } of await blocks.overviewBetween(
    stream.id,
    periodOf(from, PERIOD_MS.waveform),
    Math.ceil(split),
  )) {
    for (let i = 0; i < content.starts.length; i++) {
      const start = content.starts[i] as number;
      const isCut = start < from && start + SECOND_MS > from;
      addExtremes(buckets, isCut ? from : start, content.min[i] as number, content.max[i]);
    }
  }
  return overview;
}
