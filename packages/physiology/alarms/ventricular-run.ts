import { median } from "../statistics.ts";
import type { ChannelBeat } from "./beat-ring.ts";

/** Beats in a row that do not look like the usual ones, but like one another. */
export interface VentricularRun {
  readonly from: number;
  readonly to: number;
  readonly beats: number;
  /** /min. */
  readonly rate: number;
}

/** Challenge 2015: five or more ventricular beats in a row, faster than 100/min. One of them may be missed, and rates are rounded. */
const BEATS = 4;
const RATE = 90;
/** Beats of the heart, not of a muscle: a run that is faster is noise or flutter. */
const FASTEST = 260;
/** The usual ones look so much alike where the lead is good enough to tell. */
const USUAL_ALIKE = 0.8;
const USUAL_S = 40;
const FEWEST_USUAL = 8;
/** So much less like the usual one than usual ones are is another shape; so much like the one before, the same focus. */
const OTHER = 0.1;
const SAME_FOCUS = 0.55;
/** Not smaller than this part of the usual ones: ventricular beats are large. */
const LEAST_SIZE = 0.4;

/** @param beats of one lead over a minute @param from seconds; runs that reach beyond it count */
export function ventricularRun(beats: readonly ChannelBeat[], from: number, until: number): VentricularRun | null {
  const before = usualBeats(beats, from);
  if (before === null) return null;
  const usual = median(before.map(({ like }) => like || 0));
  const size = median(before.map((beat) => beat.size));
  let best: VentricularRun | null = null;
  let run: ChannelBeat[] = [];
  for (const beat of beats) {
    if (beat.time > until) break;
    const isOther = beat.like < usual - OTHER && beat.size > LEAST_SIZE * size;
    const isNext = run.length === 0 || beat.likeBefore > SAME_FOCUS;
    run = isOther ? (isNext ? [...run, beat] : [beat]) : [];
    const found = fastest(run);
    if (found && found.to >= from && found.beats > (best?.beats ?? 0)) best = found;
  }
  return best;
}

/** What a run is compared with. @returns null where the lead is not good enough to tell one beat from another */
export function usualBeats(beats: readonly ChannelBeat[], from: number): readonly ChannelBeat[] | null {
  const before = beats.filter(({ time }) => time >= from - USUAL_S && time < from);
  return before.length >= FEWEST_USUAL && median(before.map(({ like }) => like || 0)) >= USUAL_ALIKE ? before : null;
}

/** The last beats of a run that are fast enough. */
function fastest(run: readonly ChannelBeat[]): VentricularRun | null {
  for (let i = 0; i + BEATS <= run.length; i++) {
    const part = run.slice(i);
    const from = part[0]?.time ?? 0;
    const to = part.at(-1)?.time ?? 0;
    const rate = (60 * (part.length - 1)) / (to - from);
    if (rate >= RATE && rate <= FASTEST) return { from, to, beats: part.length, rate };
  }
  return null;
}
