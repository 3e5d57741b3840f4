import type { Families, Placed } from "./families.ts";
import type { IntervalHistory } from "./intervals.ts";
import { aligned, alike, bestShift, compare, LENGTH, outline, P_WAVE, QRS, type Shape, T_WAVE } from "./shape.ts";

/** How one beat looks beside the others of the same patient, known as soon as its T wave is over. */
export interface Looks {
  readonly placed: Placed;
  /** In the order of LOOKS; NaN: absent. */
  readonly values: Float64Array;
}

const LOOKS = [
  "like-usual",
  "like-usual-best-lead",
  "like-usual-worst-lead",
  "gain",
  "width",
  "width-ratio",
  "height-ratio",
  "slope-ratio",
  "lean",
  "lean-change",
  "t-like-usual",
  "t-gain",
  "p-like-usual",
  "p-gain",
  "p-like-usual-so-far",
  "p-height",
  "family-share",
  "family-size",
  "family-width-ratio",
  "family-like-usual",
  "roughness",
] as const;

const RHYTHM = [
  "before",
  "before-over-long",
  "before-over-short",
  "before-over-last",
  "before-over-slow",
  "before-over-fast",
  "before-over-upper",
  "last-over-long",
  "last-but-one-over-long",
  "after-over-long",
  "after-over-before",
  "second-after-over-long",
  "both-over-long",
  "unevenness",
  "spread",
  "early-share",
  "family-before",
  "family-after",
  "next-like-usual",
  "second-next-like-usual",
  "last-like-usual",
  "last-width-ratio",
  "next-width-ratio",
  "before-over-steady",
  "after-over-steady",
  "early-run",
  "unevenness-long",
] as const;

/** What a model of beats is asked with, in this order. */
export const BEAT_FEATURES: readonly string[] = [...LOOKS, ...RHYTHM];
export const LIKE_USUAL = BEAT_FEATURES.indexOf("like-usual");
export const feature = (name: (typeof LOOKS)[number] | (typeof RHYTHM)[number]): number => BEAT_FEATURES.indexOf(name);

/** @param pSoFar how alike the P waves of usual beats have been lately */
export function looksOf(shape: Shape, placed: Placed, families: Families, pSoFar: number): Looks {
  const values = new Float64Array(LOOKS.length).fill(Number.NaN);
  const usual = families.usual;
  if (!usual) return { placed, values };
  const { shift, correlation, gain } = bestShift(shape, usual.template);
  const leads = aligned(shape, shift);
  const apart = leads.flatMap((lead, i) => {
    const one = lead ? bestShift(only(shape, i), usual.template).correlation : Number.NaN;
    return Number.isNaN(one) ? [] : [one];
  });
  const mine = outline(leads);
  const t = compare(shape, shift, usual.template, T_WAVE);
  const p = compare(shape, shift, usual.template, P_WAVE);
  const kin = placed.family === usual ? 1 : alike(placed.family.template, usual.template, QRS_WIDE).correlation;
  values.set([
    ...[
      correlation,
      apart.length > 0 ? Math.max(...apart) : Number.NaN,
      apart.length > 0 ? Math.min(...apart) : Number.NaN,
    ],
    ...[Math.log(gain), mine.width, mine.width / usual.outline.width, Math.log(mine.height / usual.outline.height)],
    ...[Math.log(mine.slope / usual.outline.slope), mine.lean, Math.abs(mine.lean - usual.outline.lean)],
    ...[
      t.correlation,
      Math.log(t.gain),
      p.correlation,
      Math.log(p.gain),
      pSoFar,
      heightOf(leads, P_WAVE) / mine.height,
    ],
    ...[placed.family.weight / families.total, Math.log(placed.family.weight)],
    ...[placed.family.outline.width / usual.outline.width, kin],
    roughnessOf(leads) / mine.height,
  ]);
  return { placed, values };
}

const QRS_WIDE = [20, 64] as const;
const only = (shape: Shape, lead: number): Shape => shape.map((samples, i) => (i === lead ? samples : null));

function heightOf(leads: readonly (Float32Array | null)[], [from, to]: readonly [number, number]): number {
  let all = 0;
  for (const lead of leads) {
    if (!lead) continue;
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let i = from; i < Math.min(to, LENGTH); i++) {
      low = Math.min(low, lead[i] as number);
      high = Math.max(high, lead[i] as number);
    }
    all += high - low;
  }
  return all;
}

/** Outside the QRS: what is left of muscles and of a loose electrode, mV. */
function roughnessOf(leads: readonly (Float32Array | null)[]): number {
  const [from, to] = QRS;
  let all = 0;
  for (const lead of leads) {
    if (!lead) continue;
    let sum = 0;
    for (let i = 1; i < LENGTH - 1; i++) {
      if (i >= from && i < to) continue;
      const bend = (lead[i - 1] as number) - 2 * (lead[i] as number) + (lead[i + 1] as number);
      sum += bend * bend;
    }
    all += Math.sqrt(sum / (LENGTH - (to - from)));
  }
  return all;
}

/** One beat with its neighbours; intervals in seconds, NaN where there is none. */
export interface Surroundings {
  readonly looks: Looks | undefined;
  readonly previous: Looks | undefined;
  readonly next: Looks | undefined;
  readonly secondNext: Looks | undefined;
  readonly lastButOne: number;
  readonly last: number;
  readonly before: number;
  readonly after: number;
  readonly secondAfter: number;
  /** Steady interval before this beat, and how many beats up to it came early. */
  readonly steady: number;
  readonly run: number;
}

/** Of how many intervals is what is usual, and what is so now. */
const SHORT = 8;
const UNEVEN_OF = 20;

/** @param out BEAT_FEATURES.length numbers, written */
export function writeFeatures(one: Surroundings, history: IntervalHistory, out: Float32Array): void {
  out.fill(Number.NaN);
  if (one.looks) out.set(one.looks.values);
  const { before, after, last } = one;
  const long = history.quantile(0.5);
  const short = history.quantile(0.5, SHORT);
  const family = one.looks?.placed.family;
  const look = (of: Looks | undefined, name: (typeof LOOKS)[number]) => of?.values[LOOKS.indexOf(name)] ?? Number.NaN;
  out.set(
    [
      ...[before, before / long, before / short, before / last, before / history.quantile(0.9)],
      ...[before / history.quantile(0.1), before / history.quantile(0.75), last / long, one.lastButOne / long],
      ...[after / long, after / before, one.secondAfter / long, (before + after) / (2 * short)],
      ...[history.unevenness(UNEVEN_OF), (history.quantile(0.8) - history.quantile(0.2)) / long],
      ...[history.shareBelow(0.85 * long, 2 * SHORT), family?.before ?? Number.NaN, family?.after ?? Number.NaN],
      ...[look(one.next, "like-usual"), look(one.secondNext, "like-usual"), look(one.previous, "like-usual")],
      ...[look(one.previous, "width-ratio"), look(one.next, "width-ratio")],
      ...[before / one.steady, after / one.steady, one.run, history.unevenness(3 * UNEVEN_OF)],
    ],
    LOOKS.length,
  );
}
