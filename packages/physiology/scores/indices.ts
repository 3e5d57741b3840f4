import type { Question } from "./score.ts";

/** A number worked out of several, or why there is none. */
export type Index = { readonly value: number } | { readonly value: null; readonly missing: readonly string[] };

/** Heart rate over systolic pressure; 0.5 to 0.7 at rest, 0.9 and more a warning. Allgöwer 1967; Rady 1994. @param heartRate /min @param systolic mm[Hg] */
export const shockIndex = (heartRate: number | undefined, systolic: number | undefined): Index =>
  ratio({ heartRate, systolic }, (of) => of.heartRate / of.systolic);

/**
 * Saturation over inspired fraction, over the respiratory rate, on high-flow oxygen: 4.88 and more at 2, 6 and 12 h speaks
 * for success. Roca O et al. AJRCCM 2019;199:1368. @param spo2 % @param fio2 fraction, 0.21 to 1 @param respiratoryRate /min
 */
export function rox(spo2: number | undefined, fio2: number | undefined, respiratoryRate: number | undefined): Index {
  const isFraction = fio2 !== undefined && fio2 >= 0.21 && fio2 <= 1;
  return ratio(
    { spo2, fio2: isFraction ? fio2 : undefined, respiratoryRate },
    (of) => of.spo2 / of.fio2 / of.respiratoryRate,
  );
}

/** Estimated; a measured mean is better. @param systolic @param diastolic mm[Hg] */
export const meanPressure = (systolic: number | undefined, diastolic: number | undefined): Index =>
  ratio({ systolic, diastolic }, (of) => (of.systolic + 2 * of.diastolic) / 3);

function ratio<K extends string>(
  inputs: Readonly<Record<K, number | undefined>>,
  of: (inputs: Record<K, number>) => number,
): Index {
  const isUsable = (value: number | undefined): value is number =>
    value !== undefined && Number.isFinite(value) && value > 0;
  const missing = Object.entries<number | undefined>(inputs).flatMap(([name, value]) =>
    isUsable(value) ? [] : [name],
  );
  return missing.length > 0 ? { value: null, missing } : { value: of(inputs as Record<K, number>) };
}

export type TimedIndexId = "shock-index" | "rox";

export interface TimedIndex {
  readonly value: number | null;
  /** Inputs that were not measured, or are no such value. */
  readonly missing: readonly string[];
  /** Measured, and older than allowed: no part of the value. */
  readonly stale: readonly string[];
}

/** Ids of inputs: /min, mm[Hg], %, fraction. */
const TIMED: Readonly<
  Record<TimedIndexId, { inputs: readonly string[]; of: (...values: (number | undefined)[]) => Index }>
> = {
  "shock-index": { inputs: ["pulse", "systolic"], of: shockIndex },
  rox: { inputs: ["spo2", "fio2", "respiratory-rate"], of: rox },
};

/** An index of inputs with their times: of a stale one nothing is worked out, as in `score`. */
export function timedIndex(id: TimedIndexId, { inputs, now, maxAgeMs }: Question): TimedIndex {
  const { inputs: ids, of } = TIMED[id];
  const isFresh = (input: string) => now - (inputs[input]?.at ?? Number.NaN) <= maxAgeMs(input);
  const numberOf = (input: string) => {
    const value = inputs[input]?.value;
    return typeof value === "number" ? value : undefined;
  };
  const stale = ids.filter((input) => inputs[input] && !isFresh(input));
  const index = of(...ids.map((input) => (isFresh(input) ? numberOf(input) : undefined)));
  if (index.value !== null) return { value: index.value, missing: [], stale: [] };
  // Each asked alone with values that fit: what is left is what is missing.
  const missing = ids.filter((input, i) => {
    if (stale.includes(input)) return false;
    return of(...ids.map((_, k) => (k === i ? numberOf(input) : 1))).value === null;
  });
  return { value: null, missing, stale };
}
