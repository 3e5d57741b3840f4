import type { LimitsBody } from "@openward/api";
import { ownUnit, toneOf } from "../../parts/signal-display.ts";

export type LimitField = "criticalLow" | "low" | "high" | "criticalHigh";

/** What a person has typed; "" is no limit. */
export interface LimitsDraft {
  readonly signal: string;
  readonly criticalLow: number | "";
  readonly low: number | "";
  readonly high: number | "";
  readonly criticalHigh: number | "";
  readonly priority: LimitsBody["priority"];
  readonly delayS: number | "";
  readonly enabled: boolean;
  /** In the signal's own unit. */
  readonly hysteresis: number | "";
  readonly latching: boolean;
}

const order: readonly LimitField[] = ["criticalLow", "low", "high", "criticalHigh"];
const words: Readonly<Record<LimitField, string>> = {
  criticalLow: "critical low",
  low: "low",
  high: "high",
  criticalHigh: "critical high",
};

/**
 * A row for a signal that has none. How it behaves (delay, hysteresis, latching, priority) is taken from the limits of
 * its kind: of the same measurement if there are some, else of the same unit.
 *
 * @param set what is in force, the profile's rows among it
 */
export function addedLimits(signal: string, set: readonly LimitsBody[]): LimitsDraft {
  const sameUnit = set.filter((l) => l.signal !== signal && ownUnit(l.signal) === ownUnit(signal));
  const like = sameUnit.find((l) => toneOf(l.signal) === toneOf(signal)) ?? sameUnit[0];
  return {
    signal,
    criticalLow: "",
    low: "",
    high: "",
    criticalHigh: "",
    priority: like?.priority ?? "medium",
    delayS: like ? like.delayMs / 1000 : 10,
    enabled: true,
    hysteresis: like?.hysteresis ?? 0,
    latching: like?.latching ?? false,
  };
}

export function draftOf(l: LimitsBody): LimitsDraft {
  const { signal, criticalLow, low, high, criticalHigh, priority, delayMs, enabled, hysteresis, latching } = l;
  return {
    signal,
    criticalLow: criticalLow ?? "",
    low: low ?? "",
    high: high ?? "",
    criticalHigh: criticalHigh ?? "",
    priority,
    delayS: delayMs / 1000,
    enabled,
    hysteresis,
    latching,
  };
}

export type LimitProblems = Readonly<Partial<Record<LimitField | "delayS" | "hysteresis", string>>>;

/**
 * What is wrong with a row, by field; empty: it can be saved. Limits go up from critical low to critical high, and lie
 * in what the signal can be.
 */
export function checkLimits(
  draft: LimitsDraft,
  plausible: { readonly min?: number | undefined; readonly max?: number | undefined },
): LimitProblems {
  const problems: Partial<Record<keyof LimitProblems, string>> = {};
  let below: { field: LimitField; value: number } | undefined;
  for (const field of order) {
    const value = draft[field];
    if (value === "") continue;
    if (plausible.min !== undefined && value < plausible.min) problems[field] = `not below ${plausible.min}`;
    else if (plausible.max !== undefined && value > plausible.max) problems[field] = `not above ${plausible.max}`;
    else if (below && (field === "high" && below.field === "low" ? value <= below.value : value < below.value)) {
      problems[field] = `must be above ${words[below.field]}`;
    }
    below = { field, value };
  }
  if (draft.delayS === "" || draft.delayS < 0 || draft.delayS > 600) problems.delayS = "0 to 600 s";
  if (draft.hysteresis === "" || draft.hysteresis < 0) problems.hysteresis = "0 or more";
  else if (distanceOf(draft) > 0 && draft.hysteresis >= distanceOf(draft))
    problems.hysteresis = "less than from low to high";
  return problems;
}

/** From the inner low limit to the inner high one: a way back that is longer than this never ends. */
function distanceOf({ criticalLow, low, high, criticalHigh }: LimitsDraft): number {
  const floor = low === "" ? criticalLow : low;
  const ceiling = high === "" ? criticalHigh : high;
  return floor === "" || ceiling === "" ? Number.POSITIVE_INFINITY : ceiling - floor;
}

export function toNewLimits(d: LimitsDraft) {
  const orNull = (x: number | "") => (x === "" ? null : x);
  return {
    signal: d.signal,
    criticalLow: orNull(d.criticalLow),
    low: orNull(d.low),
    high: orNull(d.high),
    criticalHigh: orNull(d.criticalHigh),
    priority: d.priority,
    delayMs: Math.round((d.delayS === "" ? 0 : d.delayS) * 1000),
    enabled: d.enabled,
    hysteresis: d.hysteresis === "" ? 0 : d.hysteresis,
    latching: d.latching,
  };
}
