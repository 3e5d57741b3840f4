import type { LimitsBody } from "@openward/api";

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
  readonly hysteresis: number;
  readonly latching: boolean;
}

const order: readonly LimitField[] = ["criticalLow", "low", "high", "criticalHigh"];
const words: Readonly<Record<LimitField, string>> = {
  criticalLow: "critical low",
  low: "low",
  high: "high",
  criticalHigh: "critical high",
};

export const emptyLimits = (signal: string): LimitsDraft => ({
  signal,
  criticalLow: "",
  low: "",
  high: "",
  criticalHigh: "",
  priority: "medium",
  delayS: 10,
  enabled: true,
  hysteresis: 0,
  latching: false,
});

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

/**
 * What is wrong with a row, by field; empty: it can be saved. Limits go up from critical low to critical high, and lie
 * in what the signal can be.
 */
export function checkLimits(
  draft: LimitsDraft,
  plausible: { readonly min?: number | undefined; readonly max?: number | undefined },
): Partial<Record<LimitField | "delayS", string>> {
  const problems: Partial<Record<LimitField | "delayS", string>> = {};
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
  return problems;
}

/** @returns the rows that differ from what is set */
export function changedLimits(drafts: readonly LimitsDraft[], set: readonly LimitsBody[]): readonly LimitsDraft[] {
  const known = new Map(set.map((l) => [l.signal, JSON.stringify(draftOf(l))]));
  return drafts.filter((d) => JSON.stringify(d) !== known.get(d.signal));
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
    hysteresis: d.hysteresis,
    latching: d.latching,
  };
}
