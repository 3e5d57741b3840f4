import type { BindingData, RuleData, TypeRef } from "../definitions/data.ts";
import type { Binding, Bindings } from "./bindings.ts";
import type { Invariant, Invariants } from "./invariants.ts";
import type { Shape, Shapes } from "./shape.ts";
import { type Matcher, matcherOf } from "./slices.ts";

/** What a profile asks of an element, ready to be asked. */
export interface Rule {
  /** "value[x]", "component". */
  readonly element: string;
  /** "component:SystolicBP": how it is named in texts. */
  readonly label: string;
  readonly step: string;
  /** Names in JSON with the type that each has, and that of a primitive's companion. */
  readonly keys: readonly { readonly key: string; readonly companion: string | undefined; readonly type: string }[];
  readonly min: number;
  readonly max: number;
  /** Of a choice: the types that may be. */
  readonly types: ReadonlySet<string> | undefined;
  readonly targets: ReadonlySet<string> | undefined;
  /** Profiles of the element itself, of which one must hold. */
  readonly profiles: readonly string[];
  readonly test: ((value: unknown) => boolean) | undefined;
  readonly binding: ((type: string) => Binding | undefined) | undefined;
  readonly invariants: readonly Invariant[];
  readonly children: readonly Rule[];
  readonly slicing: Slicing | undefined;
}

export interface Slicing {
  readonly isClosed: boolean;
  readonly isOrdered: boolean;
  readonly slices: readonly Slice[];
  /** Why items cannot be told apart here. */
  readonly unknown: string | undefined;
}

export interface Slice {
  readonly rule: Rule;
  readonly matches: Matcher;
}

export interface Makers {
  readonly shapes: Shapes;
  readonly bindings: Bindings;
  readonly invariants: Invariants;
  /** The data of a profile, with what its bases say. */
  readonly ruleOf: (url: string) => RuleData | undefined;
}

/** Where a rule stands: the shapes that its element may have, since a choice has several. */
export type Place = readonly Shape[];

/** The rule of a profile for the root of its type. */
export function compileRoot(data: RuleData, type: string, makers: Makers): Rule {
  const place = [makers.shapes.type(type)];
  return { ...compile({ ...data, name: type }, [], makers, type), children: childrenOf(data, place, makers, type) };
}

function childrenOf(data: RuleData, place: Place, makers: Makers, path: string): Rule[] {
  return (data.elements ?? []).map((one) => compile(one, place, makers, `${path}.${one.name}`));
}

function compile(data: RuleData, place: Place, makers: Makers, path: string): Rule {
  const { name, types, slice } = data;
  const isChoice = name.endsWith("[x]");
  const step = isChoice ? name.slice(0, -3) : name;
  const narrowed = types ?? typesOfSlice(data, isChoice, step);
  const codes = narrowed && isChoice ? new Set(narrowed.map(({ code }) => code)) : undefined;
  const found = place.flatMap((shape) =>
    isChoice ? (shape.choices.get(name) ?? []) : (shape.properties.get(name) ?? []),
  );
  const properties = found.filter(({ isCompanion }) => !isCompanion);
  const shapes = properties.filter(({ type }) => !codes || codes.has(type)).flatMap(({ shape }) => shape ?? []);
  const { binding } = data;
  return {
    element: name,
    label: slice === undefined ? step : `${step}:${slice}`,
    step,
    keys: properties.map(({ key, type, primitive }) => ({ key, type, companion: primitive && `_${key}` })),
    min: data.min ?? 0,
    max: data.max === undefined || data.max === "*" ? Number.POSITIVE_INFINITY : data.max,
    types: codes,
    targets: targetsOf(types, makers),
    profiles: (types ?? []).flatMap(({ profiles = [] }) => profiles),
    test: testOf(data),
    binding: binding && byType((type) => makers.bindings.of(binding, type)),
    invariants: makers.invariants.of(data.constraints, path),
    children: childrenOf(data, shapes, makers, path),
    slicing: slicingOf(data, place, makers, path),
  };
}

/** "valueQuantity" as a slice of value[x] is that type, whether or not it says so. */
function typesOfSlice({ slice }: RuleData, isChoice: boolean, step: string): TypeRef[] | undefined {
  if (!isChoice || !slice?.startsWith(step)) return undefined;
  const code = slice.slice(step.length);
  return [{ code }, { code: `${code[0]?.toLowerCase()}${code.slice(1)}` }];
}

/** Profiles among the targets stand for the type that they are of. */
function targetsOf(types: readonly TypeRef[] | undefined, makers: Makers): ReadonlySet<string> | undefined {
  const targets = types?.filter(({ code }) => code === "Reference").map((type) => type.targets);
  if (!targets || targets.length === 0 || targets.includes(undefined)) return undefined;
  const named = targets.flatMap((list = []) => list);
  const resolved = named.map((one) => {
    if (makers.shapes.isResource(one)) return one;
    return makers.ruleOf(one.includes(":") ? one : `http://hl7.org/fhir/StructureDefinition/${one}`)?.name;
  });
  // A profile that is not here may be of any type.
  return resolved.includes(undefined) ? undefined : new Set(resolved as string[]);
}

export function testOf({ fixed, pattern }: RuleData): ((value: unknown) => boolean) | undefined {
  if (fixed !== undefined) return (value) => isEqual(value, fixed);
  return pattern === undefined ? undefined : (value) => fitsPattern(value, pattern);
}

function byType(make: (type: string) => Binding | undefined): (type: string) => Binding | undefined {
  const made = new Map<string, Binding | undefined>();
  return (type) => {
    if (!made.has(type)) made.set(type, make(type));
    return made.get(type);
  };
}

function slicingOf(data: RuleData, place: Place, makers: Makers, path: string): Slicing | undefined {
  if (!data.slices) return undefined;
  const isExtension = data.name === "extension" || data.name === "modifierExtension";
  // What guides leave out: extensions are always told apart by their url, choices by their type.
  const by = data.slicing?.by ?? [isExtension ? { type: "value", path: "url" } : { type: "type", path: "$this" }];
  const slices = data.slices.map((slice) => {
    const rule = compile({ ...slice, name: data.name }, place, makers, path);
    return { rule, matches: matcherOf(slice, by, makers) };
  });
  const unknown = slices.find(({ matches }) => typeof matches === "string")?.matches as string | undefined;
  return {
    isClosed: data.slicing?.rules === "closed",
    isOrdered: data.slicing?.ordered === true,
    slices: slices.map(({ rule, matches }) => ({ rule, matches: typeof matches === "string" ? () => false : matches })),
    unknown,
  };
}

/** The value, and nothing beside it. */
export function isEqual(value: unknown, fixed: unknown): boolean {
  if (typeof fixed !== "object" || fixed === null) return value === fixed;
  if (typeof value !== "object" || value === null || Array.isArray(value) !== Array.isArray(fixed)) return false;
  const keys = Object.keys(fixed);
  return (
    Object.keys(value).length === keys.length &&
    keys.every((key) => isEqual((value as Record<string, unknown>)[key], (fixed as Record<string, unknown>)[key]))
  );
}

/** At least what the pattern has; of lists, each item of it somewhere. */
export function fitsPattern(value: unknown, pattern: unknown): boolean {
  if (typeof pattern !== "object" || pattern === null) return value === pattern;
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(pattern)) {
    return Array.isArray(value) && pattern.every((one) => value.some((item) => fitsPattern(item, one)));
  }
  return Object.entries(pattern).every(([key, one]) => fitsPattern((value as Record<string, unknown>)[key], one));
}

export type { BindingData };
