import type { RuleData, SlicingData } from "../definitions/data.ts";
import { isObject } from "./json.ts";
import { type Makers, testOf } from "./rule.ts";

/** Whether an item belongs to a slice. @param type the data type that the item's name in JSON says */
export type Matcher = (item: unknown, type: string) => boolean;

type Test = (value: unknown) => boolean;

/** How items are told to be of a slice, by all discriminators; or why that cannot be told. */
export function matcherOf(slice: RuleData, by: SlicingData["by"], makers: Makers): Matcher | string {
  const parts = by.map((one) => discriminatorOf(slice, one, makers));
  const reason = parts.find((one) => typeof one === "string");
  if (parts.length === 0) return "it names no discriminator";
  if (reason !== undefined) return reason as string;
  const matchers = parts as Matcher[];
  return (item, type) => matchers.every((matches) => matches(item, type));
}

function discriminatorOf(slice: RuleData, { type, path }: SlicingData["by"][number], makers: Makers): Matcher | string {
  if (/[()]/.test(path)) return `the discriminator ${path} is not followed`;
  const steps = path === "$this" ? [] : path.split(".");
  if (type === "value" || type === "pattern") {
    const test = asked(slice, steps, makers);
    return test ?? `nothing is fixed at ${path}`;
  }
  if (type === "exists") {
    const at = ruleAt(slice, steps);
    const isThere = at?.max !== 0;
    return (item) => valuesAt(item, steps).length > 0 === isThere;
  }
  if (type === "type") return typeMatcher(slice, steps);
  return `discriminators of type ${type} are not followed`;
}

function typeMatcher(slice: RuleData, steps: readonly string[]): Matcher | string {
  const at = steps.length === 0 ? slice : ruleAt(slice, steps);
  const start = slice.name.endsWith("[x]") ? slice.name.slice(0, -3) : "";
  const codes = new Set((at?.types ?? []).map(({ code }) => code));
  const named = slice.slice?.startsWith(start) && start ? slice.slice.slice(start.length) : undefined;
  if (codes.size === 0 && !named) return "the type of the slice is not said";
  const has = (type: string) => codes.has(type) || capitalised(type) === named;
  if (steps.length === 0)
    return (item, type) => has(isObject(item) && typeof item.resourceType === "string" ? item.resourceType : type);
  return (item) => valuesAt(item, steps).some((one) => isObject(one) && has(String(one.resourceType)));
}

const capitalised = (type: string) => `${type[0]?.toUpperCase()}${type.slice(1)}`;

/** What a slice fixes at a path, as a test of the item; a pattern on the way has the rest of the path in it. */
function asked(rule: RuleData, steps: readonly string[], makers: Makers): Test | undefined {
  const own =
    testOf(rule) ?? (steps.length === 0 ? bindingTest(rule, makers) : undefined) ?? extensionTest(rule, steps, makers);
  if (own) return own;
  const [step, ...rest] = steps;
  if (step === undefined) return undefined;
  const child = rule.elements?.find(({ name }) => name === step || name === `${step}[x]`);
  if (!child) return undefined;
  // The path may lead through slices of its own: those that must be there say what is fixed.
  const tests = [child, ...(child.slices ?? []).filter(({ min = 0 }) => min > 0)].flatMap(
    (one) => asked(one, rest, makers) ?? [],
  );
  if (tests.length === 0) return undefined;
  return (value) => tests.every((test) => someAt(value, step, test));
}

function bindingTest({ binding, types }: RuleData, { bindings }: Makers): Test | undefined {
  if (!binding?.required) return undefined;
  const codes = types?.map(({ code }) => code) ?? ["CodeableConcept", "Coding", "code"];
  const made = codes.flatMap((code) => bindings.of({ required: binding.required as string }, code) ?? []);
  return (value) => made.some((one) => one.has(value));
}

/** An extension is known by the url that its definition fixes. */
function extensionTest({ name, types }: RuleData, steps: readonly string[], { ruleOf }: Makers): Test | undefined {
  if (steps.length !== 1 || steps[0] !== "url" || !/^(modifierE|e)xtension$/.test(name)) return undefined;
  const [profile] = types?.flatMap(({ profiles = [] }) => profiles) ?? [];
  if (profile === undefined) return undefined;
  const url = ruleOf(profile)?.elements?.find((one) => one.name === "url")?.fixed ?? profile;
  return (value) => isObject(value) && value.url === url;
}

function ruleAt(rule: RuleData, steps: readonly string[]): RuleData | undefined {
  let at: RuleData | undefined = rule;
  for (const step of steps) at = at?.elements?.find(({ name }) => name === step || name === `${step}[x]`);
  return at;
}

/** Values at a path of element names, lists opened, choices by whatever type they have. */
function valuesAt(value: unknown, steps: readonly string[]): unknown[] {
  let values = Array.isArray(value) ? value : [value];
  for (const step of steps) {
    values = values.flatMap((one) => {
      const found = elementOf(one, step);
      return found === undefined ? [] : Array.isArray(found) ? found : [found];
    });
  }
  return values;
}

/** Whether a value of an element passes: each item of every sliced list is asked this. */
function someAt(value: unknown, step: string, test: Test): boolean {
  const found = elementOf(value, step);
  if (found === undefined) return false;
  return Array.isArray(found) ? found.some(test) : test(found);
}

function elementOf(value: unknown, step: string): unknown {
  if (!isObject(value)) return undefined;
  if (Object.hasOwn(value, step)) return value[step];
  for (const key in value) {
    const next = key.startsWith(step) ? key.charCodeAt(step.length) : 0;
    // "value" is valueQuantity, and not valueset.
    if (next >= 65 && next <= 90) return value[key];
  }
  return undefined;
}
