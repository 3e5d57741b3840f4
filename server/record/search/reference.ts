import { RefusedInput } from "@openward/errors";
import { splitUnescaped, unescapeValue } from "@openward/fhir/search";
import type { ParameterValue } from "./query.ts";

const ID = /^[A-Za-z0-9.-]{1,64}$/;

/**
 * Ids of the resources of one type that a reference parameter names: `id`, `Type/id`, or an address below `base`.
 * A reference to another type or another server names nothing here and gives no id.
 *
 * @throws RefusedInput FIELD_INVALID
 */
export function parseReferences({ value, modifier, at }: ParameterValue, type: string, base: string): string[] {
  const ids: string[] = [];
  for (const part of splitUnescaped(value, ",")) {
    const text = unescapeValue(part).trim();
    const local = text.startsWith(`${base}/`) ? text.slice(base.length + 1) : text;
    if (/^[a-z][a-z0-9+.-]*:/i.test(local)) continue;
    const [first = "", second, ...more] = local.split("/");
    const id = second ?? first;
    if (more.length > 0 || !ID.test(id) || (second !== undefined && !/^[A-Za-z]+$/.test(first))) {
      throw new RefusedInput("FIELD_INVALID", { at, expected: `an id or ${type}/id` });
    }
    if ((second === undefined || first === type) && (modifier === null || modifier === type)) ids.push(id);
  }
  return ids;
}

/** Ids that every occurrence names; undefined where the parameter is not there at all. */
export function idsOfAll(
  occurrences: readonly ParameterValue[],
  type: string,
  base: string,
): ReadonlySet<string> | undefined {
  let ids: Set<string> | undefined;
  for (const occurrence of occurrences) {
    const named = parseReferences(occurrence, type, base);
    ids = new Set(ids ? named.filter((id) => ids?.has(id)) : named);
  }
  return ids;
}
