import { RefusedInput } from "@openward/errors";
import type { ResourceScope } from "@openward/model";

/** Scopes that name no resource. */
export const PLAIN_SCOPES = [
  "openid",
  "fhirUser",
  "offline_access",
  "online_access",
  "launch",
  "launch/patient",
] as const;
const plain: ReadonlySet<string> = new Set(PLAIN_SCOPES);

/** What a scope may narrow a type by: parameters of which it can be said, of each reading, whether it matches. */
const NARROWED_BY: Readonly<Record<string, readonly string[]>> = { Observation: ["category", "code"] };

const FORM = /^(patient|user|system)\/(\*|[A-Z][A-Za-z]{1,63})\.([a-z*]+)(?:\?(.+))?$/;
const CRUDS = /^(?=.)c?r?u?d?s?$/;
/** Version 1, as the guide maps it. */
const VERSION_1: Readonly<Record<string, string>> = { read: "rs", write: "cud", "*": "cruds" };

export const isPlainScope = (scope: string): boolean => plain.has(scope);

/**
 * A scope of SMART App Launch 2.2, or of version 1.
 *
 * @returns undefined for a word that is no scope of resources: servers ignore what they do not know
 * @throws RefusedInput SCOPE_INVALID for one that means to be: letters out of order, a parameter that cannot narrow it
 */
export function parseScope(scope: string): ResourceScope | undefined {
  if (plain.has(scope) || !/^(patient|user|system)\//.test(scope)) return undefined;
  const [, compartment, type = "", suffix = "", query] = FORM.exec(scope) ?? [];
  if (compartment === undefined) throw invalid("patient|user|system/Type.cruds?parameter=value");
  const interactions = VERSION_1[suffix] ?? suffix;
  if (!CRUDS.test(interactions)) throw invalid("of cruds some, in this order");
  return {
    compartment: compartment as ResourceScope["compartment"], // the pattern says so
    type,
    interactions,
    query: query === undefined ? [] : parseQuery(type, query),
  };
}

function parseQuery(type: string, query: string): [string, string][] {
  const pairs = [...new URLSearchParams(query)];
  const allowed = NARROWED_BY[type] ?? [];
  for (const [name, value] of pairs) {
    if (!allowed.includes(name) || value.trim() === "") {
      throw invalid(allowed.length === 0 ? `${type} without parameters` : `parameters ${allowed.join(" and ")}`);
    }
  }
  return pairs;
}

const invalid = (expected: string) => new RefusedInput("SCOPE_INVALID", { at: "scope", expected });

/** Every scope of resources in a text of scopes. @throws RefusedInput SCOPE_INVALID */
export const parseScopes = (text: string): ResourceScope[] =>
  text.split(" ").flatMap((scope) => parseScope(scope) ?? []);

/** Is what `wanted` reaches also reached by one that was allowed? */
function covers(allowed: ResourceScope, wanted: ResourceScope): boolean {
  const narrowing = (scope: ResourceScope) => scope.query.map((pair) => pair.join("=")).sort();
  return (
    allowed.compartment === wanted.compartment &&
    (allowed.type === "*" || allowed.type === wanted.type) &&
    [...wanted.interactions].every((one) => allowed.interactions.includes(one)) &&
    // Parameters narrow: whoever may have it with few of them may have it with more.
    narrowing(allowed).every((pair) => narrowing(wanted).includes(pair))
  );
}

/**
 * Of what an application asks for, what its registration allows and its kind can have, in its own words.
 *
 * @param compartments of the flow: "system" for programs that act for nobody, the others for people
 * @throws RefusedInput SCOPE_INVALID
 */
export function allowedScopes(
  asked: string,
  registered: string,
  compartments: readonly ResourceScope["compartment"][],
): string[] {
  const limits = parseScopes(registered);
  const words = new Set(registered.split(" "));
  return [...new Set(asked.split(" "))].filter((text) => {
    const scope = parseScope(text);
    if (!scope) return isPlainScope(text) && words.has(text);
    return compartments.includes(scope.compartment) && limits.some((limit) => covers(limit, scope));
  });
}
