import type { SystemData, ValueSetData } from "../data.ts";
import { type CodeSystem, type Concept, type Include, type ValueSet, withoutVersion } from "./hl7.ts";

/** Systems that are too big to list, or that grow, and that the validator can tell by rule. */
const RULES: Readonly<Record<string, string>> = {
  "urn:ietf:bcp:47": "language",
  "urn:ietf:bcp:13": "media-type",
  "urn:ietf:rfc:3986": "uri",
  "http://unitsofmeasure.org": "ucum",
  "urn:iso:std:iso:4217": "currency",
};

/** What is said of CapabilityStatement.format in words: a media type, or one of three short names. */
export const FORMATS = "http://hl7.org/fhir/ValueSet/mimetypes, or xml, json, ttl";

/** Value sets that are all of such a system, and whose definitions are not among HL7's files. */
const WHOLE: Readonly<Record<string, string>> = {
  "http://www.rfc-editor.org/bcp/bcp13.txt": "urn:ietf:bcp:13",
  "http://terminology.hl7.org/ValueSet/v3-UnitsOfMeasureCaseSensitive": "http://unitsofmeasure.org",
};

type Draft = Map<string, Set<string> | Exclude<SystemData, readonly string[]>>;

/** Expands value sets from code systems that are here; what cannot be is said to be unknown, with the reason. */
export function expander(codeSystems: ReadonlyMap<string, CodeSystem>, valueSets: ReadonlyMap<string, ValueSet>) {
  const done = new Map<string, ValueSetData>();

  function expand(canonical: string, under: readonly string[] = []): ValueSetData {
    const url = withoutVersion(canonical);
    const known = done.get(url);
    if (known) return known;
    if (under.includes(url)) return { systems: {}, unknown: "it includes itself" };
    const result = composed(url, [...under, url]);
    done.set(url, result);
    return result;
  }

  function composed(url: string, under: readonly string[]): ValueSetData {
    const valueSet = valueSets.get(url);
    if (url === FORMATS) return { systems: { "urn:ietf:bcp:13": { rule: "format" } } };
    const whole = WHOLE[url];
    if (whole) return { systems: { [whole]: { rule: RULES[whole] ?? "" } } };
    if (!valueSet) return { systems: {}, unknown: "its definition is not here" };
    if (!valueSet.compose) return { systems: {}, unknown: "its definition does not say what is in it" };
    const all: Draft = new Map();
    let unknown: string | undefined;
    for (const include of valueSet.compose.include) {
      const part = included(include, under);
      unknown ??= part.unknown;
      for (const [system, codes] of part.draft) merge(all, system, codes);
    }
    for (const exclude of valueSet.compose.exclude ?? []) {
      const part = included(exclude, under);
      for (const [system, codes] of part.draft) {
        const kept = all.get(system);
        if (kept instanceof Set && codes instanceof Set) all.set(system, kept.difference(codes));
        else if (kept) all.set(system, { unknown: "what is taken out of it is not known" });
      }
    }
    const systems = Object.fromEntries(
      [...all].map(([system, codes]): [string, SystemData] => [system, codes instanceof Set ? [...codes] : codes]),
    );
    return { systems, ...(unknown ? { unknown } : {}) };
  }

  function included(include: Include, under: readonly string[]): { draft: Draft; unknown?: string } {
    const { system, valueSet = [] } = include;
    let draft: Draft | undefined;
    let unknown: string | undefined;
    if (system) draft = new Map([[system, codesOf(include, system)]]);
    // Value sets of one include, and its system, are an intersection.
    for (const url of valueSet) {
      const { systems, unknown: reason } = expand(url, under);
      unknown ??= reason;
      const other: Draft = new Map(
        Object.entries(systems).map(([name, codes]) => [name, isList(codes) ? new Set(codes) : codes]),
      );
      draft = draft ? intersection(draft, other) : other;
    }
    return { draft: draft ?? new Map(), ...(unknown ? { unknown } : {}) };
  }

  function codesOf(
    { concept, filter = [] }: Include,
    system: string,
  ): Set<string> | { rule: string } | { unknown: string } {
    if (concept) return new Set(concept.map(({ code }) => code));
    const rule = RULES[system];
    if (rule) return filter.length === 0 ? { rule } : { unknown: "only part of the system is meant, by a filter" };
    const codeSystem = codeSystems.get(system);
    if (codeSystem?.content !== "complete") return { unknown: "the code system is not here" };
    let codes = new Set(flat(codeSystem.concept ?? []).map(({ code }) => code));
    for (const one of filter) {
      const passing = filtered(codeSystem.concept ?? [], one);
      if (!passing) return { unknown: `the filter ${one.property} ${one.op} is not followed` };
      codes = codes.intersection(passing);
    }
    return codes;
  }

  return expand;
}

