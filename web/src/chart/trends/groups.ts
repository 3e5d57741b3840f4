import type { LimitsBody, TrendBody } from "@openward/api";
import { shortName } from "../../parts/signal-display.ts";

/** Signals that belong in one chart: they share a unit and are read together. */
const groups: readonly { readonly key: string; readonly title: string; readonly signals: readonly string[] }[] = [
  {
    key: "heart",
    title: "Heart and pulse rate",
    signals: ["heart-rate", "pulse-rate-spo2", "pulse-rate", "pulse-rate-nibp", "heart-rate-resting"],
  },
  { key: "spo2", title: "Oxygen saturation", signals: ["spo2", "spo2-preductal", "spo2-postductal"] },
  {
    key: "breath",
    title: "Respiratory rate",
    signals: ["respiratory-rate", "respiratory-rate-impedance", "respiratory-rate-co2"],
  },
  { key: "nibp", title: "Blood pressure (cuff)", signals: ["nibp-systolic", "nibp-mean", "nibp-diastolic"] },
  { key: "art", title: "Arterial pressure", signals: ["art-systolic", "art-mean", "art-diastolic"] },
  {
    key: "temperature",
    title: "Temperature",
    signals: [
      "body-temperature",
      "temp-core",
      "temp-oral",
      "temp-tympanic",
      "temp-rectal",
      "temp-axillary",
      "temp-skin",
    ],
  },
  { key: "glucose", title: "Glucose", signals: ["glucose-interstitial", "glucose-blood"] },
];

export interface TrendGroup {
  readonly key: string;
  /** null: the signal's own name. */
  readonly title: string | null;
  readonly trends: readonly TrendBody[];
}

/** Charts in the order in which people read them; what is in no group has a chart of its own; units never mix. */
export function groupTrends(trends: readonly TrendBody[]): readonly TrendGroup[] {
  const measured = trends.filter((t) => t.mean.some((m) => m !== null));
  const taken = new Set<TrendBody>();
  const result: TrendGroup[] = [];
  for (const { key, title, signals } of groups) {
    const own = measured
      .filter((t) => signals.includes(t.signal))
      .sort((a, b) => signals.indexOf(a.signal) - signals.indexOf(b.signal));
    for (const [unit, same] of Map.groupBy(own, (t) => t.unit)) {
      for (const t of same) taken.add(t);
      result.push({ key: `${key} ${unit}`, title, trends: same });
    }
  }
  for (const [key, same] of Map.groupBy(
    measured.filter((t) => !taken.has(t)),
    (t) => `${t.signal} ${t.unit}`,
  )) {
    result.push({ key, title: null, trends: same });
  }
  return result;
}

export interface Summary {
  readonly low: number;
  readonly high: number;
  readonly last: number;
}

/** Smallest, largest and last value of a span; null where nothing was measured. */
export function summaryOf(trend: TrendBody): Summary | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let last: number | null = null;
  for (let i = 0; i < trend.starts.length; i++) {
    const min = trend.min[i] ?? null;
    const max = trend.max[i] ?? null;
    if (min !== null && min < low) low = min;
    if (max !== null && max > high) high = max;
    last = trend.last[i] ?? last;
  }
  return last === null ? null : { low, high, last };
}

export interface LimitLine {
  readonly value: number;
  readonly isCritical: boolean;
  /** "NIBP sys ", where a chart has limits of several signals; "" where all of them share it. */
  readonly name: string;
}

/** The lines of a chart: what several signals have in common is one line. */
export function limitLines(limits: readonly LimitsBody[]): readonly LimitLine[] {
  const lines = new Map<string, { value: number; isCritical: boolean; names: Set<string> }>();
  for (const l of limits) {
    for (const [value, isCritical] of [
      [l.low, false],
      [l.high, false],
      [l.criticalLow, true],
      [l.criticalHigh, true],
    ] as const) {
      if (value === null) continue;
      const key = `${value} ${isCritical}`;
      const line = lines.get(key) ?? { value, isCritical, names: new Set<string>() };
      line.names.add(shortName(l.signal));
      lines.set(key, line);
    }
  }
  const all = new Set(limits.map((l) => shortName(l.signal)));
  return [...lines.values()].map(({ value, isCritical, names }) => ({
    value,
    isCritical,
    name: names.size === all.size ? "" : `${[...names].join(", ")} `,
  }));
}
