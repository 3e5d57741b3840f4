import { RefusedInput } from "@openward/errors";
import { type FhirObject, isObject } from "@openward/fhir/json";
import { splitUnescaped, unescapeValue } from "@openward/fhir/search";
import type { Condition } from "@openward/fhir/store";
import { ancestorsOf, codeSystems, membersOf, valueSets } from "@openward/fhir/terminology";
import type { RecordContext } from "../context.ts";
import { definitions } from "./definitions.ts";
import { find } from "./find.ts";

/** "code:in", "code:not-in": a value set; "code:above", "code:below": what a code is a kind of, and what is a kind of it. */
export const CODE_MODIFIERS = ["in", "not-in", "above", "below"] as const;

/** A parameter of tokens that asks a vocabulary first. */
export interface Codes {
  readonly kind: "codes";
  readonly name: string;
  readonly modifier: (typeof CODE_MODIFIERS)[number];
}

/** More would be a question that no index answers. */
const CODES_MAX = 5_000;

interface Coded {
  readonly system: string;
  readonly code: string;
}

/**
 * As codes: of the vocabularies that are shipped, and of those that were written for who asks.
 *
 * @throws RefusedInput FIELD_INVALID for a vocabulary that is not here, or whose codes cannot be listed: an empty answer would say that there
 *   is nothing; SEARCH_TOO_COSTLY
 */
export async function codesCondition(
  context: RecordContext,
  type: string,
  { name, modifier }: Codes,
  value: string,
): Promise<Condition> {
  const at = `http.${name}:${modifier}`;
  const all: Coded[] = [];
  for (const one of splitUnescaped(value, ",").map((each) => unescapeValue(each.trim())))
    all.push(
      ...(modifier === "in" || modifier === "not-in"
        ? await membersIn(context, one, at)
        : await kinOf(context, one, modifier, at)),
    );
  if (all.length > CODES_MAX)
    throw new RefusedInput("SEARCH_TOO_COSTLY", { at, expected: `at most ${CODES_MAX} codes` });
  // A code of a fixed list has no system written beside it.
  const names = definitions().table.of(type).get(name)?.unionOf ?? [name];
  const terms = [
    ...new Set(
      names.flatMap((of) => all.flatMap(({ system, code }) => [`${of}\t${system}|${code}`, `${of}\t*|${code}`])),
    ),
  ];
  return modifier === "not-in" ? { kind: "noTerms", noneOf: terms } : { kind: "terms", anyOf: terms };
}

async function membersIn(context: RecordContext, url: string, at: string): Promise<readonly Coded[]> {
  const shipped = valueSets.get(url);
  if (shipped) return membersOf(shipped);
  const written = await newestOf(context, "ValueSet", url, at);
  const { expansion, compose } = written;
  if (isObject(expansion)) return [...containedIn(expansion.contains)];
  const { include, exclude } = isObject(compose) ? compose : {};
  const found: Coded[] = [];
  for (const one of objects(include)) found.push(...(await includedIn(context, one, at)));
  const not = new Set<string>();
  for (const one of objects(exclude))
    for (const { system, code } of await includedIn(context, one, at)) not.add(`${system}|${code}`);
  return found.filter(({ system, code }) => !not.has(`${system}|${code}`));
}

function* containedIn(contains: unknown): Generator<Coded> {
  for (const { system, code, contains: more } of objects(contains)) {
    if (typeof code === "string") yield { system: String(system ?? ""), code };
    yield* containedIn(more);
  }
}

async function includedIn(context: RecordContext, include: FhirObject, at: string): Promise<readonly Coded[]> {
  const { system, concept, filter, valueSet } = include;
  if (typeof system !== "string" || filter !== undefined || valueSet !== undefined)
    throw new RefusedInput("FIELD_INVALID", { at, expected: "a value set that lists its codes" });
  if (concept !== undefined) return objects(concept).map(({ code }) => ({ system, code: String(code) }));
  return [...(await parentsIn(context, system, at)).keys()].map((code) => ({ system, code }));
}

async function kinOf(
  context: RecordContext,
  value: string,
  modifier: "above" | "below",
  at: string,
): Promise<readonly Coded[]> {
  const cut = value.lastIndexOf("|");
  const [system, code] = [value.slice(0, cut), value.slice(cut + 1)];
  if (cut < 1 || code === "") throw new RefusedInput("FIELD_INVALID", { at, expected: "system|code" });
  const parents = await parentsIn(context, system, at);
  if (!parents.has(code)) throw new RefusedInput("FIELD_INVALID", { at, expected: "a code of that system" });
  if (modifier === "above") return [code, ...(parents.get(code) ?? [])].map((one) => ({ system, code: one }));
  const below = [...parents].flatMap(([one, all]) => (one === code || all.has(code) ? [one] : []));
  return below.map((one) => ({ system, code: one }));
}

/** Each code of a system, and all that it is a kind of. */
async function parentsIn(
  context: RecordContext,
  url: string,
  at: string,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const shipped = codeSystems.get(url);
  if (shipped?.content === "not-present")
    throw new RefusedInput("FIELD_INVALID", { at, expected: "a code system whose codes are listed" });
  if (shipped) return new Map([...shipped.concepts.keys()].map((code) => [code, ancestorsOf(shipped, code)]));
  const written = await newestOf(context, "CodeSystem", url, at);
  const parents = new Map<string, ReadonlySet<string>>();
  const walk = (concepts: unknown, above: readonly string[]) => {
    for (const { code, concept } of objects(concepts)) {
      parents.set(String(code), new Set(above));
      walk(concept, [...above, String(code)]);
    }
  };
  walk(written.concept, []);
  return parents;
}

/** The newest of those that were written under this address. */
async function newestOf(context: RecordContext, type: string, url: string, at: string) {
  // A literal reference to one that is kept here is one by its id.
  const id = new RegExp(`^(?:${RegExp.escape(context.base)}/)?${type}/([A-Za-z0-9.-]{1,64})$`).exec(url)?.[1];
  const named = { kind: "terms", anyOf: [`url\t${url}`] } as const;
  const sought = {
    conditions: [id === undefined ? named : ({ kind: "any", of: [named, { kind: "ids", ids: [id] }] } as const)],
    sort: [{ by: "updated", isDescending: true } as const],
    after: undefined,
  };
  const [found] = await find(context, type, sought, 1);
  if (!found) throw new RefusedInput("FIELD_INVALID", { at, expected: `the address of a ${type} that is here` });
  return found.resource();
}

const objects = (value: unknown): readonly FhirObject[] =>
  Array.isArray(value) ? value.filter((one): one is FhirObject => isObject(one)) : [];
