import ucum from "@lhncbc/ucum-lhc";
import type { Signal } from "./index.ts";
import { isUcum } from "./ucum.ts";

export { isUcum };

/** canonical = value x scale + offset; every unit of our signals is affine to its signal's own. */
export interface Conversion {
  readonly scale: number;
  readonly offset: number;
}

export type UnitVerdict =
  | { readonly ok: true; readonly unit: string; readonly conversion: Conversion }
  | { readonly ok: false; readonly code: "UNIT_UNKNOWN" | "UNIT_MISMATCH"; readonly expected: string };

const IDENTITY: Conversion = { scale: 1, offset: 0 };

/**
 * Molar masses in g/mol, where a signal may come as mass or as amount of substance.
 * Source: UCUM-LHC documentation (glucose 180.156).
 */
const molarMass: Readonly<Record<string, number>> = {
  "glucose-interstitial": 180.156,
  "glucose-blood": 180.156,
  "glucose-blood-molar": 180.156,
  "glucose-trend": 180.156,
};

/** Units come from devices: without a bound, a hostile one could fill the memory. */
const CACHE_LIMIT = 4096;
const cache = new Map<string, UnitVerdict>();
const utils = ucum.UcumLhcUtils.getInstance();

/**
 * Is the unit a UCUM code that measures what the signal measures, and how does it convert?
 *
 * @param unit as received; null or the empty string mean the signal's own unit
 */
export function checkUnit(signal: Signal, unit: string | null): UnitVerdict {
  const own = signal.ucum ?? "1";
  if (unit === null || unit === "" || unit === own) return { ok: true, unit: own, conversion: IDENTITY };
  const key = `${signal.key} ${unit}`;
  let verdict = cache.get(key);
  if (!verdict) {
    verdict = examine(signal, own, unit);
    if (cache.size >= CACHE_LIMIT) cache.clear();
    cache.set(key, verdict);
  }
  return verdict;
}

/** The value in the signal's own unit, without the dust that binary fractions leave. */
export function toCanonical(value: number, { scale, offset }: Conversion): number {
  if (scale === 1 && offset === 0) return value;
  return Number((value * scale + offset).toPrecision(12));
}

/** The value in the unit that a conversion came from; the inverse of `toCanonical`. */
export function fromCanonical(value: number, { scale, offset }: Conversion): number {
  if (scale === 1 && offset === 0) return value;
  return Number(((value - offset) / scale).toPrecision(12));
}

const baseCache = new Map<string, { readonly unit: string; readonly conversion: Conversion } | null>();

/**
 * A value in the base units of UCUM, in which all amounts of a kind can be compared: "5 mg" and "0.005 g".
 *
 * @returns undefined where the unit is none of UCUM, or one that converts to nothing (arbitrary units)
 */
export function toBaseUnits(
  value: number,
  unit: string,
): { readonly value: number; readonly unit: string } | undefined {
  let base = baseCache.get(unit);
  if (base === undefined) {
    base = baseOf(unit);
    if (baseCache.size >= CACHE_LIMIT) baseCache.clear();
    baseCache.set(unit, base);
  }
  return base ? { value: toCanonical(value, base.conversion), unit: base.unit } : undefined;
}

function baseOf(unit: string): { readonly unit: string; readonly conversion: Conversion } | null {
  if (!isUcum(unit)) return null;
  const one = utils.convertToBaseUnits(unit, 1);
  const two = utils.convertToBaseUnits(unit, 2);
  if (one.status !== "succeeded" || two.status !== "succeeded") return null;
  const scale = Number((two.magnitude - one.magnitude).toPrecision(14));
  const offset = Number((one.magnitude - scale).toPrecision(12));
  const name = Object.entries(one.unitToExp)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([base, exp]) => `${base}${exp}`)
    .join(".");
  return { unit: name, conversion: { scale, offset: Math.abs(offset) < 1e-12 ? 0 : offset } };
}

function examine(signal: Signal, own: string, unit: string): UnitVerdict {
  if (!isUcum(unit)) {
    return { ok: false, code: "UNIT_UNKNOWN", expected: `a UCUM code such as ${own}` };
  }
  const options = { molecularWeight: molarMass[signal.key] ?? null };
  const zero = utils.convertUnitTo(unit, 0, own, options);
  const one = utils.convertUnitTo(unit, 1, own, options);
  // The library refuses the value 0 in some conversions; two other points give the same line.
  const two = utils.convertUnitTo(unit, 2, own, options);
  if (one.status !== "succeeded" || two.status !== "succeeded" || one.toVal === null || two.toVal === null) {
    return { ok: false, code: "UNIT_MISMATCH", expected: `a unit that converts to ${own}` };
  }
  const scale = Number((two.toVal - one.toVal).toPrecision(14));
  const offset = zero.status === "succeeded" && zero.toVal !== null ? zero.toVal : one.toVal - scale;
  return { ok: true, unit, conversion: { scale, offset: Math.abs(offset) < 1e-12 ? 0 : offset } };
}
