import type { Annotation } from "@openward/codecs/files";
import type { BeatClass } from "@openward/physiology/ecg";
import { matchBeats } from "./ec57.ts";

/** ANSI/AAMI EC57. */
export const WINDOW_S = 0.15;
export const LEARNING_S = 300;
const FLUTTER_BEGINS = 32;
const FLUTTER_ENDS = 33;
const PACED = 12;

/** Classes of EC57 by WFDB's codes of beats. */
const CLASS_OF: ReadonlyMap<number, BeatClass> = new Map([
  ...[1, 2, 3, 25, 34, 11].map((code) => [code, "N"] as const), // N L R B e j
  ...[4, 7, 8, 9, 35].map((code) => [code, "S"] as const), // a J A S n
  ...[5, 10, 41].map((code) => [code, "V"] as const), // V E r
  [6, "F"] as const,
  ...[PACED, 13, 30, 38].map((code) => [code, "Q"] as const), // / Q ? f
]);

export const BEAT_CODES: ReadonlySet<number> = new Set(CLASS_OF.keys());
export const VENTRICULAR_CODES: ReadonlySet<number> = new Set(
  [...CLASS_OF].filter(([, of]) => of === "V").map(([code]) => code),
);

export interface ReferenceBeat {
  readonly at: number;
  readonly class: BeatClass;
}

export const referenceBeats = (annotations: readonly Annotation[]): ReferenceBeat[] =>
  annotations.flatMap(({ code, sample }) => {
    const found = CLASS_OF.get(code);
    return found ? [{ at: sample, class: found }] : [];
  });

/** EC57 leaves out records with paced beats. */
export const isPaced = (annotations: readonly Annotation[]): boolean => annotations.some(({ code }) => code === PACED);

/** Frames from and to between which there is ventricular flutter, which has no beats. */
export function flutterOf(annotations: readonly Annotation[]): [number, number][] {
  const found: [number, number][] = [];
  for (const { code, sample } of annotations) {
    if (code === FLUTTER_BEGINS) found.push([sample, Number.POSITIVE_INFINITY]);
    const last = found.at(-1);
    if (code === FLUTTER_ENDS && last) last[1] = sample;
  }
  return found;
}

/** Beats by class of the reference and class that was found; "O": no beat there. */
export type Confusion = Readonly<Record<string, number>>;

/** @param isScored by frame */
export function confusionOf(
  reference: readonly ReferenceBeat[],
  found: readonly ReferenceBeat[],
  window: number,
  isScored: (at: number) => boolean,
): Confusion {
  const ofReference = new Map(reference.map((beat) => [beat.at, beat.class]));
  const ofFound = new Map(found.map((beat) => [beat.at, beat.class]));
  const match = matchBeats([...ofReference.keys()], [...ofFound.keys()], window);
  const counts: Record<string, number> = {};
  const count = (at: number, pair: string) => {
    if (isScored(at)) counts[pair] = (counts[pair] ?? 0) + 1;
  };
  for (const [at, other] of match.pairs) count(at, `${ofReference.get(at)}${ofFound.get(other)}`);
  for (const at of match.missed) count(at, `${ofReference.get(at)}O`);
  for (const at of match.extra) count(at, `O${ofFound.get(at)}`);
  return counts;
}

/** Found of those there are: a beat that was missed counts. */
export const sensitivityOf = (counts: Confusion, of: "S" | "V"): number =>
  cells(counts, [`${of}${of}`]) /
  cells(
    counts,
    [..."NSVFQO"].map((found) => of + found),
  );

/** Right of those called so. Fusions and unclassifiable beats called V, and unclassifiable ones called S, are not counted (EC57). */
export const predictivityOf = (counts: Confusion, of: "S" | "V"): number => {
  const wrong = of === "V" ? ["NV", "SV", "OV"] : ["NS", "VS", "FS", "OS"];
  const right = cells(counts, [of + of]);
  return right / (right + cells(counts, wrong));
};

export const cells = (counts: Confusion, pairs: readonly string[]): number =>
  pairs.reduce((sum, pair) => sum + (counts[pair] ?? 0), 0);

export const added = (all: readonly Confusion[]): Confusion => {
  const sum: Record<string, number> = {};
  for (const counts of all) for (const [pair, n] of Object.entries(counts)) sum[pair] = (sum[pair] ?? 0) + n;
  return sum;
};
