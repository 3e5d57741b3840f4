import { type About, featuresAt, type Scope } from "./features.ts";
import { type DeteriorationInput, deteriorationInputs } from "./inputs.ts";
import { DayWindow } from "./window.ts";

/** What is known of one input: a value that is stale still counts as what was last known, and is told as stale. */
export interface InputState {
  readonly id: string;
  readonly state: "used" | "stale" | "missing";
  /** In the input's unit; null when missing. */
  readonly value: number | null;
  /** ms since 1970; null when missing. */
  readonly at: number | null;
  /** Values that no living patient has. */
  readonly refused: number;
}

export interface Deterioration {
  /**
   * @param id of an input @param value in its unit @param at ms since 1970
   * @returns why it is not counted, or null
   */
  push(id: string, value: number, at: number): "unknown input" | "not plausible" | "no time" | "too late" | null;
  /** @param now ms since 1970, not before the newest reading */
  inputs(now: number): readonly InputState[];
  /** For the model of that scope, by `featureNames`; NaN where nothing was measured. */
  features(scope: Scope, now: number): Float32Array;
  /** What speaks against telling an index at all; null: nothing. */
  absent(now: number): string | null;
}

const byId: ReadonlyMap<string, DeteriorationInput> = new Map(deteriorationInputs.map((input) => [input.id, input]));
/** Of these, so many have to be fresh: of fewer nothing is to be said. */
const VITAL = ["pulse", "systolic", "mean-pressure", "respiratory-rate", "temperature", "spo2", "gcs"];
const FRESH_LEAST = 3;
const HOUR_MS = 3_600_000;

/**
 * What the index of deterioration is worked out of, reading by reading: a day of each input in means of two hours, and what it
 * was before. No delay; some 12 kB a patient.
 */
export function createDeterioration(about: About): Deterioration {
  const windows = new Map<string, DayWindow>();
  const refused = new Map<string, number>();
  let first = Number.POSITIVE_INFINITY;

  return {
    push(id, value, at) {
      const input = byId.get(id);
      if (!input) return "unknown input";
      if (!Number.isFinite(at)) return "no time";
      if (!(value >= input.least && value <= input.most)) {
        refused.set(id, (refused.get(id) ?? 0) + 1);
        return "not plausible";
      }
      const window = windows.get(id) ?? new DayWindow();
      windows.set(id, window);
      if (!window.push(at, value)) return "too late";
      first = Math.min(first, at);
      return null;
    },
    inputs: (now) => deteriorationInputs.map((input) => stateOf(input, windows.get(input.id), refused, now)),
    features: (scope, now) => featuresAt(scope, { now, hours: Math.max(now - first, 0) / HOUR_MS, about, windows }),
    absent(now) {
      const fresh = VITAL.filter((id) => {
        const input = byId.get(id) as DeteriorationInput; // VITAL are inputs, as a test shows
        return stateOf(input, windows.get(id), refused, now).state === "used";
      });
      if (fresh.length >= FRESH_LEAST) return null;
      return `${fresh.length} of ${VITAL.join(", ")} are fresh, and ${FRESH_LEAST} are needed`;
    },
  };
}

function stateOf(
  { id, freshHours }: DeteriorationInput,
  window: DayWindow | undefined,
  refused: ReadonlyMap<string, number>,
  now: number,
): InputState {
  const rest = { id, refused: refused.get(id) ?? 0 };
  if (!window || window.total === 0) return { ...rest, state: "missing", value: null, at: null };
  const age = now - window.lastAt;
  // One that is dated ahead is no sign that anything is measured now.
  const isFresh = age <= freshHours * HOUR_MS && age >= -HOUR_MS;
  return { ...rest, state: isFresh ? "used" : "stale", value: window.last, at: window.lastAt };
}
