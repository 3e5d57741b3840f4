import { signal } from "@openward/signals";
import table from "./inputs.json" with { type: "json" };

/** Points of a published score, and what one of them adds to the log odds of death. */
export interface Points {
  readonly source: string;
  readonly logit: number;
  /** The first whose `below` is above the value; the last has none. */
  readonly steps: readonly { readonly below?: number; readonly points: number }[];
}

/** One thing that the index looks at. */
export interface DeteriorationInput {
  readonly id: string;
  /** UCUM; readings are handed in in it. */
  readonly unit: string;
  /** Keys of packages/signals that tell it, the best first; none for what a laboratory tells. */
  readonly signals: readonly string[];
  /** Outside these it is no value of a living patient: a sensor that fell off, a typing error. */
  readonly least: number;
  readonly most: number;
  /** An older one is told as stale. */
  readonly freshHours: number;
  readonly needs: "vitals" | "labs";
  /** An amount since the one before, as urine is. */
  readonly isAmount?: boolean;
  /** Its logarithm is what varies evenly. */
  readonly isLog?: boolean;
  readonly points?: Points;
}

const all = table.inputs as readonly DeteriorationInput[];

/** In the order of its features. Ranges are no wider than those of packages/signals. */
export const deteriorationInputs: readonly DeteriorationInput[] = all.map((input) => {
  const ranges = input.signals.map(signal).filter(({ ucum }) => ucum === input.unit);
  return {
    ...input,
    least: Math.max(input.least, ...ranges.map(({ hardMin }) => hardMin ?? Number.NEGATIVE_INFINITY)),
    most: Math.min(input.most, ...ranges.map(({ hardMax }) => hardMax ?? Number.POSITIVE_INFINITY)),
  };
});

export const agePoints: Points = table.age;
/** Of arterial oxygen over the inspired fraction, mm[Hg]. */
export const oxygenationPoints: Points = table.oxygenation;

/** What a value adds to the log odds of death by the published score; NaN of no value. */
export function logOddsOf({ steps, logit }: Points, value: number): number {
  if (Number.isNaN(value)) return Number.NaN;
  return logit * (steps.find(({ below }) => below === undefined || value < below)?.points ?? 0);
}
