import type { BindingData, RuleData, SlicingData, TypeRef } from "../data.ts";
import type { ElementDefinition, StructureDefinition } from "./hl7.ts";
import { bindingOf, maxOf, typesOf } from "./hl7.ts";

/** The definition of an element of a type by its path, also deep in data types. */
export type BaseOf = (path: string) => ElementDefinition | undefined;

interface Draft {
  name: string;
  slice?: string;
  own: Omit<RuleData, "name" | "slice" | "elements" | "slices">;
  elements: Draft[];
  slices: Draft[];
}

/** What a snapshot or differential asks beyond its type, as a tree. */
export function ruleOf(
  sd: StructureDefinition,
  elements: readonly ElementDefinition[],
  baseOf: BaseOf,
  name: (c: NonNullable<ElementDefinition["constraint"]>[number]) => string,
): RuleData {
  const root: Draft = { name: sd.type, own: {}, elements: [], slices: [] };
  for (const element of elements) {
    const steps = stepsOf(element, baseOf);
    const base = baseOf(steps.map((step) => step.name).join("."));
    const draft = placeOf(root, steps.slice(1));
    Object.assign(draft.own, asked(element, base, draft.slice !== undefined, name));
  }
  return pruned(root) ?? { name: sd.type };
}

interface Step {
  readonly name: string;
  readonly slices: readonly string[];
}

/** "Observation.component:SystolicBP.valueQuantity" in names and slices; valueQuantity is value[x]:valueQuantity. */
function stepsOf({ id, path, sliceName }: ElementDefinition, baseOf: BaseOf): Step[] {
  const names = path.split(".");
  const ids = (id ?? path).split(".").map((part) => part.split(":").slice(1).join(":"));
  if (ids.length !== names.length) throw new Error(`the id ${id} does not fit the path ${path}`);
  const steps: Step[] = [];
  names.forEach((part, i) => {
    const slices = ids[i] ? [ids[i]] : i === names.length - 1 && sliceName && !id ? [sliceName] : [];
    const upTo = (last: string) => [...steps.map((step) => step.name), last].join(".");
    if (i > 0 && !baseOf(upTo(part))) {
      const at = [...part.matchAll(/[A-Z]/g)]
        .map(({ index }) => index)
        .find((n) => baseOf(upTo(`${part.slice(0, n)}[x]`)));
      if (at === undefined) throw new Error(`nothing is known of ${upTo(part)}`);
      steps.push({ name: `${part.slice(0, at)}[x]`, slices: slices.length > 0 ? slices : [part] });
    } else steps.push({ name: part, slices });
  });
  return steps;
}

function placeOf(root: Draft, steps: readonly Step[]): Draft {
  let at = root;
  for (const { name, slices } of steps) {
    let next = at.elements.find((one) => one.name === name);
    if (!next) {
      next = { name, own: {}, elements: [], slices: [] };
      at.elements.push(next);
    }
    at = next;
    for (const slice of slices) {
      let chosen = at.slices.find((one) => one.slice === slice);
      if (!chosen) {
        chosen = { name, slice, own: {}, elements: [], slices: [] };
        at.slices.push(chosen);
      }
      at = chosen;
    }
  }
  return at;
}

function asked(
  element: ElementDefinition,
  base: ElementDefinition | undefined,
  isSlice: boolean,
  name: (c: NonNullable<ElementDefinition["constraint"]>[number]) => string,
): Draft["own"] {
  const own: Record<string, unknown> = {};
  const isRoot = !element.path.includes(".");
  if (!isRoot && element.min !== undefined && element.min > (isSlice ? 0 : (base?.min ?? 0))) own.min = element.min;
  if (!isRoot && element.max !== undefined && (isSlice ? element.max !== "*" : element.max !== base?.max)) {
    own.max = maxOf(element.max);
  }
  const types = typesOf(element);
  if (types.length > 0 && !sameTypes(types, base ? typesOf(base) : [])) own.types = types;
  for (const [key, value] of Object.entries(element)) {
    if (/^fixed[A-Z]/.test(key)) own.fixed = value;
    if (/^pattern[A-Z]/.test(key)) own.pattern = value;
  }
  const binding = beyond(bindingOf(element), base ? bindingOf(base) : undefined);
  if (binding) own.binding = binding;
  const known = new Set(base?.constraint?.map(({ expression }) => expression));
  const constraints = (element.constraint ?? [])
    .filter(({ key, expression }) => expression && key !== "ele-1" && key !== "ext-1" && !known.has(expression))
    .map(name);
  if (constraints.length > 0) own.constraints = constraints;
  const slicing = slicingOf(element);
  if (slicing) own.slicing = slicing;
  return own;
}

const sameTypes = (a: readonly TypeRef[], b: readonly TypeRef[]) => JSON.stringify(a) === JSON.stringify(b);

function beyond(own: BindingData | undefined, base: BindingData | undefined): BindingData | undefined {
  return own && JSON.stringify(own) !== JSON.stringify(base) ? own : undefined;
}

function slicingOf({ slicing }: ElementDefinition): SlicingData | undefined {
  if (!slicing) return undefined;
  return {
    by: (slicing.discriminator ?? []).map(({ type, path }) => ({ type, path })),
    rules: slicing.rules as SlicingData["rules"],
    ...(slicing.ordered ? { ordered: true as const } : {}),
  };
}

function pruned({ name, slice, own, elements, slices }: Draft): RuleData | undefined {
  const kept = elements.flatMap((one) => pruned(one) ?? []);
  // A slice that asks nothing is still one that a closed slicing lets in.
  const keptSlices = slices.map((one) => pruned(one) ?? { name, slice: one.slice as string });
  const { slicing, ...rest } = own;
  const isSliced = slicing && (keptSlices.length > 0 || slicing.rules === "closed");
  if (kept.length === 0 && keptSlices.length === 0 && Object.keys(rest).length === 0 && !isSliced) return undefined;
  return {
    name,
    ...(slice === undefined ? {} : { slice }),
    ...rest,
    ...(isSliced ? { slicing } : {}),
    ...(kept.length > 0 ? { elements: kept } : {}),
    ...(keptSlices.length > 0 ? { slices: keptSlices } : {}),
  };
}
