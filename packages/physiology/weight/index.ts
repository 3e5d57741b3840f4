import { median } from "../statistics.ts";
import table from "./rules.json" with { type: "json" };

/** kg; `at` in milliseconds since 1970. */
export interface Weighing {
  readonly at: number;
  readonly value: number;
}

export interface WeightChange {
  readonly rule: string;
  /** kg, against the lowest (a loss: the highest) within the rule's time. */
  readonly change: number;
  readonly since: Weighing;
  readonly now: Weighing;
}

const DAY_MS = 86_400_000;
/** A morning's weighing may be some hours later than that of the day on which it began. */
const SLACK_MS = 6 * 3_600_000;
const BASELINE_DAYS = 7;
const BASELINE_FEWEST = 3;

/** Rules that the newest weighing breaks, compared with those of the time before it. Weighings in any order. */
export function weightChanges(weighings: readonly Weighing[]): readonly WeightChange[] {
  const usable = weighings.filter(isUsable).toSorted((a, b) => a.at - b.at);
  const now = usable.at(-1);
  if (!now) return [];
  return table.rules.flatMap(({ id, days, above, atLeast, loss }) => {
    const from = now.at - days * DAY_MS - SLACK_MS;
    const earlier = usable.filter((one) => one.at >= from && one.at < now.at);
    const isLoss = loss !== undefined;
    const since = earlier.toSorted((a, b) => (isLoss ? b.value - a.value : a.value - b.value))[0];
    if (!since) return [];
    // To the gram: 0.1 kg are no binary fraction.
    const change = Math.round((now.value - since.value) * 1_000) / 1_000;
    const isBroken = isLoss ? -change > loss : change > (above ?? Infinity) || change >= (atLeast ?? Infinity);
    return isBroken ? [{ rule: id, change, since, now }] : [];
  });
}

/** The median of the last week without its newest; null of fewer than three. */
export function baselineWeight(weighings: readonly Weighing[]): number | null {
  const usable = weighings.filter(isUsable).toSorted((a, b) => a.at - b.at);
  const now = usable.at(-1);
  const earlier = usable.slice(0, -1).filter(({ at }) => at >= (now?.at ?? 0) - BASELINE_DAYS * DAY_MS - SLACK_MS);
  return earlier.length < BASELINE_FEWEST ? null : median(earlier.map(({ value }) => value));
}

const isUsable = ({ at, value }: Weighing) => Number.isFinite(at) && value > 0.2 && value < 700;
