import { ABSENT_SAMPLE } from "../waveform.ts";

/** Equidistant whole numbers of one signal, as files of recordings hold them: value = sample x scale + origin. */
export interface Track {
  /** ms UTC of the first sample, with a fraction where it has one. */
  readonly start: number;
  readonly rateHz: number;
  readonly scale: number;
  readonly origin: number;
  /** ABSENT_SAMPLE where nothing was measured. */
  readonly samples: Int32Array;
  /** Values that stand at another time than they were measured at, by up to half a step. */
  readonly moved: number;
  /** Values with more digits than there is room for: by less than half of `scale`. */
  readonly rounded: number;
  /** Values for which there is no place: another stands in the same step, or they are too large. */
  readonly left: number;
}

/** Samples that came in one piece. */
export interface Run {
  readonly start: number;
  readonly rateHz: number;
  readonly scale: number;
  readonly origin: number;
  readonly samples: Int32Array;
}

/** A longer silence begins another track: it is told by its beginning, and takes no room. */
const GAP_MS = 600_000;
/** Steps of readings, longest first: the one is taken on which all of them lie. */
const STEPS_MS = [
  3_600_000, 600_000, 300_000, 60_000, 30_000, 10_000, 5_000, 2_000, 1_000, 500, 250, 200, 100,
] as const;
const USUAL_STEP_MS = 1_000;
/** Readings have so many digits behind the point at most; what has more is rounded, and counted. */
const DIGITS_MAX = 6;
const INT32_MAX = 2_147_483_647;

/**
 * Runs that follow on one grid, with what lies between them absent. Another rate, scale, origin or phase begins another track: no sample
 * is moved and none is computed anew.
 *
 * @param runs in time order
 */
export function tracksOfRuns(runs: readonly Run[]): Track[] {
  const groups: { run: Run; at: number }[][] = [];
  for (const run of runs) {
    const group = groups.at(-1);
    const at = group && placeOn(group, run);
    if (group && at !== undefined) group.push({ run, at });
    else groups.push([{ run, at: 0 }]);
  }
  return groups.flatMap((group) => {
    const [first, last] = [group[0], group.at(-1)];
    if (!first || !last) return [];
    const samples = new Int32Array(last.at + last.run.samples.length).fill(ABSENT_SAMPLE);
    for (const { run, at } of group) samples.set(run.samples, at);
    const { start, rateHz, scale, origin } = first.run;
    return [{ start, rateHz, scale, origin, samples, moved: 0, rounded: 0, left: 0 }];
  });
}

/** The place of a run's first sample among those of the group; undefined: it is on no place of it. */
function placeOn(group: readonly { run: Run; at: number }[], run: Run): number | undefined {
  const [first, last] = [group[0]?.run, group.at(-1)];
  if (!first || !last) return undefined;
  if (first.rateHz !== run.rateHz || first.scale !== run.scale || first.origin !== run.origin) return undefined;
  const periodMs = 1_000 / run.rateHz;
  const exact = (run.start - first.start) / periodMs;
  const at = Math.round(exact);
  const end = last.at + last.run.samples.length;
  // Starts are told to a part of a millisecond: nearer than that is the same grid.
  if (Math.abs(exact - at) * periodMs > Math.min(0.51, periodMs / 4) || at < end) return undefined;
  return (at - end) * periodMs > GAP_MS ? undefined : at;
}

/**
 * Readings on the longest step on which they all lie, one second where there is none; each a whole number of the finest decimal place
 * that they have.
 *
 * @param times ms UTC, ascending. @param values NaN: none. @param largest whole number that the format holds
 */
export function trackOfReadings(
  times: ArrayLike<number>,
  values: ArrayLike<number>,
  largest = INT32_MAX,
): Track | undefined {
  const rows: { time: number; value: number }[] = [];
  for (let i = 0; i < times.length; i++) {
    const value = values[i] as number;
    if (Number.isFinite(value)) rows.push({ time: times[i] as number, value });
  }
  const [first, last] = [rows[0], rows.at(-1)];
  if (!first || !last) return undefined;
  const step = STEPS_MS.find((one) => rows.every(({ time }) => (time - first.time) % one === 0)) ?? USUAL_STEP_MS;
  const digits = digitsOf(rows, largest);
  const scale = Number((10 ** -digits).toFixed(digits));
  const samples = new Int32Array(Math.round((last.time - first.time) / step) + 1).fill(ABSENT_SAMPLE);
  let moved = 0;
  let rounded = 0;
  let left = 0;
  for (const { time, value } of rows) {
    const at = Math.round((time - first.time) / step);
    const sample = Math.round(value * 10 ** digits);
    if (Math.abs(sample) > largest || samples[at] !== ABSENT_SAMPLE) {
      left++;
      continue;
    }
    samples[at] = sample;
    if (Number((sample * scale).toFixed(digits)) !== value) rounded++;
    if (first.time + at * step !== time) moved++;
  }
  return { start: first.time, rateHz: 1_000 / step, scale, origin: 0, samples, moved, rounded, left };
}

/** Decimal places that the values have, as far as the larger of them stay whole numbers that the format holds. */
function digitsOf(rows: readonly { value: number }[], limit: number): number {
  let digits = 0;
  const largest = Math.max(
    1,
    rows.reduce((most, { value }) => Math.max(most, Math.abs(value)), 0),
  );
  for (const { value } of rows) {
    while (digits < DIGITS_MAX && Number(value.toFixed(digits)) !== value && largest * 10 ** (digits + 1) <= limit)
      digits++;
  }
  return digits;
}

/** Where nothing was measured inside the track: first sample and how many. */
export function gapsOf({ samples }: Pick<Track, "samples">): { readonly at: number; readonly length: number }[] {
  const gaps: { at: number; length: number }[] = [];
  for (let i = 0; i < samples.length; i++) {
    if (samples[i] !== ABSENT_SAMPLE) continue;
    const at = i;
    while (i + 1 < samples.length && samples[i + 1] === ABSENT_SAMPLE) i++;
    gaps.push({ at, length: i + 1 - at });
  }
  return gaps;
}

/** The smallest and the largest that was measured; undefined: nothing was. */
export function extremesOf({
  samples,
}: Pick<Track, "samples">): { readonly min: number; readonly max: number } | undefined {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const sample of samples) {
    if (sample === ABSENT_SAMPLE) continue;
    if (sample < min) min = sample;
    if (sample > max) max = sample;
  }
  return min > max ? undefined : { min, max };
}
