import { RefusedInput } from "@openward/errors";
import {
  type Filter,
  type FilterTest,
  filterCondition,
  namesIn,
  OPERATORS_OF,
  ownFilterCondition,
  parseFilter,
  withSystem,
} from "@openward/fhir/search";
import type { Condition } from "@openward/fhir/store";
import { toBaseUnits } from "@openward/signals/units";
import type { RecordContext } from "../context.ts";
import { isWithheld } from "../redaction.ts";
import { codesCondition } from "./codes.ts";
import { definitions } from "./definitions.ts";
import { ofAllRecords } from "./records.ts";

/** A part of a `_filter`, of which all parts must be so. */
export interface Filtered {
  readonly kind: "filter";
  readonly filter: Filter;
}

/** Asks what is referred to: the condition on `name` of what a filter on its targets finds. */
type AskTargets = (
  name: string,
  targets: { readonly type: string | undefined; readonly filter: string },
) => Promise<Condition>;

/**
 * A filter as what the store is asked; chains in it are asked step by step, each by a filter of its own.
 *
 * @throws RefusedInput FIELD_INVALID naming the offset; PARAMETER_UNKNOWN; NOT_PERMITTED where a parameter asks for what is withheld
 */
export async function filtered(
  context: RecordContext,
  type: string,
  filter: Filter,
  askTargets: AskTargets,
): Promise<Condition> {
  switch (filter.kind) {
    case "not":
      return { kind: "not", of: await filtered(context, type, filter.of, askTargets) };
    case "and":
    case "or": {
      const of: Condition[] = [];
      for (const one of filter.of) of.push(await filtered(context, type, one, askTargets));
      return { kind: filter.kind === "and" ? "all" : "any", of };
    }
    case "test":
      return tested(context, type, filter, askTargets);
  }
}

const VOCABULARY = { in: "in", ni: "not-in", ss: "below", sb: "above" } as const;

async function tested(
  context: RecordContext,
  type: string,
  test: FilterTest,
  askTargets: AskTargets,
): Promise<Condition> {
  const { name, where, rest, operator, value, offset } = test;
  const { base, clock, view } = context;
  if (isWithheld(type, name, view.principal.role))
    throw new RefusedInput("NOT_PERMITTED", {
      at: `http._filter ${name}`,
      expected: "a parameter of what may be seen",
    });
  const element = ELEMENTS[`${type}.${name}`];
  if (element) return filterCondition(needParameter(type, element.composite, test), pairOf(test, element), options());
  const own = where || rest !== undefined ? undefined : ownFilterCondition(test, clock.now());
  if (own) return own;
  const parameter = needParameter(type, name, test);
  if (where || rest !== undefined) {
    if (parameter.type !== "reference") throw unknown(test, "a parameter of references before a dot or brackets");
    return chained(test, askTargets);
  }
  const isOfVocabulary = operator === "in" || operator === "ni" || operator === "ss" || operator === "sb";
  if (isOfVocabulary && OPERATORS_OF[parameter.type].includes(operator)) {
    const asked = { kind: "codes", name, modifier: VOCABULARY[operator] } as const;
    return codesCondition(context, type, asked, withSystem(value).replaceAll(/[\\,]/g, "\\$&"));
  }
  return ofAllRecords(view, filterCondition(parameter, { name, operator, value, offset }, options()));

  function options() {
    return { base, toCanonical: toBaseUnits, now: clock.now() };
  }
}

/** "subject.name co pet", "subject[active eq true].name co pet", "subject[active eq true] re Patient/1" */
async function chained(
  { name, where, rest, operator, value, offset }: FilterTest,
  ask: AskTargets,
): Promise<Condition> {
  const parts = where ? [`(${where.text})`] : [];
  if (rest !== undefined) return ask(name, { type: undefined, filter: [...parts, rest].join(" and ") });
  const filter = parts.join("");
  if (operator === "pr") {
    const found = await ask(name, { type: undefined, filter });
    return value.toLowerCase() === "false" ? { kind: "not", of: found } : found;
  }
  const [, type, id] = /^(?:.*\/)?([A-Z][A-Za-z]+)\/([A-Za-z0-9.-]{1,64})$/.exec(value) ?? [];
  if (operator === "re" && type !== undefined) return ask(name, { type, filter: `${filter} and _id eq ${id}` });
  throw new RefusedInput("FIELD_INVALID", {
    at: "http._filter",
    expected: "brackets with .name behind them, with pr, or with re and Type/id",
    offset,
  });
}

/** Targets that have all the parameters which a filter names. */
export function takesFilter(type: string, filter: string): boolean {
  const known = definitions().table.of(type);
  return namesIn(parseFilter(filter)).every(
    (name) => name.startsWith("_") || known.has(name) || Object.hasOwn(ELEMENTS, `${type}.${name}`),
  );
}

function needParameter(type: string, name: string, test: FilterTest) {
  const parameter = definitions().table.of(type).get(name);
  if (!parameter) throw unknown(test, `a parameter of ${type}`);
  return parameter;
}

const unknown = ({ name, offset }: FilterTest, expected: string) =>
  new RefusedInput("PARAMETER_UNKNOWN", { at: `http._filter ${name}`, expected, offset });

interface Elements {
  readonly composite: string;
  /** Its parts, in the order of the composite. */
  readonly parts: readonly [string, string];
}

/** Elements that R4 lets a filter take apart, though none of them is a parameter: of each, both parts at once. */
const ELEMENTS: Readonly<Record<string, Elements>> = {
  "Group.characteristic": { composite: "characteristic-value", parts: ["code", "value"] },
};

/** "characteristic[code eq a].value eq b" is "characteristic-value eq a$b". */
function pairOf(test: FilterTest, { parts }: Elements): FilterTest {
  const { where, rest } = test;
  const inner = where?.filter;
  const outer = rest === undefined ? undefined : parseFilter(rest);
  const values = parts.map((part) =>
    [inner, outer].flatMap((one) =>
      one?.kind === "test" && one.name === part && one.operator === "eq" && !one.where && one.rest === undefined
        ? [withSystem(one.value).replaceAll("$", "\\$")]
        : [],
    ),
  );
  if (values.some((some) => some.length !== 1))
    throw unknown(test, `${test.name}[${parts[0]} eq ...].${parts[1]} eq ...`);
  return { ...test, where: undefined, rest: undefined, operator: "eq", value: values.flat().join("$") };
}
