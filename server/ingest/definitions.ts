import type { RefusalCode } from "@openward/errors";
import { findSignal, isNumeric, type Signal, similarSignals } from "@openward/signals";
import { type Conversion, checkUnit, toCanonical } from "@openward/signals/units";

/** A signal in a unit as it is received: known, convertible, and with the bounds of what it can be. */
export interface Definition {
  readonly ok: true;
  readonly signal: Signal;
  /** UCUM code as received, or the signal's own where none was sent. */
  readonly unit: string;
  readonly conversion: Conversion;
  /** In the signal's own unit. */
  readonly min: number;
  readonly max: number;
}

export interface NoDefinition {
  readonly ok: false;
  readonly code: RefusalCode;
  /** "unit" where the unit is at fault, empty where it is the signal. */
  readonly part: "" | "unit";
  readonly expected: string;
}

/** Names come from devices: without a bound, a hostile one could fill the memory. */
const CACHE_LIMIT = 8192;
const NO_UNIT = "\u0000";

/** What readings of these names mean; looked up once per name. */
export function createDefinitions(): {
  numeric(signal: string, unit: string | null): Definition | NoDefinition;
  waveform(signal: string, unit: string | null): Definition | NoDefinition;
} {
  const caches = { numeric: new Map<string, Map<string, Definition | NoDefinition>>(), waveform: new Map() };
  let size = 0;

  function find(kind: "numeric" | "waveform", key: string, unit: string | null): Definition | NoDefinition {
    const cache: Map<string, Map<string, Definition | NoDefinition>> = caches[kind];
    let units = cache.get(key);
    const found = units?.get(unit ?? NO_UNIT);
    if (found) return found;
    if (++size > CACHE_LIMIT) {
      caches.numeric.clear();
      caches.waveform.clear();
      units = undefined;
      size = 1;
    }
    if (!units) {
      units = new Map();
      cache.set(key, units);
    }
    const definition = define(kind, key, unit);
    units.set(unit ?? NO_UNIT, definition);
    return definition;
  }

  return {
    numeric: (signal, unit) => find("numeric", signal, unit),
    waveform: (signal, unit) => find("waveform", signal, unit),
  };
}

function define(kind: "numeric" | "waveform", key: string, unit: string | null): Definition | NoDefinition {
  const signal = findSignal(key);
  if (!signal) {
    const similar = similarSignals(key);
    const expected = similar.length > 0 ? `perhaps ${similar.join(", ")}` : "a key of the signal vocabulary";
    return { ok: false, code: "SIGNAL_UNKNOWN", part: "", expected };
  }
  const isRight = kind === "numeric" ? isNumeric(signal) : signal.kind === "waveform";
  if (!isRight) {
    const expected = kind === "numeric" ? `${key} in a ${signal.kind} message` : `${key} among readings`;
    return { ok: false, code: "SIGNAL_KIND", part: "", expected };
  }
  const verdict = checkUnit(signal, unit);
  if (!verdict.ok) return { ok: false, code: verdict.code, part: "unit", expected: verdict.expected };
  return {
    ok: true,
    signal,
    unit: verdict.unit,
    conversion: verdict.conversion,
    min: signal.hardMin ?? Number.NEGATIVE_INFINITY,
    max: signal.hardMax ?? Number.POSITIVE_INFINITY,
  };
}

/** Can the signal be this? Exact at the bounds, whatever dust the conversion leaves. */
export function isPlausible(definition: Definition, value: number): boolean {
  const { conversion, min, max } = definition;
  const rough = value * conversion.scale + conversion.offset;
  if (rough > min && rough < max) return true;
  const exact = toCanonical(value, conversion);
  return Number.isFinite(exact) && exact >= min && exact <= max;
}

export function plausibleRange({ signal }: Definition): string {
  return `${signal.hardMin ?? "any"} to ${signal.hardMax ?? "any"} ${signal.ucum ?? ""}`.trim();
}
