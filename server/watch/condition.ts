import type { AlarmPriority, AlarmRule, Limits } from "@openward/model";

/** One limit of one signal, ready to be compared with values in the signal's own unit. */
export interface LimitRule {
  readonly rule: Extract<AlarmRule, "limit-low" | "limit-high" | "critical-low" | "critical-high">;
  readonly limit: number;
  /** -1: below the limit is a breach; 1: above it. */
  readonly side: -1 | 1;
  /** How far back inside the limit the value must come before the condition ends. */
  readonly hysteresis: number;
  readonly delayMs: number;
  readonly priority: AlarmPriority;
  readonly latching: boolean;
}

/**
 * Where one limit of one stream stands.
 * inactive: inside the limit. pending: broken, not for long enough yet. due: broken for long enough (raised, or held
 * back by standby).
 */
export interface Condition {
  readonly rule: LimitRule;
  phase: "inactive" | "pending" | "due";
  /** Device time of the first breaching sample. */
  onsetAt: number;
  /** The breaching value that decided, or the newest one while pending. */
  value: number;
  /** The newest sample breaks the limit (and is not merely inside the hysteresis). */
  isBreaching: boolean;
}

export function inactive(rule: LimitRule): Condition {
  return { rule, phase: "inactive", onsetAt: 0, value: 0, isBreaching: false };
}

export type Step = "none" | "pending" | "due" | "end";

/**
 * Takes one sample into account. A condition begins with a sample beyond the limit and ends with one that is back
 * inside by the hysteresis; it is due when a sample still breaks the limit `delayMs` of device time after the first.
 *
 * @param time device time, later than every sample before
 * @param value in the signal's own unit
 * @returns what changed: "pending" and "due" when entered, "end" when a pending or due condition is over
 */
export function evaluate(condition: Condition, time: number, value: number): Step {
  const { rule } = condition;
  const beyond = (value - rule.limit) * rule.side;
  condition.isBreaching = beyond > 0;
  if (condition.phase === "inactive") {
    if (beyond <= 0) return "none";
    condition.onsetAt = time;
    condition.value = value;
    condition.phase = rule.delayMs === 0 ? "due" : "pending";
    return condition.phase;
  }
  if (beyond <= 0 && -beyond >= rule.hysteresis) {
    condition.phase = "inactive";
    return "end";
  }
  if (condition.phase === "pending" && beyond > 0) {
    condition.value = value;
    if (time - condition.onsetAt >= rule.delayMs) {
      condition.phase = "due";
      return "due";
    }
  }
  return "none";
}

/**
 * The rules of a signal's limits.
 *
 * @param sparse nobody expects the next sample at a certain time, so no further one can support the first: no delay
 */
export function rulesOf(limits: Limits | undefined, sparse: boolean): LimitRule[] {
  if (!limits?.enabled) return [];
  const rules: LimitRule[] = [];
  const add = (rule: LimitRule["rule"], limit: number | null, side: -1 | 1, priority: AlarmPriority) => {
    if (limit === null) return;
    rules.push({
      rule,
      limit,
      side,
      priority,
      hysteresis: limits.hysteresis,
      delayMs: sparse ? 0 : limits.delayMs,
      latching: limits.latching,
    });
  };
  add("critical-low", limits.criticalLow, -1, "high");
  add("critical-high", limits.criticalHigh, 1, "high");
  add("limit-low", limits.low, -1, limits.priority);
  add("limit-high", limits.high, 1, limits.priority);
  return rules;
}
