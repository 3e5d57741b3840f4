import { mean, median, standardDeviation } from "../statistics.ts";
import { bandOf, type TimesInRanges } from "./bands.ts";

/** What readings come to, each of them counting as much as any other. */
export interface GlucoseMetrics {
  readonly count: number;
  /** mg/dL. */
  readonly mean: number;
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
  /** Of a sample (n - 1), mg/dL. */
  readonly sd: number;
  /** Per cent; up to 36 is stable. */
  readonly cv: number;
  /** Glucose management indicator, per cent: 3.31 + 0.02392 x mean. Bergenstal RM et al. Diabetes Care 2018;41:2275. */
  readonly gmi: number;
  /** Estimated HbA1c, per cent: (46.7 + mean) / 28.7. Nathan DM et al. Diabetes Care 2008;31:1473. */
  readonly estimatedA1c: number;
  /** Per cent of the readings. */
  readonly times: TimesInRanges;
  /** Per cent from 70 to 140 mg/dL. Battelino T et al. Lancet Diabetes Endocrinol 2023;11:42. */
  readonly tight: number;
  /** Low and high blood glucose index. Kovatchev BP et al. Diabetes Care 2006;29:2433. */
  readonly lbgi: number;
  readonly hbgi: number;
  /** 0.001 x (mean + SD)^2. Wojcicki JM. Horm Metab Res 1995;27:41. */
  readonly jIndex: number;
  readonly risk: GlycaemiaRisk;
}

/** Glycaemia risk index, 0 to 100, and its zone. Klonoff DC et al. J Diabetes Sci Technol 2023;17:1226. */
export interface GlycaemiaRisk {
  readonly index: number;
  readonly zone: "A" | "B" | "C" | "D" | "E";
  /** Per cent: very low and 0.8 of low; very high and half of high. */
  readonly hypo: number;
  readonly hyper: number;
}

const TIGHT = [70, 140] as const;

/** @param values mg/dL; what is no number, or not above 1, does not count @returns null of fewer than two */
export function glucoseMetrics(values: ArrayLike<number>): GlucoseMetrics | null {
  // Above 1: the logarithm of the risk function is of no less.
  const usable = Float64Array.from(values).filter((value) => value > 1 && value < Number.POSITIVE_INFINITY);
  const count = usable.length;
  if (count < 2) return null;
  const counts = { veryLow: 0, low: 0, target: 0, high: 0, veryHigh: 0 };
  let tight = 0;
  const risks = { low: 0, high: 0 };
  for (const value of usable) {
    counts[bandOf(value, "mg/dL")]++;
    if (value >= TIGHT[0] && value <= TIGHT[1]) tight++;
    const scaled = 1.509 * (Math.log(value) ** 1.084 - 5.381);
    risks[scaled < 0 ? "low" : "high"] += 10 * scaled ** 2;
  }
  const percent = (part: number) => (100 * part) / count;
  const times = {
    veryLow: percent(counts.veryLow),
    low: percent(counts.low),
    target: percent(counts.target),
    high: percent(counts.high),
    veryHigh: percent(counts.veryHigh),
  };
  const average = mean(usable);
  const sd = standardDeviation(usable);
  return {
    count,
    mean: average,
    median: median(usable),
    lowest: usable.reduce((least, value) => Math.min(least, value)),
    highest: usable.reduce((most, value) => Math.max(most, value)),
    sd,
    cv: (100 * sd) / average,
    gmi: 3.31 + 0.02392 * average,
    estimatedA1c: (46.7 + average) / 28.7,
    times,
    tight: percent(tight),
    lbgi: risks.low / count,
    hbgi: risks.high / count,
    jIndex: 0.001 * (average + sd) ** 2,
    risk: glycaemiaRisk(times),
  };
}

/** @param times per cent of time or readings in each band */
export function glycaemiaRisk({ veryLow, low, high, veryHigh }: TimesInRanges): GlycaemiaRisk {
  const hypo = veryLow + 0.8 * low;
  const hyper = veryHigh + 0.5 * high;
  const index = Math.min(3 * hypo + 1.6 * hyper, 100);
  return { index, zone: zoneOf(index), hypo, hyper };
}

function zoneOf(index: number): GlycaemiaRisk["zone"] {
  if (index <= 20) return "A";
  if (index <= 40) return "B";
  if (index <= 60) return "C";
  return index <= 80 ? "D" : "E";
}
