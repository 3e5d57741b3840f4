import type {
  ConstraintData,
  Definitions,
  ElementData,
  ProfileData,
  TypeData,
  TypeRef,
  ValueSetData,
} from "../data.ts";
import {
  bindingOf,
  type CodeSystem,
  type ElementDefinition,
  type Hl7Resource,
  maxOf,
  type StructureDefinition,
  typesOf,
  type ValueSet,
  withoutVersion,
} from "./hl7.ts";
import { type BaseOf, ruleOf } from "./profile.ts";
import { expander, FORMATS } from "./value-sets.ts";

const FHIR = "http://hl7.org/fhir/StructureDefinition/";
const EVERYWHERE = new Set(["ele-1", "ext-1"]);

export interface Sources {
  readonly source: string;
  /** Types, profiles and terminology of R4 itself. */
  readonly base: readonly Hl7Resource[];
  /** Of a guide: only its profiles are given out, with what they need of terminology. */
  readonly guide?: readonly Hl7Resource[];
  /** Of the guide, whose files do not say. */
  readonly version?: string;
}

/** The compact definitions of R4, or of a guide over it. */
export function makeDefinitions({ source, base, guide, version }: Sources): Definitions {
  const structures = base.filter((one) => one.resourceType === "StructureDefinition");
  const paths = new Map<string, ElementDefinition>();
  for (const sd of structures.filter(isType)) for (const one of sd.snapshot?.element ?? []) paths.set(one.path, one);
  const baseOf = lookUp(paths);
  const constraints = namer();

  const types: Record<string, TypeData> = {};
  const profiles: Record<string, ProfileData> = {};
  if (!guide) for (const sd of structures.filter(isType)) types[sd.name] = typeData(sd, constraints.name);
  for (const sd of (guide ?? structures).filter((one) => one.resourceType === "StructureDefinition")) {
    if (isType(sd) || sd.kind === "logical" || sd.derivation !== "constraint") continue;
    profiles[sd.url] = profileData({ ...sd, ...(version ? { version } : {}) }, baseOf, constraints.name);
  }
  const all = [...base, ...(guide ?? [])];
  const named = new Set<string>();
  collectValueSets([types, profiles], named);
  const expand = expander(
    new Map(all.filter((one): one is CodeSystem => one.resourceType === "CodeSystem").map((one) => [one.url, one])),
    new Map(all.filter((one): one is ValueSet => one.resourceType === "ValueSet").map((one) => [one.url, one])),
  );
  const valueSets: Record<string, ValueSetData> = {};
  for (const url of [...named].sort()) valueSets[url] = expand(url);
  return { source, types, profiles, valueSets, constraints: constraints.all };
}

const isType = (sd: StructureDefinition) => sd.derivation !== "constraint" && sd.kind !== "logical";

/** Constraints by key; a text that differs under the same key gets a number. */
function namer() {
  const all: Record<string, ConstraintData> = {};
  function name({
    key,
    severity,
    human,
    expression = "",
  }: NonNullable<ElementDefinition["constraint"]>[number]): string {
    for (let n = 1; ; n++) {
      const id = n === 1 ? key : `${key}#${n}`;
      const known = all[id];
      if (!known) {
        all[id] = { severity: severity === "warning" ? "warning" : "error", human, expression };
        return id;
      }
      if (known.expression === expression) return id;
    }
  }
  return { name, all };
}

function lookUp(paths: ReadonlyMap<string, ElementDefinition>): BaseOf {
  return function find(path): ElementDefinition | undefined {
    const direct = paths.get(path);
    if (direct) return direct;
    const cut = path.lastIndexOf(".");
    if (cut < 0) return undefined;
    const parent = find(path.slice(0, cut));
    const last = path.slice(cut + 1);
    if (parent?.contentReference) return find(`${parent.contentReference.slice(1)}.${last}`);
    const within = parent && paths.get(`${parent.path}.${last}`);
    if (within) return within;
    for (const { code } of parent ? typesOf(parent) : []) {
      const found = find(`${code}.${last}`);
      if (found) return found;
    }
    return undefined;
  };
}

function typeData(sd: StructureDefinition, name: Parameters<typeof ruleOf>[3]): TypeData {
  const [root, ...rest] = sd.snapshot?.element ?? [];
  const kind = sd.kind === "resource" ? "resource" : sd.kind === "primitive-type" ? "primitive" : "complex";
  const own = constraintsOf(root, name);
  return {
    kind,
    ...(sd.abstract ? { abstract: true as const } : {}),
    ...(own.length > 0 ? { constraints: own } : {}),
    elements: kind === "primitive" ? [] : childrenOf(sd.name, rest, name),
  };
}

function childrenOf(
  path: string,
  elements: readonly ElementDefinition[],
  name: Parameters<typeof ruleOf>[3],
): ElementData[] {
  const depth = path.split(".").length;
  return elements
    .filter((one) => one.path.startsWith(`${path}.`) && one.path.split(".").length === depth + 1 && !one.sliceName)
    .map((one): ElementData => {
      const constraints = constraintsOf(one, name);
      const children = childrenOf(one.path, elements, name);
      const types: TypeRef[] = typesOf(one);
      const binding = one.path === "CapabilityStatement.format" ? { required: FORMATS } : bindingOf(one);
      return {
        name: one.path.split(".").at(-1) ?? "",
        ...(one.min ? { min: one.min } : {}),
        ...(one.max && one.max !== "1" ? { max: maxOf(one.max) } : {}),
        ...(one.contentReference ? { like: one.contentReference.slice(1) } : { types }),
        ...(binding ? { binding } : {}),
        ...(constraints.length > 0 ? { constraints } : {}),
        ...(one.minValueInteger === undefined ? {} : { minValue: one.minValueInteger }),
        ...(one.maxValueInteger === undefined ? {} : { maxValue: one.maxValueInteger }),
        ...(children.length > 0 ? { elements: children } : {}),
      };
    });
}

function constraintsOf(element: ElementDefinition | undefined, name: Parameters<typeof ruleOf>[3]): string[] {
  return (element?.constraint ?? []).filter(({ key, expression }) => expression && !EVERYWHERE.has(key)).map(name);
}

function profileData(sd: StructureDefinition, baseOf: BaseOf, name: Parameters<typeof ruleOf>[3]): ProfileData {
  const elements = sd.snapshot?.element ?? sd.differential?.element ?? [];
  const parent = sd.snapshot ? undefined : withoutVersion(sd.baseDefinition ?? "");
  return {
    type: sd.type,
    ...(parent && parent !== FHIR + sd.type ? { base: parent } : {}),
    ...(sd.version ? { version: sd.version } : {}),
    ...(sd.type === "Extension" && elements[0]?.isModifier ? { modifier: true as const } : {}),
    rule: ruleOf(sd, elements, baseOf, name),
  };
}

function collectValueSets(from: unknown, into: Set<string>): void {
  if (Array.isArray(from)) for (const one of from) collectValueSets(one, into);
  else if (typeof from === "object" && from !== null) {
    for (const [key, value] of Object.entries(from)) {
      if (key === "fixed" || key === "pattern") continue;
      if (key === "binding") for (const url of Object.values(value as Record<string, string>)) into.add(url);
      else collectValueSets(value, into);
    }
  }
}
