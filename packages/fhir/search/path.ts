/** What an expression of a search parameter found, and of which type, where the name of the element says it. */
export interface Found {
  readonly value: unknown;
  /** "Quantity" of `valueQuantity`; undefined: the element has one type only. */
  readonly type: string | undefined;
}

export type Pick = (resource: Readonly<Record<string, unknown>>) => readonly Found[];

type Step = (from: Found) => readonly Found[];

/** Types that an element named `value[x]` has where something is searched; `subscriberId` is none of `subscriber`. */
const CHOICES = new Set(
  `Address Age Annotation Attachment Base64Binary Boolean Canonical CodeableConcept Coding ContactDetail ContactPoint
  Contributor DataRequirement Date DateTime Decimal Distance Dosage Duration Expression HumanName Identifier Instant
  Integer Markdown Meta Money Oid ParameterDefinition Period PositiveInt Quantity Range Ratio Reference RelatedArtifact
  SampledData Signature String Time Timing TriggerDefinition UnsignedInt Uri Url UsageContext Uuid`.split(/\s+/),
);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Search parameters use a small part of FHIRPath: ways down, `ofType`, `where` with one comparison, and unions. It is walked
 * here without an engine: a resource that is written is asked for forty of them, and only the walk knows by its name of which
 * type an element is. What `where(resolve() is Patient)` asks is told by the reference itself.
 *
 * @param type whose alternatives of the expression are meant: "Observation"
 * @returns undefined where the expression says nothing about this type
 * @throws Error where it is more than this part of FHIRPath
 */
export function compilePath(expression: string, type: string): Pick | undefined {
  const ways = splitUnion(expression)
    .map(withoutBrackets)
    .flatMap((way) => compileWay(way, type) ?? []);
  if (ways.length === 0) return undefined;
  return (resource) => ways.flatMap((way) => way(resource));
}

function compileWay(way: string, type: string): Pick | undefined {
  // The one parameter that asks whether something is: Patient.deceased.exists() and Patient.deceased != false
  const isThere = /^(\w+)\.(\w+)\.exists\(\) and \1\.\2 != false$/.exec(way);
  if (isThere) {
    const [, of = "", element = ""] = isThere;
    if (of !== type) return undefined;
    const pick = step(element);
    return (resource) => {
      const is = pick({ value: resource, type: of }).some(({ value }) => value !== false);
      return [{ value: is, type: "Boolean" }];
    };
  }
  const [head = "", ...rest] = splitSteps(way);
  if (head !== type && head !== "Resource" && head !== "DomainResource") return undefined;
  return follow(rest.map(compileStep));
}

/** Of a part of a composite: relative to what the composite found. */
export function compileRelative(expression: string): (from: unknown) => readonly Found[] {
  const ways = splitUnion(expression).map((way) => follow(splitSteps(withoutBrackets(way)).map(compileStep)));
  return (from) => (isRecord(from) ? ways.flatMap((way) => way(from)) : []);
}

function follow(steps: readonly Step[]): Pick {
  return (resource) => {
    let all: readonly Found[] = [{ value: resource, type: undefined }];
    for (const next of steps) all = all.flatMap(next);
    return all;
  };
}

function compileStep(text: string): Step {
  const [, first] = /^(\w+)\[0\]$/.exec(text) ?? [];
  if (first !== undefined) {
    const all = step(first);
    return (found) => all(found).slice(0, 1);
  }
  const call = /^(\w+)\((.*)\)$/s.exec(text);
  if (!call) return step(text);
  const [, name = "", given = ""] = call;
  if (name === "ofType" || name === "as") return ofType(given.trim());
  if (name === "where") return where(given.trim());
  throw new Error(`search expressions have no ${name}()`);
}

function step(element: string): Step {
  return ({ value }) => {
    if (!isRecord(value)) return [];
    const direct = Object.hasOwn(value, element) ? value[element] : undefined;
    if (direct !== undefined) return listed(direct, undefined);
    for (const key of Object.keys(value)) {
      if (key.length > element.length && key.startsWith(element) && CHOICES.has(key.slice(element.length)))
        return listed(value[key], key.slice(element.length));
    }
    return [];
  };
}

const listed = (value: unknown, type: string | undefined): readonly Found[] =>
  Array.isArray(value) ? value.filter((one) => one !== null).map((one) => ({ value: one, type })) : [{ value, type }];

function ofType(name: string): Step {
  const wanted = name.toLowerCase();
  return (found) => (found.type === undefined || found.type.toLowerCase() === wanted ? [found] : []);
}

function where(condition: string): Step {
  const target = /^resolve\(\) is (\w+)$/.exec(condition)?.[1];
  if (target !== undefined) return (found) => (isReferenceTo(found.value, target) ? [found] : []);
  const [, element, wanted] = /^(\w+) ?= ?'([^']*)'$/.exec(condition) ?? [];
  if (element === undefined) throw new Error(`search expressions have no condition like this: ${condition}`);
  return (found) => (isRecord(found.value) && found.value[element] === wanted ? [found] : []);
}

function isReferenceTo(value: unknown, target: string): boolean {
  if (!isRecord(value)) return false;
  const { reference, type } = value;
  if (type === target) return true;
  return typeof reference === "string" && new RegExp(`(^|/)${target}/[^/]+(/_history/[^/]+)?$`).test(reference);
}

/** At every "|" that stands in no brackets. */
const splitUnion = (text: string): string[] => splitOutside(text, "|").map((part) => part.trim());
const splitSteps = (text: string): string[] => splitOutside(text, ".");

function splitOutside(text: string, at: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === "'") isQuoted = !isQuoted;
    if (isQuoted) continue;
    if (char === "(") depth++;
    else if (char === ")") depth--;
    else if (char === at && depth === 0) {
      parts.push(text.slice(from, i));
      from = i + 1;
    }
  }
  parts.push(text.slice(from));
  return parts;
}

/** "(A.b as Quantity).unit" is "A.b.ofType(Quantity).unit". */
function withoutBrackets(way: string): string {
  const [, inner = way, behind = ""] = /^\(((?:[^()]|\([^()]*\))*)\)(.*)$/s.exec(way) ?? [];
  return inner.trim().replace(/^(\S+) as (\w+)$/, "$1.ofType($2)") + behind;
}
