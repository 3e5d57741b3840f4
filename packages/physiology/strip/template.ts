import { median } from "../statistics.ts";
import { likeness } from "./numbers.ts";
import type { Strip } from "./prepare.ts";

/** Beats laid over one another. */
export interface Template {
  /** Of the top of the QRS, in each of them. */
  readonly top: number;
  /** Which beats of the strip: those that are there from before their P wave to after their T wave. */
  readonly which: readonly number[];
  readonly beats: readonly Float64Array[];
  /** Median of those that look alike. */
  readonly usual: Float64Array;
  /** How alike each is to the usual: its QRS, and all of it. */
  readonly qrs: readonly number[];
  readonly whole: readonly number[];
}

export const BEFORE_S = 0.32;
export const AFTER_S = 0.48;
export const QRS_S = 0.09;
const ALIKE = 0.8;
const FEWEST_ALIKE = 3;

/** @returns null where no beat is there as a whole */
export function templateOf({ samples, beats, rateHz }: Strip): Template | null {
  const [top, after] = [Math.round(BEFORE_S * rateHz), Math.round(AFTER_S * rateHz)];
  const which = beats.flatMap((at, i) => (at >= top && at + after < samples.length ? [i] : []));
  if (which.length === 0) return null;
  const cut = which.map((i) => samples.slice((beats[i] as number) - top, (beats[i] as number) + after + 1));
  const reach = Math.round(QRS_S * rateHz);
  const qrsOf = (one: Float64Array, other: Float64Array) => likeness(one, other, top - reach, top + reach + 1);
  const first = middleOf(cut);
  const alike = cut.filter((one) => qrsOf(one, first) > ALIKE);
  const usual = alike.length >= FEWEST_ALIKE ? middleOf(alike) : first;
  return {
    top,
    which,
    beats: cut,
    usual,
    qrs: cut.map((one) => qrsOf(one, usual)),
    whole: cut.map((one) => likeness(one, usual)),
  };
}

const middleOf = (cut: readonly Float64Array[]): Float64Array =>
  Float64Array.from({ length: cut[0]?.length ?? 0 }, (_, i) => median(cut.map((one) => one[i] as number)));
