import { QUALITY } from "@openward/model";

/** Equidistant samples without a break; value = sample x scale + origin. ABSENT_SAMPLE marks a missing one. */
export interface WaveformRun {
  /** Of the first sample, ms UTC, may have a fraction. */
  readonly start: number;
  readonly rateHz: number;
  readonly scale: number;
  readonly origin: number;
  readonly quality: number;
  readonly utcOffsetMinutes: number | null;
  /** Server time by which all of it had arrived; after sealing exact to the minute. */
  readonly receivedAt: number;
  readonly samples: Int32Array;
  /** Where runs of several associations stand together. */
  readonly associationId?: string;
}

// Cutting at a time and joining again must not move by a sample for the last bits of a float.
const INDEX_SLACK = 1e-6;

export function timeOfSample(run: WaveformRun, index: number): number {
  return run.start + (index * 1000) / run.rateHz;
}

/**
 * Whether times so far apart mean the same sample: devices round starts to whole milliseconds, which moves them by less
 * than one. A whole millisecond is no rounding: it is another time, and is kept. Less than half a sample, so that no
 * other sample can be meant.
 */
export function isRounding(offMs: number, rateHz: number): boolean {
  return Math.abs(offMs) < Math.min(1, 250 / rateHz);
}

/** When the sample behind the last one would be. */
export function endOfRun(run: WaveformRun): number {
  return timeOfSample(run, run.samples.length);
}

/** The samples at or after `from` and before `to`; undefined where there are none. Shares the run's memory. */
export function cutRun(run: WaveformRun, from: number, to: number): WaveformRun | undefined {
  const first = indexAtOrAfter(run, from);
  const last = indexAtOrAfter(run, to);
  return sliceRun(run, first, last);
}

function indexAtOrAfter(run: WaveformRun, time: number): number {
  const index = Math.ceil(((time - run.start) * run.rateHz) / 1000 - INDEX_SLACK);
  return Math.min(Math.max(index, 0), run.samples.length);
}

function sliceRun(run: WaveformRun, first: number, last: number): WaveformRun | undefined {
  if (first >= last) return undefined;
  if (first === 0 && last === run.samples.length) return run;
  return { ...run, start: timeOfSample(run, first), samples: run.samples.subarray(first, last) };
}

/**
 * Put a chunk among runs that are ordered by start. Samples that are there already, at the same place with the same
 * value, are not taken twice; a chunk that says something else about a time that is covered is kept beside, flagged
 * QUALITY.conflicting.
 *
 * @param runs changed in place
 * @returns the parts that were added; empty when all of the chunk was there
 */
export function addChunk(runs: WaveformRun[], chunk: WaveformRun): WaveformRun[] {
  let parts: WaveformRun[] = [chunk];
  const overlapping = runs.filter((run) => run.start < endOfRun(chunk) && endOfRun(run) > chunk.start);
  for (const run of overlapping) parts = parts.flatMap((part) => withoutEqual(part, run));
  const added = parts.map((part) =>
    overlapping.some((run) => overlapsBeyondJitter(part, run))
      ? { ...part, quality: part.quality | QUALITY.conflicting }
      : part,
  );
  for (const part of added) runs.splice(placeOf(runs, part.start), 0, part);
  return added;
}

function placeOf(runs: readonly WaveformRun[], start: number): number {
  let at = runs.length;
  while (at > 0 && (runs[at - 1] as WaveformRun).start > start) at--;
  return at;
}

/** What is left of a part when the samples that equal those of the run are taken out. */
function withoutEqual(part: WaveformRun, run: WaveformRun): WaveformRun[] {
  if (!isSameScale(part, run)) return [part];
  const shift = Math.round(((part.start - run.start) * run.rateHz) / 1000);
  if (!isRounding(timeOfSample(run, shift) - part.start, run.rateHz)) return [part];
  const first = Math.max(0, -shift);
  const last = Math.min(part.samples.length, run.samples.length - shift);
  if (first >= last) return [part];
  for (let i = first; i < last; i++) if (part.samples[i] !== run.samples[i + shift]) return [part];
  return [sliceRun(part, 0, first), sliceRun(part, last, part.samples.length)].filter((rest) => rest !== undefined);
}

// Starts are often rounded to whole milliseconds: an overlap of up to a sample is not another opinion.
function overlapsBeyondJitter(part: WaveformRun, run: WaveformRun): boolean {
  const overlap = Math.min(endOfRun(part), endOfRun(run)) - Math.max(part.start, run.start);
  return overlap > Math.max(1000 / Math.min(part.rateHz, run.rateHz), 1) * (1 + INDEX_SLACK);
}

function isSameScale(a: WaveformRun, b: WaveformRun): boolean {
  return a.rateHz === b.rateHz && a.scale === b.scale && a.origin === b.origin;
}

/**
 * Runs that follow one another without a gap, as one, received when the last of them was. A start may be off by rounding:
 * the samples then take their time from the first run's start.
 */
export function joinRuns(runs: readonly WaveformRun[]): WaveformRun[] {
  const joined: WaveformRun[] = [];
  let group: WaveformRun[] = [];
  let end = Number.NaN;
  let count = 0;
  const close = () => {
    const [first] = group;
    if (!first || group.length === 1) return joined.push(...group);
    const receivedAt = Math.max(...group.map((run) => run.receivedAt));
    return joined.push({ ...first, receivedAt, samples: concatenate(group, count) });
  };
  for (const run of runs) {
    const [first] = group;
    if (!first || !continues(first, end, run)) {
      close();
      group = [];
      count = 0;
    }
    group.push(run);
    count += run.samples.length;
    const head = group[0] as WaveformRun;
    end = timeOfSample(head, count);
  }
  close();
  return joined;
}

function continues(first: WaveformRun, end: number, next: WaveformRun): boolean {
  return (
    isRounding(next.start - end, first.rateHz) &&
    isSameScale(first, next) &&
    first.quality === next.quality &&
    first.associationId === next.associationId &&
    first.utcOffsetMinutes === next.utcOffsetMinutes
  );
}

function concatenate(runs: readonly WaveformRun[], count: number): Int32Array {
  const samples = new Int32Array(count);
  let at = 0;
  for (const run of runs) {
    samples.set(run.samples, at);
    at += run.samples.length;
  }
  return samples;
}
