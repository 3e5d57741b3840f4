import { type Signal, signals } from "@openward/signals";
import { LOINC, MDC, SIGNAL, UCUM } from "./code-systems.ts";

export interface Mapping {
  readonly code: string;
  readonly target: string;
  /** Of the target: it means the same, or more ("wider") or less ("narrower") than the source. */
  readonly equivalence: "equivalent" | "wider" | "narrower" | "inexact";
}

export interface ConceptMap {
  readonly id: string;
  readonly url: string;
  readonly title: string;
  readonly source: string;
  readonly target: string;
  readonly mappings: readonly Mapping[];
}

type Pair = readonly [source: string, target: string];

const mdcOf = ({ mdc }: Signal): string[] => (mdc ? [String(mdc.code)] : []);
const loincOf = ({ loinc }: Signal): string[] => (loinc ?? []).map(({ code }) => code);
const between = (a: (signal: Signal) => string[], b: (signal: Signal) => string[]): Pair[] =>
  signals.flatMap((signal) => a(signal).flatMap((one) => b(signal).map((other): Pair => [one, other])));
const keyOf = ({ key }: Signal): string[] => [key];
const mdcUnitOf = ({ mdcUnit }: Signal): string[] => (mdcUnit ? [String(mdcUnit.code)] : []);
const ucumOf = ({ ucum }: Signal): string[] => (ucum === undefined ? [] : [ucum]);

/**
 * Pairs as mappings. What several sources share is wider than each of them; of several targets each is narrower: LOINC has one code for
 * heart rate and pulse, MDC and our own have one each.
 */
function mappingsOf(pairs: readonly Pair[]): Mapping[] {
  const unique = [...new Map(pairs.map((pair) => [pair.join("|"), pair])).values()];
  const sources = (target: string) => unique.filter((pair) => pair[1] === target).length;
  const targets = (source: string) => unique.filter((pair) => pair[0] === source).length;
  return unique.map(([code, target]) => {
    const [many, several] = [sources(target) > 1, targets(code) > 1];
    const equivalence = many && several ? "inexact" : many ? "wider" : several ? "narrower" : "equivalent";
    return { code, target, equivalence };
  });
}

const map = (name: string, title: string, source: string, target: string, pairs: readonly Pair[]): ConceptMap => ({
  id: `openward-${name}`,
  url: `urn:openward:concept-map:${name}`,
  title,
  source,
  target,
  mappings: mappingsOf(pairs),
});

const all: readonly ConceptMap[] = [
  map("signal-loinc", "Signals to LOINC", SIGNAL, LOINC, between(keyOf, loincOf)),
  map("loinc-signal", "LOINC to signals", LOINC, SIGNAL, between(loincOf, keyOf)),
  map("signal-mdc", "Signals to ISO/IEEE 11073-10101", SIGNAL, MDC, between(keyOf, mdcOf)),
  map("mdc-signal", "ISO/IEEE 11073-10101 to signals", MDC, SIGNAL, between(mdcOf, keyOf)),
  map("loinc-mdc", "LOINC to ISO/IEEE 11073-10101", LOINC, MDC, between(loincOf, mdcOf)),
  map("mdc-loinc", "ISO/IEEE 11073-10101 to LOINC", MDC, LOINC, between(mdcOf, loincOf)),
  map("mdc-ucum", "Units of ISO/IEEE 11073-10101 to UCUM", MDC, UCUM, between(mdcUnitOf, ucumOf)),
  map("ucum-mdc", "UCUM to units of ISO/IEEE 11073-10101", UCUM, MDC, between(ucumOf, mdcUnitOf)),
];

/** The maps that are shipped, by their address. */
export const conceptMaps: ReadonlyMap<string, ConceptMap> = new Map(all.map((one) => [one.url, one]));
