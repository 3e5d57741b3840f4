import { likeness, part, ratio, rootMeanSquare, shareOf } from "./numbers.ts";
import type { Strip } from "./prepare.ts";
import { QRS_S, type Template } from "./template.ts";

/** QRS, T wave and ST of the usual beat, and how much the others differ from it. */
export const MORPHOLOGY = [
  "qrs-height",
  "qrs-below",
  "qrs-width",
  "qrs-area",
  "t-height",
  "t-at",
  "st",
  "alike",
  "alike-lower",
  "alike-least",
  "whole-alike",
  "whole-lower",
  "unlike-beats",
  "kinds",
  "usual-kind",
  "wide-beats",
  "heights-vary",
  "premature-unlike",
  "premature-alike",
  "unlike-on-time",
] as const;

const EDGE = 0.12;
const KIND_ALIKE = 0.85;
const PREMATURE = 0.88;
const UNLIKE = 0.8;
const KINDS_MAX = 8;

export function morphology({ rateHz, intervals }: Strip, template: Template | null): number[] {
  if (!template) return MORPHOLOGY.map(() => Number.NaN);
  const { usual, top, beats, qrs, whole, which } = template;
  const frames = (seconds: number) => Math.round(seconds * rateHz);
  const height = usual[top] as number;
  const base = part(usual.subarray(top - frames(0.1), top - frames(0.06)), 0.5);
  const qrsPart = usual.subarray(top - frames(QRS_S), top + frames(QRS_S));
  const after = usual.subarray(top + frames(0.14), top + frames(0.42));
  let t = 0;
  for (let i = 0; i < after.length; i++)
    if (Math.abs((after[i] as number) - base) > Math.abs((after[t] as number) - base)) t = i;
  const heights = beats.map((one) => one[top] as number);
  const areas = beats.map((one) =>
    ratio(rootMeanSquare(one, top - frames(QRS_S), top + frames(QRS_S)), Math.abs(one[top] as number)),
  );
  const usualArea = part(areas, 0.5);
  const kinds = kindsOf(beats, top, frames(QRS_S));
  const before = which.map((i) => (intervals[i - 1] as number) ?? Number.NaN);
  const middle = part(intervals, 0.5);
  const isPremature = (k: number) => (before[k] as number) < PREMATURE * middle;
  return [
    height - base,
    ratio(-Math.min(...qrsPart), height),
    widthOf(usual, top, frames(0.14)) / rateHz,
    usualArea,
    ratio((after[t] ?? Number.NaN) - base, height),
    0.14 + t / rateHz,
    ratio((usual[top + frames(0.1)] as number) - base, height),
    part(qrs, 0.5),
    part(qrs, 0.1),
    part(qrs, 0),
    part(whole, 0.5),
    part(whole, 0.1),
    shareOf(qrs, (one) => one < UNLIKE),
    kinds.length,
    Math.max(...kinds) / beats.length,
    shareOf(areas, (area) => area > 1.35 * usualArea),
    ratio(part(heights, 0.9) - part(heights, 0.1), Math.abs(part(heights, 0.5))),
    shareOf(qrs, (one, k) => one < UNLIKE && isPremature(k)),
    shareOf(qrs, (one, k) => one >= 0.9 && isPremature(k)),
    shareOf(qrs, (one, k) => one < UNLIKE && !isPremature(k)),
  ];
}

/** Frames around the top in which it is steep: more than an eighth of the steepest. */
function widthOf(usual: Float64Array, top: number, reach: number): number {
  const steep = (i: number) => Math.abs((usual[i + 1] ?? 0) - (usual[i - 1] ?? 0));
  let steepest = 0;
  for (let i = top - reach; i <= top + reach; i++) steepest = Math.max(steepest, steep(i));
  let [from, to] = [top, top];
  for (let i = top - reach; i <= top; i++)
    if (steep(i) > EDGE * steepest && steep(i + 1) > EDGE * steepest) {
      from = i;
      break;
    }
  for (let i = top + reach; i >= top; i--)
    if (steep(i) > EDGE * steepest && steep(i - 1) > EDGE * steepest) {
      to = i;
      break;
    }
  return to - from;
}

/** How many beats are of each kind; the first of a kind stands for it. */
function kindsOf(beats: readonly Float64Array[], top: number, reach: number): number[] {
  const firsts: Float64Array[] = [];
  const counts: number[] = [];
  for (const one of beats) {
    const kind = firsts.findIndex((first) => likeness(first, one, top - reach, top + reach + 1) > KIND_ALIKE);
    if (kind >= 0) counts[kind] = (counts[kind] as number) + 1;
    else if (firsts.length < KINDS_MAX) {
      firsts.push(one);
      counts.push(1);
    }
  }
  return counts;
}
