import { signals } from "@openward/signals";
import {
  ancestorsOf,
  type CodeSystem,
  type Concept,
  codeSystems,
  ERROR,
  idOf,
  LOINC,
  MDC,
  SIGNAL,
  UCUM,
} from "./code-systems.ts";
import generated from "./generated/value-sets.json" with { type: "json" };

export interface Include {
  readonly system: string;
  /** These codes; left out: all of the system. */
  readonly concept?: readonly { readonly code: string; readonly display?: string }[];
  readonly filter?: readonly { readonly property: string; readonly op: string; readonly value: string }[];
}

export interface ValueSet {
  readonly id: string;
  readonly url: string;
  readonly version?: string;
  readonly name: string;
  readonly title: string;
  readonly include: readonly Include[];
}

export interface Member {
  readonly system: string;
  readonly code: string;
  readonly display: string;
  readonly abstract: boolean;
  readonly inactive: boolean;
}

const OWN = "urn:openward:value-set:";
const whole = (name: string, title: string, include: readonly Include[]): ValueSet => ({
  id: `openward-${name}`,
  url: `${OWN}${name}`,
  name: `Openward${title.replace(/\W/g, "")}`,
  title,
  include,
});

const ofSignals = (kind: string): Include => ({
  system: SIGNAL,
  concept: signals.filter((signal) => signal.kind === kind).map(({ key, display }) => ({ code: key, display })),
});
const units = [...new Set(signals.flatMap(({ ucum }) => (ucum === undefined ? [] : [ucum])))].sort();

const own: readonly ValueSet[] = [
  whole("signals", "Signals", [{ system: SIGNAL }]),
  whole("numeric-signals", "Numeric signals", [ofSignals("numeric")]),
  whole("waveform-signals", "Waveform signals", [ofSignals("waveform")]),
  whole("observation-codes", "Observation codes", [{ system: LOINC }, { system: MDC }, { system: SIGNAL }]),
  whole("units", "Units of signals", [{ system: UCUM, concept: units.map((code) => ({ code })) }]),
  whole("errors", "Refusals", [{ system: ERROR }]),
];

const fromR4 = (generated.sets as Omit<ValueSet, "id">[]).map((set): ValueSet => ({ ...set, id: idOf(set.url) }));

/** The sets of codes that are shipped, by their address. */
export const valueSets: ReadonlyMap<string, ValueSet> = new Map([...own, ...fromR4].map((one) => [one.url, one]));

const expansions = new Map<string, readonly Member[]>();

/** Every code of a set, once, in the order of its parts. */
export function membersOf(set: ValueSet): readonly Member[] {
  let members = expansions.get(set.url);
  if (!members) {
    const all = new Map<string, Member>();
    for (const member of set.include.flatMap(membersOfInclude)) {
      const key = `${member.system}|${member.code}`;
      if (!all.has(key)) all.set(key, member);
    }
    members = [...all.values()];
    expansions.set(set.url, members);
  }
  return members;
}

function membersOfInclude({ system, concept, filter }: Include): Member[] {
  const from = codeSystems.get(system);
  if (concept)
    return concept.map(({ code, display }) => {
      const known = from?.concepts.get(code);
      return {
        system,
        code,
        display: display ?? known?.display ?? code,
        abstract: known?.abstract ?? false,
        inactive: known?.inactive ?? false,
      };
    });
  return [...(from?.concepts.values() ?? [])]
    .filter((one) => (filter ?? []).every((rule) => passes(from as CodeSystem, one, rule)))
    .map(({ code, display, abstract, inactive }) => ({ system, code, display, abstract, inactive }));
}

/** @source HL7 FHIR R4, ValueSet.compose.include.filter: the operators that shipped sets have */
function passes(
  system: CodeSystem,
  { code }: Concept,
  { property, op, value }: { property: string; op: string; value: string },
): boolean {
  const isKind = code === value || ancestorsOf(system, code).has(value);
  if (property === "concept" && op === "is-a") return isKind;
  if (property === "concept" && op === "is-not-a") return !isKind;
  throw new Error(`no filter ${property} ${op}`);
}
