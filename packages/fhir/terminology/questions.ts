import { RefusedInput } from "@openward/errors";
import { ucumDisplay } from "@openward/signals/ucum";
import { ancestorsOf, type CodeSystem, type Concept, codeSystems, UCUM } from "./code-systems.ts";
import { type ConceptMap, conceptMaps, type Mapping } from "./concept-maps.ts";
import { type Member, membersOf, type ValueSet, valueSets } from "./value-sets.ts";

export interface Coded {
  readonly system: string;
  readonly code: string;
  readonly display?: string | undefined;
}

/** @throws RefusedInput NOT_FOUND where the code system is not shipped, or another version than the one that is was asked for */
export function codeSystemOf(url: string, version?: string): CodeSystem {
  const found = codeSystems.get(url);
  if (!found || (version !== undefined && found.version !== undefined && version !== found.version))
    throw new RefusedInput("NOT_FOUND", { at: "system", expected: "a code system that is shipped" });
  return found;
}

/** The concept of a code; of UCUM, which has no list, by its grammar. */
export function conceptOf(system: CodeSystem, code: string): Concept | undefined {
  if (system.url !== UCUM) return system.concepts.get(code);
  const display = ucumDisplay(code);
  return display === undefined ? undefined : { code, display, parents: [], abstract: false, inactive: false };
}

export interface Found {
  readonly system: CodeSystem;
  readonly concept: Concept;
  readonly children: readonly string[];
}

/** @throws RefusedInput NOT_FOUND where the system is not shipped or has no such code */
export function lookup({ system: url, code }: Coded, version?: string): Found {
  const system = codeSystemOf(url, version);
  const concept = conceptOf(system, code);
  if (!concept) throw new RefusedInput("NOT_FOUND", { at: "code", expected: `a code of ${url}` });
  const children = [...system.concepts.values()].filter(({ parents }) => parents.includes(code)).map((one) => one.code);
  return { system, concept, children };
}

export interface Expansion {
  readonly total: number;
  readonly offset: number;
  readonly members: readonly Member[];
}

export interface ExpandOptions {
  /** Words that each must begin a word of the display, or be in the code. */
  readonly filter?: string | undefined;
  readonly offset?: number | undefined;
  readonly count?: number | undefined;
  readonly activeOnly?: boolean | undefined;
}

/** @throws RefusedInput NOT_FOUND */
export function valueSetOf(url: string): ValueSet {
  const found = valueSets.get(url);
  if (!found) throw new RefusedInput("NOT_FOUND", { at: "url", expected: "a value set that is shipped" });
  return found;
}

export function expand(
  set: ValueSet,
  { filter = "", offset = 0, count, activeOnly = false }: ExpandOptions = {},
): Expansion {
  const wanted = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = ({ code, display }: Member) => {
    const words = display.toLowerCase().split(/[^\p{L}\p{N}]+/u);
    return wanted.every((one) => words.some((word) => word.startsWith(one)) || code.toLowerCase().includes(one));
  };
  const all = membersOf(set).filter((member) => !(activeOnly && member.inactive) && fits(member));
  return { total: all.length, offset, members: all.slice(offset, count === undefined ? undefined : offset + count) };
}

export interface Verdict {
  readonly result: boolean;
  /** Why not, or what is odd about it. */
  readonly message?: string;
  /** The display that the vocabulary has. */
  readonly display?: string;
}

/** Is it a code of its system, and its display one of it? @throws RefusedInput NOT_FOUND where the system is not shipped */
export function validateInSystem(coded: Coded, version?: string): Verdict {
  const system = codeSystemOf(coded.system, version);
  const concept = conceptOf(system, coded.code);
  if (!concept) {
    const rest = system.content === "fragment" ? " among those that are shipped; there are others" : "";
    return { result: false, message: `The code is none of ${system.url}${rest}.` };
  }
  return withDisplay(coded, concept.display, concept.inactive);
}

/** Is it one of a set? */
export function validateInSet(set: ValueSet, coded: Coded): Verdict {
  const member = membersOf(set).find(
    ({ system, code }) => code === coded.code && (coded.system === "" || system === coded.system),
  );
  if (!member || member.abstract) return { result: false, message: `The code is not in ${set.url}.` };
  return withDisplay(coded, member.display, member.inactive);
}

/** @source HL7 FHIR R4, valueset-operation-validate-code: a wrong display makes the result false */
function withDisplay({ display }: Coded, known: string, inactive: boolean): Verdict {
  const same = (text: string) => text.trim().replace(/\s+/g, " ").toLowerCase();
  if (display !== undefined && same(display) !== same(known))
    return { result: false, message: "The display is not the one of this code.", display: known };
  return { result: true, display: known, ...(inactive ? { message: "The code is no longer in use." } : {}) };
}

export type Subsumption = "equivalent" | "subsumes" | "subsumed-by" | "not-subsumed";

/** How code A stands to code B. @throws RefusedInput NOT_FOUND where the system is not shipped or lacks one of them */
export function subsumes(url: string, a: string, b: string, version?: string): Subsumption {
  const { system } = lookup({ system: url, code: a }, version);
  lookup({ system: url, code: b }, version);
  if (a === b) return "equivalent";
  if (ancestorsOf(system, b).has(a)) return "subsumes";
  return ancestorsOf(system, a).has(b) ? "subsumed-by" : "not-subsumed";
}

export interface TranslateOptions {
  /** One map; left out: all that lead from the code's system. */
  readonly map?: ConceptMap | undefined;
  readonly targetSystem?: string | undefined;
  /** From target to source. */
  readonly reverse?: boolean | undefined;
}

export interface Match extends Coded {
  readonly equivalence: Mapping["equivalence"];
  readonly map: ConceptMap;
}

const TURNED: Readonly<Record<Mapping["equivalence"], Mapping["equivalence"]>> = {
  equivalent: "equivalent",
  wider: "narrower",
  narrower: "wider",
  inexact: "inexact",
};

/** @throws RefusedInput NOT_FOUND */
export function conceptMapOf(url: string): ConceptMap {
  const found = conceptMaps.get(url);
  if (!found) throw new RefusedInput("NOT_FOUND", { at: "url", expected: "a concept map that is shipped" });
  return found;
}

/** What a code is in other systems, the nearest first. */
export function translate(
  { system, code }: Coded,
  { map, targetSystem, reverse = false }: TranslateOptions = {},
): Match[] {
  const order = ["equivalent", "wider", "narrower", "inexact"];
  return [...(map ? [map] : conceptMaps.values())]
    .flatMap((one) => {
      const [from, to] = reverse ? [one.target, one.source] : [one.source, one.target];
      if (from !== system || (targetSystem !== undefined && targetSystem !== to)) return [];
      return one.mappings
        .filter((mapping) => (reverse ? mapping.target : mapping.code) === code)
        .map(({ code: source, target, equivalence }): Match => {
          const found = reverse ? source : target;
          return {
            system: to,
            code: found,
            display: displayOf(to, found),
            equivalence: reverse ? TURNED[equivalence] : equivalence,
            map: one,
          };
        });
    })
    .sort((a, b) => order.indexOf(a.equivalence) - order.indexOf(b.equivalence));
}

export function displayOf(url: string, code: string): string | undefined {
  const system = codeSystems.get(url);
  return system && conceptOf(system, code)?.display;
}
