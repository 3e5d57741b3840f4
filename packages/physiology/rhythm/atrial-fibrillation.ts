import { AF_FEATURES } from "./intervals.ts";

/** Whether the intervals around one are those of atrial fibrillation; null where it cannot be told. */
export interface AfVerdict {
  /** The interval in the middle of the row that it is about. */
  readonly at: number;
  readonly isFibrillation: boolean | null;
  /** 0 to 1, of the rows around it together. */
  readonly chance: number | null;
}

export interface AfDecision {
  /** @param at of the row @param chance that it is fibrillation, null where its row has no features */
  push(at: number, chance: number | null): void;
  finish(): void;
}

/** Rows before and after that are asked as well. */
const AROUND = 4;
const LIMIT = 0.5;
/** No row is surer than this: one that is wrong must not outvote its neighbours. */
const SUREST = 0.99;

/**
 * Verdicts from chances of rows, one after the other: a row alone is not believed against its neighbours. Four rows later,
 * which is 40 intervals; with the window of a row a verdict is some 130 intervals old.
 */
export function createAfDecision(onVerdict: (verdict: AfVerdict) => void): AfDecision {
  const size = 2 * AROUND + 1;
  const ats = new Float64Array(size);
  const logits = new Float64Array(size);
  let n = 0;

  function judge(row: number): void {
    let [sum, count] = [0, 0];
    for (let i = Math.max(row - AROUND, n - size, 0); i <= Math.min(row + AROUND, n - 1); i++) {
      const logit = logits[i % size] as number;
      if (Number.isNaN(logit)) continue;
      sum += logit;
      count++;
    }
    const at = ats[row % size] as number;
    const isKnown = count > 0 && !Number.isNaN(logits[row % size] as number);
    const chance = isKnown ? 1 / (1 + Math.exp(-sum / count)) : null;
    onVerdict({ at, chance, isFibrillation: chance === null ? null : chance > LIMIT });
  }

  return {
    push(at, chance) {
      const held = chance === null ? Number.NaN : Math.min(Math.max(chance, 1 - SUREST), SUREST);
      ats[n % size] = at;
      logits[n % size] = Math.log(held / (1 - held));
      n++;
      if (n > AROUND) judge(n - 1 - AROUND);
    },
    finish() {
      for (let row = Math.max(n - AROUND, 0); row < n; row++) judge(row);
    },
  };
}

const WHERE = {
  /** Median change from one interval to the next, by their median, premature beats evened out. */
  change: AF_FEATURES.indexOf("cleaned-successive-60"),
  /** How badly the next interval is foreseen from two like those before it. */
  foreseen: AF_FEATURES.indexOf("foreseen-60"),
};
/** Logarithms of parts of the median interval; chosen on the AF database as a whole. */
const RULE = { change: -3.1, foreseen: -2.8 };
const STEEPNESS = 4;
/** Neither is believed beyond this when both are asked. */
const SURE = 1e-4;

/**
 * The rule that needs no model: intervals change by more than 4.5 % from one to the next, premature beats evened out, and
 * in no order that was there before, as in bigeminy or block. @param features of a row @returns a chance
 */
export function afByRule(features: Float32Array): number {
  const change = (features[WHERE.change] as number) - RULE.change;
  const foreseen = (features[WHERE.foreseen] as number) - RULE.foreseen;
  return 1 / (1 + Math.exp(-STEEPNESS * Math.min(change, foreseen)));
}

/**
 * Both asked, with equal say: what one has not seen, the other was not told of.
 *
 * @param model chance by the model @param rule chance by `afByRule` @returns a chance
 */
export function afByBoth(model: number, rule: number): number {
  return 1 / (1 + Math.exp(-(logit(model) / 2 + logit(rule))));
}

function logit(chance: number): number {
  const held = Math.min(Math.max(chance, SURE), 1 - SURE);
  return Math.log(held / (1 - held));
}
