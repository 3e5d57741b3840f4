import { signalOf } from "./features.ts";

/** What a signal adds to the log odds, beside a patient of whom it is not known. */
export interface Share {
  readonly signal: string;
  /** Positive: it speaks for deterioration. */
  readonly logOdds: number;
}

export interface Explained {
  readonly chance: number;
  /** Of a patient of whom nothing is known: the shares lead from its log odds to those of this one. */
  readonly unknownChance: number;
  /** The greatest first, whichever way it points; together all of the difference. */
  readonly shares: readonly Share[];
}

/** One chance a row. */
export type Predict = (rows: Float32Array) => Promise<Float32Array>;

/**
 * How much each signal adds. To a patient of whom nothing is known the signals of this one are added, one after the other, once
 * in their order and once from the last to the first, and the mean of the two is the share: Shapley's value (1953) for a model
 * in which no more than two signals work together in one term, as in a sum or in trees of two levels; they always add up.
 *
 * @param names of the features, "SIGNAL.what" @param features of this patient, NaN: not measured
 */
export async function explain(names: readonly string[], features: Float32Array, predict: Predict): Promise<Explained> {
  const signals = [...new Set(names.filter((_, i) => !Number.isNaN(features[i])).map(signalOf))];
  const width = names.length;
  const steps = signals.length + 1;
  const rows = new Float32Array(2 * steps * width);
  for (const [way, order] of [signals, signals.toReversed()].entries()) {
    const taken = new Set<string>();
    for (let step = 0; step < steps; step++) {
      if (step > 0) taken.add(order[step - 1] as string);
      const row = names.map((name, i) => (taken.has(signalOf(name)) ? (features[i] as number) : Number.NaN));
      rows.set(row, (way * steps + step) * width);
    }
  }
  const chances = await predict(rows);
  const at = (row: number) => logOdds(chances[row] as number);
  const last = signals.length - 1;
  const shares = signals.map((signal, i) => {
    const forwards = at(i + 1) - at(i);
    const backwards = at(steps + last - i + 1) - at(steps + last - i);
    return { signal, logOdds: (forwards + backwards) / 2 };
  });
  shares.sort((a, b) => Math.abs(b.logOdds) - Math.abs(a.logOdds));
  return { chance: chances[steps - 1] as number, unknownChance: chances[0] as number, shares };
}

/** Nobody is certain to die or to live, whatever the sixth digit of a model says. */
const CERTAIN = 1e-6;
export function logOdds(chance: number): number {
  const bounded = Math.min(Math.max(chance, CERTAIN), 1 - CERTAIN);
  return Math.log(bounded / (1 - bounded));
}

/**
 * The same evidence where the outcome is rarer or commoner: the prior odds are exchanged. Saerens M et al. Neural Comput
 * 2002;14:21.
 *
 * @param chance by a model that learned where a part `from` had the outcome @param to that part here
 */
export const recalibrated = (chance: number, from: number, to: number): number =>
  1 / (1 + Math.exp(-(logOdds(chance) - logOdds(from) + logOdds(to))));
