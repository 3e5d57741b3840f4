import { type Fhir, type FhirObject, isObject, type Resource } from "../json/index.ts";
import { choiceOf, elementOf } from "../path/index.ts";
import table from "./generated/summary.json" with { type: "json" };
import type { View } from "./parse.ts";

const SUBSETTED = { system: "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", code: "SUBSETTED" };

interface Names {
  readonly summary: ReadonlySet<string>;
  readonly required: ReadonlySet<string>;
  readonly modifier: ReadonlySet<string>;
}

const NONE: Names = { summary: new Set(), required: new Set(), modifier: new Set() };
const words = (text: string | undefined): ReadonlySet<string> => new Set(text?.split(" "));
const names = new Map<string, Names>(
  Object.entries(table.elements as Record<string, { summary?: string; required?: string; modifier?: string }>).map(
    ([path, { summary, required, modifier }]) => [
      path,
      { summary: words(summary), required: words(required), modifier: words(modifier) },
    ],
  ),
);
const namesOf = (type: string): Names => names.get(type) ?? NONE;

/** What a wish for elements is below an element: everything of it, or some names. */
type Wish = true | Map<string, Wish>;

/**
 * A resource as a view has it: a new object, which shares with the old what both have. What says what a resource is (`id`, `meta`),
 * what it must have and what changes its meaning stays; where anything was left out, a tag says so, so that nobody writes it back.
 * `count` is a matter of a search: of a resource alone it leaves what says which it is.
 *
 * @source HL7 FHIR R4, search.html#summary and #elements: SUBSETTED; isSummary of the StructureDefinitions
 */
export function applyView(resource: Resource, view: View): Resource {
  switch (view.kind) {
    case "all":
      return resource;
    case "summary":
      return tagged(resource, summaryOf(resource, resource.resourceType) as Resource);
    case "text":
      return tagged(
        resource,
        keep(resource, (name) => name === "text" || mustStay(resource.resourceType, name, false)),
      );
    case "data":
      return tagged(
        resource,
        keep(resource, (name) => name !== "text"),
      );
    case "count":
      return tagged(
        resource,
        keep(resource, (name) => ALWAYS.has(name)),
      );
    case "elements": {
      const { resourceType } = resource;
      const wish: Wish = new Map();
      for (const { type, path } of view.elements) if (type === null || type === resourceType) grant(wish, path);
      return tagged(resource, elementsOf(resource, resourceType, wish) as Resource);
    }
  }
}

const ALWAYS = new Set(["resourceType", "id", "meta"]);

const mustStay = (type: string, name: string, modifiers: boolean): boolean =>
  ALWAYS.has(name) || namesOf(type).required.has(name) || (modifiers && isModifier(type, name));

const isModifier = (type: string, name: string): boolean =>
  name === "modifierExtension" || namesOf(type).modifier.has(name);

/** Members whose element is kept, in their order; what stands beside a primitive is kept with it. */
function keep<T extends FhirObject>(object: T, kept: (name: string) => boolean): T {
  return Object.fromEntries(
    Object.entries(object).filter(([key]) => kept(key.startsWith("_") ? key.slice(1) : key)),
  ) as T;
}

function summaryOf(object: FhirObject, type: string): FhirObject {
  const { summary } = namesOf(type);
  // What the definitions mark nothing in is whole or not there: an Extension, a Narrative.
  if (summary.size === 0) return object;
  const out = shape(object, type, (name) => (summary.has(name) || mustStay(type, name, true) ? summaryOf : null));
  // A value that is absent for a reason has nothing but its extension.
  return Object.keys(out).length > 0 ? out : object;
}

function elementsOf(object: FhirObject, type: string, wish: Wish): FhirObject {
  if (wish === true) return object;
  return shape(object, type, (name) => {
    const below = wish.get(name);
    if (below) return (value, own) => elementsOf(value, own, below);
    return mustStay(type, name, true) ? (value) => value : null;
  });
}

type Change = (value: FhirObject, type: string) => FhirObject;

/** @param visit says what becomes of an element of that name; null leaves it out */
function shape(object: FhirObject, type: string, visit: (name: string) => Change | null): FhirObject {
  const out: FhirObject = {};
  for (const [key, value] of Object.entries(object)) {
    const beside = key.startsWith("_");
    const { name, type: own } = definitionOf(type, beside ? key.slice(1) : key);
    const change = visit(name);
    if (!change) continue;
    // A resource in a resource says itself what it is; what stands beside a primitive is kept with it.
    const one = (item: Fhir): Fhir =>
      isObject(item) && !beside ? change(item, typeof item.resourceType === "string" ? item.resourceType : own) : item;
    out[key] = Array.isArray(value) ? value.map(one) : one(value ?? null);
  }
  return out;
}

/** Resources have the names that they are written with: a bound for those that are none. */
const KNOWN_MAX = 20_000;
const known = new Map<string, { name: string; type: string }>();

function definitionOf(type: string, written: string): { name: string; type: string } {
  const key = `${type}.${written}`;
  const found = known.get(key);
  if (found) return found;
  const choice = choiceOf(type, written);
  const definition = choice
    ? { name: choice.stem, type: written.slice(choice.stem.length) }
    : { name: written, type: elementOf(type, written)?.type ?? "" };
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(key, definition);
  return definition;
}

function grant(wish: Map<string, Wish>, path: readonly string[]): void {
  const [name, ...rest] = path;
  if (name === undefined) return;
  const below = wish.get(name);
  if (below === true) return;
  if (rest.length === 0) {
    wish.set(name, true);
    return;
  }
  const next = below ?? new Map<string, Wish>();
  wish.set(name, next);
  grant(next, rest);
}

function tagged(before: Resource, after: Resource): Resource {
  if (!lessIn(before, after)) return before;
  const meta = isObject(after.meta) ? after.meta : {};
  const tags = Array.isArray(meta.tag) ? meta.tag : [];
  const is = (tag: Fhir) => isObject(tag) && tag.system === SUBSETTED.system && tag.code === SUBSETTED.code;
  const { resourceType, id, ...rest } = after;
  const first = id === undefined ? { resourceType } : { resourceType, id };
  return { ...first, ...rest, meta: { ...meta, tag: tags.some(is) ? tags : [...tags, { ...SUBSETTED }] } };
}

/** Has anything been left out? Views take away, so that it is enough to compare how much there is. */
function lessIn(before: Fhir | undefined, after: Fhir | undefined): boolean {
  if (before === after || typeof before !== "object" || before === null || before instanceof Number) return false;
  if (Array.isArray(before)) return before.some((item, i) => lessIn(item, (after as Fhir[])[i]));
  return Object.entries(before).some(([name, value]) => {
    const kept = (after as FhirObject)[name];
    return kept === undefined ? value !== undefined : lessIn(value, kept);
  });
}
