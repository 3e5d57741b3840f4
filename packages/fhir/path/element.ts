import { r4 } from "./model.ts";

export interface Definition {
  /** A datatype of R4, or the path of an element that has none of its own: "Patient.contact". */
  readonly type: string;
  readonly repeats: boolean;
  /** Types that it may have, first letter large as in "valueQuantity"; null where it has one only. */
  readonly choices: readonly string[] | null;
}

/** An element of a type of R4, be it defined there or where the type is derived from. */
export function elementOf(type: string, name: string): Definition | undefined {
  for (let at: string | undefined = type; at !== undefined; at = r4.parentOf(at) ?? backbone(at)) {
    const path = `${at}.${name}`;
    const choices = r4.choices(path);
    if (choices) return { type: path, repeats: false, choices };
    const defined = r4.definedAt(path);
    const found = r4.typeOf(path) ?? r4.typeOf(defined);
    if (found === undefined) continue;
    const nested = found === "BackboneElement" || found === "Element";
    return { type: nested ? defined : found, repeats: r4.repeats(path) || r4.repeats(defined), choices: null };
  }
  return undefined;
}

/** The element that stands under a written name: value of type Quantity for valueQuantity. */
export function choiceOf(type: string, written: string): { definition: Definition; stem: string } | undefined {
  for (let at = 1; at < written.length; at++) {
    if (!/[A-Z]/.test(written[at] as string)) continue;
    const stem = written.slice(0, at);
    const definition = elementOf(type, stem);
    if (definition?.choices?.includes(written.slice(at))) return { definition, stem };
  }
  return undefined;
}

const backbone = (type: string): string | undefined => (type.includes(".") ? r4.typeOf(type) : undefined);

const JSON_OF_PRIMITIVE: Readonly<Record<string, string>> = {
  boolean: "boolean",
  decimal: "number",
  integer: "integer",
  positiveInt: "integer",
  unsignedInt: "integer",
};

/** What the JSON of a primitive is; undefined for what is none. The `id` of an element is a System.String. */
const jsonOf = (type: string): string | undefined =>
  /^(?:System\.|[a-z])/.test(type) ? (JSON_OF_PRIMITIVE[type] ?? "string") : undefined;

/**
 * Does a value[x] fit an element? Primitives do when their JSON is the same: a client that patches does not always know whether an
 * element is a string, a code or a uri, and what is written is validated afterwards.
 *
 * @param suffix of the value: "String", "CodeableConcept"
 */
export function fits(suffix: string, type: string): boolean {
  const lower = `${suffix[0]?.toLowerCase()}${suffix.slice(1)}`;
  const own = jsonOf(type);
  if (own !== undefined) return jsonOf(lower) === own;
  for (let at: string | undefined = suffix; at !== undefined; at = r4.parentOf(at)) if (at === type) return true;
  // A Quantity may be written where one of its profiles stands: Age, Duration, SimpleQuantity.
  return r4.parentOf(type) === suffix;
}