function filtered(
  roots: readonly Concept[],
  { property, op, value }: NonNullable<Include["filter"]>[number],
): Set<string> | undefined {
  const all = flat(roots);
  const codes = (list: readonly Concept[]) => new Set(list.map(({ code }) => code));
  if (property === "concept" || property === "code") {
    if (op === "is-a" || op === "descendent-of" || op === "is-not-a") {
      const below = descendants(all, value);
      if (op === "descendent-of") return below;
      const isA = new Set([value, ...below]);
      return op === "is-a" ? isA : codes(all).difference(isA);
    }
    if (op === "=") return new Set([value]);
    if (op === "in") return new Set(value.split(","));
    if (op === "regex") return codes(all.filter(({ code }) => new RegExp(`^(?:${value})$`).test(code)));
    return undefined;
  }
  if (op !== "=") return undefined;
  return codes(
    all.filter((one) =>
      one.property?.some(
        (p) => p.code === property && String(p.valueCode ?? p.valueString ?? p.valueBoolean) === value,
      ),
    ),
  );
}

/** By nesting, and by the property that some systems say it with. */
function descendants(all: readonly Concept[], root: string): Set<string> {
  const found = new Set<string>();
  const children = new Map<string, string[]>();
  for (const one of all) {
    const parents = (one.property ?? []).filter(({ code }) => code === "subsumedBy" || code === "parent");
    for (const { valueCode = "" } of parents) children.set(valueCode, [...(children.get(valueCode) ?? []), one.code]);
    for (const child of one.concept ?? []) children.set(one.code, [...(children.get(one.code) ?? []), child.code]);
  }
  const open = [root];
  for (let code = open.pop(); code !== undefined; code = open.pop()) {
    for (const child of children.get(code) ?? []) {
      if (found.has(child)) continue;
      found.add(child);
      open.push(child);
    }
  }
  return found;
}

const flat = (roots: readonly Concept[]): Concept[] => roots.flatMap((one) => [one, ...flat(one.concept ?? [])]);
const isList = (codes: SystemData): codes is readonly string[] => Array.isArray(codes);

function merge(all: Draft, system: string, codes: Set<string> | { rule: string } | { unknown: string }): void {
  const before = all.get(system);
  if (!before) all.set(system, codes);
  else if (before instanceof Set && codes instanceof Set) all.set(system, before.union(codes));
  // A rule says all of the system, and so does more than any list.
  else if ("rule" in before || "rule" in codes) all.set(system, "rule" in before ? before : codes);
  else all.set(system, before instanceof Set ? codes : before);
}

function intersection(a: Draft, b: Draft): Draft {
  const both: Draft = new Map();
  for (const [system, one] of a) {
    const other = b.get(system);
    if (!other) continue;
    if (one instanceof Set && other instanceof Set) both.set(system, one.intersection(other));
    else if ("rule" in one) both.set(system, other);
    else if ("rule" in other) both.set(system, one);
    else both.set(system, { unknown: "the code system is not here" });
  }
  return both;
}
