import table from "./signals.json" with { type: "json" };

export type SignalKind = "numeric" | "waveform" | "event" | "setting" | "enumerated";

/** One thing that can be measured. Limits are in the unit `ucum`. */
export interface Signal {
  /** Our own slug, kebab-case: "heart-rate". */
  readonly key: string;
  readonly display: string;
  readonly kind: SignalKind;
  /** ISO/IEEE 11073-10101: reference id and context-free code (partition x 65536 + code). */
  readonly mdc?: { readonly refId: string; readonly code: number; readonly confidence: string };
  /** LOINC codes, the most specific first. */
  readonly loinc?: readonly { readonly code: string; readonly display: string }[];
  /** The signal's own unit, as a UCUM code; absent where there is none. */
  readonly ucum?: string;
  readonly mdcUnit?: { readonly refId: string; readonly code: number };
  /** Outside these a value is a transmission or unit error, not a patient. */
  readonly hardMin?: number;
  readonly hardMax?: number;
  /** Adult default alert limits, where a monitor has them. */
  readonly warnLow?: number;
  readonly warnHigh?: number;
  readonly typicalRate?: string;
  readonly bodySite?: string;
  readonly notes?: string;
}

/** The vocabulary, in the order of its table. Source: docs/signals.md. */
export const signals: readonly Signal[] = table.signals as readonly Signal[];

const byKey = new Map(signals.map((signal) => [signal.key, signal]));
const byMdc = new Map(signals.flatMap((signal) => (signal.mdc ? [[signal.mdc.code, signal] as const] : [])));

export function findSignal(key: string): Signal | undefined {
  return byKey.get(key);
}

/** @param code context-free 11073-10101 code, e.g. 150456 for SpO2 */
export function findSignalByMdc(code: number): Signal | undefined {
  return byMdc.get(code);
}

/** A signal that code, not a device, names; a typo is our bug and stops here. */
export function signal(key: string): Signal {
  const found = byKey.get(key);
  if (!found) throw new Error(`no signal "${key}" in packages/signals/signals.json`);
  return found;
}

/** Signals whose readings are numbers in time: what `devices/{device}/readings` carries. */
export function isNumeric(signal: Signal): boolean {
  return signal.kind === "numeric" || signal.kind === "setting" || signal.kind === "enumerated";
}

/** The signals that nearest match a wrong key, for error messages. */
export function similarSignals(key: string): readonly string[] {
  const wanted = key.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  return signals
    .filter((s) => {
      const have = s.key.replaceAll("-", "");
      return wanted.length > 1 && (have.includes(wanted) || wanted.includes(have));
    })
    .slice(0, 3)
    .map((s) => s.key);
}
