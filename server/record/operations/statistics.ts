import type { ObservationComponent, Quantity } from "@medplum/fhirtypes";
import type { Distribution } from "@openward/timeseries";
import { absent } from "../resources/observation.ts";
import { quantity, UCUM } from "../resources/quantity.ts";

export const STATISTICS = "http://terminology.hl7.org/CodeSystem/observation-statistics";

/** What a component has: a number, in what; two where the code means two. */
interface Value {
  readonly value: number;
  readonly unit: string;
  /** Where one code has two values. */
  readonly name?: string;
}

interface Statistic {
  readonly display: string;
  /** Where it is read off the distribution, and with it as exact as that is. */
  readonly isQuantile?: boolean;
  /** @param from beginning of the span, ms UTC */
  of(distribution: Distribution, unit: string, from: number): readonly Value[];
}

const inUnit =
  (of: (one: Distribution) => number): Statistic["of"] =>
  (one, unit) => [{ value: of(one), unit }];
const plain =
  (of: (one: Distribution) => number): Statistic["of"] =>
  (one) => [{ value: of(one), unit: "1" }];
const differing =
  (of: (one: Distribution) => number): Statistic["of"] =>
  (one, unit) => [{ value: of(one), unit: ofDifferences(unit) }];
const quantile = (display: string, part: number): Statistic => ({
  display,
  isQuantile: true,
  of: inUnit((one) => one.quantiles([part])[0] as number),
});

const variance = ({ count, m2 }: Distribution) => (count > 1 ? m2 / (count - 1) : Number.NaN);

/** HL7's code system observation-statistics. Deviation and variance are those of a sample (n - 1); skew and kurtosis of all values, 3 for a normal distribution. */
export const statistics: Readonly<Record<string, Statistic>> = {
  average: { display: "Average", of: inUnit((one) => (one.count > 0 ? one.mean : Number.NaN)) },
  maximum: { display: "Maximum", of: inUnit(({ max }) => max) },
  minimum: { display: "Minimum", of: inUnit(({ min }) => min) },
  count: { display: "Count", of: plain(({ count }) => count) },
  "total-count": { display: "Total Count", of: plain(({ count, absent: without }) => count + without) },
  median: quantile("Median", 0.5),
  "std-dev": { display: "Standard Deviation", of: differing((one) => Math.sqrt(variance(one))) },
  sum: { display: "Sum", of: inUnit((one) => (one.count > 0 ? one.sum : Number.NaN)) },
  variance: { display: "Variance", of: (one, unit) => [{ value: variance(one), unit: squared(ofDifferences(unit)) }] },
  "20-percent": quantile("20th Percentile", 0.2),
  "80-percent": quantile("80th Percentile", 0.8),
  "4-lower": quantile("Lower Quartile", 0.25),
  "4-upper": quantile("Upper Quartile", 0.75),
  "4-dev": {
    display: "Quartile Deviation",
    isQuantile: true,
    of: differing((one) => {
      const [lower = Number.NaN, upper = Number.NaN] = one.quantiles([0.25, 0.75]);
      return (upper - lower) / 2;
    }),
  },
  "5-1": quantile("1st Quintile", 0.2),
  "5-2": quantile("2nd Quintile", 0.4),
  "5-3": quantile("3rd Quintile", 0.6),
  "5-4": quantile("4th Quintile", 0.8),
  skew: {
    display: "Skew",
    of: plain(({ count, m2, m3 }) => (m2 > 0 ? m3 / count / (m2 / count) ** 1.5 : Number.NaN)),
  },
  kurtosis: {
    display: "Kurtosis",
    of: plain(({ count, m2, m4 }) => (m2 > 0 ? m4 / count / (m2 / count) ** 2 : Number.NaN)),
  },
  regression: {
    display: "Regression",
    of: ({ timeTime, timeValue, mean, meanTime }, unit, from) => {
      const slope = timeTime > 0 ? timeValue / timeTime : Number.NaN;
      return [
        { value: slope * 3_600, unit: per(ofDifferences(unit), "h"), name: "gradient" },
        { value: mean - slope * (meanTime - from / 1_000), unit, name: "intercept" },
      ];
    },
  },
};

export const isStatistic = (code: string): boolean => Object.hasOwn(statistics, code);

/**
 * @param span.from its beginning, ms UTC: there a line through the values has its intercept
 * @param span.digits that a value is sure of: fifteen, or fewer where it was converted
 */
export function componentsOf(
  code: string,
  distribution: Distribution,
  unit: string,
  { from, digits }: { readonly from: number; readonly digits: number },
): ObservationComponent[] {
  const { display, of } = statistics[code] as Statistic; // isStatistic was asked
  return of(distribution, unit, from).map(({ value, unit: own, name }) => ({
    code: {
      coding: [{ system: STATISTICS, code, display }],
      ...(name === undefined ? {} : { text: `${display}: ${name}` }),
    },
    ...(Number.isFinite(value)
      ? { valueQuantity: rounded(value, own, digits) }
      : { dataAbsentReason: absent("unknown") }),
  }));
}

/** What sums of doubles get wrong stands behind the fifteenth digit, what factors of units do before. */
function rounded(value: number, unit: string, digits: number): Quantity {
  const number = Number(value.toPrecision(digits));
  return unit === "1" ? { value: number, unit: "1", system: UCUM, code: "1" } : quantity(number, unit);
}

/** Two temperatures differ by kelvin: the zero of their scale is in neither. */
const ofDifferences = (unit: string): string => (unit === "Cel" ? "K" : unit === "[degF]" ? "[degR]" : unit);

/** UCUM reads from left to right: "mmol/L.mmol/L" is mmol2/L2. */
const squared = (unit: string): string => (unit.startsWith("/") ? `${unit}${unit}` : `${unit}.${unit}`);

const per = (unit: string, of: string): string => (unit === "1" ? `/${of}` : `${unit}/${of}`);
