import type { CodeableConcept, Coding } from "@medplum/fhirtypes";
import type { Stream } from "@openward/model";
import { findSignal, type Signal } from "@openward/signals";
import table from "./observation-kinds.json" with { type: "json" };

export const LOINC = "http://loinc.org";
export const MDC = "urn:iso:std:iso:11073:10101";
/** Keys of packages/signals. */
export const SIGNAL_SYSTEM = "urn:openward:signal";
export const CATEGORY_SYSTEM = "http://terminology.hl7.org/CodeSystem/observation-category";

interface LoincCode {
  readonly code: string;
  readonly display: string;
}

/** What every Observation of one signal (and kind of unit) has in common. */
export interface ObservationKind {
  readonly signal: Signal | undefined;
  readonly code: CodeableConcept;
  readonly category: CodeableConcept[] | undefined;
  readonly profile: string[] | undefined;
  /** UCUM codes that the profile accepts; undefined: any. */
  readonly units: readonly string[] | undefined;
  /** How the unit is written, where a profile says so. */
  readonly unitText?: string | undefined;
}

/** What an Observation that sums up others can be found by before it is made. */
export interface SummaryKind {
  readonly code: CodeableConcept;
  readonly category: readonly CodeableConcept[];
  /** Codes of its components. */
  readonly components: readonly CodeableConcept[];
}

const profiles: Readonly<Record<string, { url: string; loinc?: string; display?: string; units?: string[] }>> =
  table.profiles;
const vitalSigns: Readonly<Record<string, string>> = table.vitalSigns;
const otherAmount: Readonly<Record<string, readonly LoincCode[]>> = table.otherAmount;
const categoryOfSignal = new Map(
  Object.entries(table.categories).flatMap(([category, keys]) => keys.map((key) => [key, category] as const)),
);

/** Blood pressure by cuff: these three are components of one panel and never an Observation of their own. */
export const PANEL_MEMBERS = ["nibp-systolic", "nibp-diastolic", "nibp-mean"] as const;
export type PanelMember = (typeof PANEL_MEMBERS)[number];

export function isPanelMember(signal: string): signal is PanelMember {
  return (PANEL_MEMBERS as readonly string[]).includes(signal);
}

/** What a sensor under the skin says: the CGM guide has a profile for each of the two units that it knows. */
const SENSOR_GLUCOSE = "glucose-interstitial";
const sensorGlucose: Readonly<Record<string, { profile: string; unit: string }>> = table.cgm;

const kinds = new Map<string, ObservationKind>();

/** The kind of a stream; a signal that is no longer in the vocabulary is still shown, under our own code alone. */
export function observationKind({ signal: key, unit }: Pick<Stream, "signal" | "unit">): ObservationKind {
  const name = key === SENSOR_GLUCOSE ? `${key} ${unit}` : isMolar(unit) ? `${key} molar` : key;
  let kind = kinds.get(name);
  if (!kind) {
    kind = makeKind(key, unit);
    // Units come from devices: those of no profile are not kept.
    if (kind.signal && (key !== SENSOR_GLUCOSE || kind.unitText !== undefined)) kinds.set(name, kind);
  }
  return kind;
}

export const bloodPressureKind: ObservationKind = {
  signal: findSignal("nibp-panel"),
  code: {
    coding: [
      { system: LOINC, code: "85354-9", display: "Blood pressure panel with all children optional" },
      { system: MDC, code: "150020", display: "MDC_PRESS_BLD_NONINV" },
      { system: SIGNAL_SYSTEM, code: "nibp-panel", display: "Blood pressure (compound)" },
    ],
    text: "Blood pressure",
  },
  category: categoryConcept("vital-signs"),
  profile: [profiles.bp?.url ?? ""],
  units: profiles.bp?.units,
};

/**
 * MDC, LOINC and our own code side by side, LOINC first because most receivers look for it.
 *
 * @param unit as received: LOINC has one code for mass and another for amount of substance
 */
export function codeOfSignal(key: string, unit: string, extra?: LoincCode): CodeableConcept {
  const signal = findSignal(key);
  const coding: Coding[] = loincOf(key, unit).map(({ code, display }) => ({ system: LOINC, code, display }));
  if (extra && !coding.some(({ code }) => code === extra.code)) coding.push({ system: LOINC, ...extra });
  if (signal?.mdc) coding.push({ system: MDC, code: String(signal.mdc.code), display: signal.mdc.refId });
  coding.push({ system: SIGNAL_SYSTEM, code: key, ...(signal ? { display: signal.display } : {}) });
  return { coding, text: signal?.display ?? key };
}

/** 5.6 mmol/L under a code of mass per volume would be read as 5.6 mg/dL. */
function loincOf(key: string, unit: string): readonly LoincCode[] {
  const signal = findSignal(key);
  // A single number for a compound: under the panel's LOINC code it would be taken for a panel.
  if (key === "nibp-panel") return [];
  if (isMolar(unit) === isMolar(signal?.ucum ?? "")) return signal?.loinc ?? [];
  return otherAmount[key] ?? [];
}

function isMolar(unit: string): boolean {
  return unit.includes("mol");
}

function makeKind(key: string, unit: string): ObservationKind {
  const signal = findSignal(key);
  const name = vitalSigns[key];
  const profile = name === undefined ? undefined : profiles[name];
  // The vital-signs profiles want their own LOINC code beside a more specific one.
  const magic = profile?.loinc === undefined ? undefined : { code: profile.loinc, display: profile.display ?? "" };
  const category = profile
    ? "vital-signs"
    : (categoryOfSignal.get(key) ?? (isWaveform(signal) ? "procedure" : undefined));
  const code = codeOfSignal(key, unit, magic);
  const ofSensor = key === SENSOR_GLUCOSE && Object.hasOwn(sensorGlucose, unit) ? sensorGlucose[unit] : undefined;
  return {
    signal,
    code,
    category: category === undefined ? undefined : categoryConcept(category),
    profile: profile ? [profile.url] : ofSensor ? [ofSensor.profile] : undefined,
    units: profile?.units,
    unitText: ofSensor?.unit,
  };
}

function isWaveform(signal: Signal | undefined): boolean {
  return signal?.kind === "waveform";
}

function categoryConcept(code: string): CodeableConcept[] {
  return [{ coding: [{ system: CATEGORY_SYSTEM, code }] }];
}
