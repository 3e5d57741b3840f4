import { RefusedInput } from "@openward/errors";
import { copyFhir, type Fhir, type FhirObject } from "../json/index.ts";
import { type Definition, elementOf, fits } from "../path/index.ts";
import { type Content, FORMAT, type Part } from "./parameters.ts";

/** What is written at a place: the value, and the extensions of a primitive beside it. */
export interface Written {
  readonly value: Fhir | undefined;
  readonly extra: Fhir | undefined;
  /** Suffix of its type, where the element has a choice: "Quantity". */
  readonly suffix: string | null;
}

/**
 * The content of an operation, as an element of that definition has it.
 *
 * @throws RefusedInput PATCH_REFUSED where the type is another, PATCH_INVALID where a part is no element of it
 */
export function contentOf({ content, place }: Part, definition: Definition, name: string): Written {
  const { type, choices } = definition;
  switch (content.kind) {
    case "value": {
      const ok = choices ? choices.includes(content.type) : fits(content.type, type);
      if (!ok || (content.value === undefined && content.extra === undefined))
        throw refused(
          place,
          choices ? `one of value${choices.join(", value")}` : `a value of ${name}, which is ${article(type)}`,
        );
      const { value, extra } = content;
      return { value: copyOf(value), extra: copyOf(extra), suffix: choices ? content.type : null };
    }
    case "resource":
      if (type !== "Resource" && type !== content.resource.resourceType) throw refused(place, `a value of ${name}`);
      return { value: copyFhir(content.resource), extra: undefined, suffix: null };
    case "parts":
      if (choices || /^(?:System\.|[a-z])|^Resource$/.test(type)) throw refused(place, `a value of ${name}`);
      return { value: ofParts(content, type), extra: undefined, suffix: null };
  }
}

/** An element without a datatype of its own (a contact of a Patient) comes as its parts, each named as its element. */
function ofParts({ parts }: Content & { kind: "parts" }, type: string): FhirObject {
  const object: FhirObject = {};
  for (const part of parts) {
    const definition = elementOf(type, part.name);
    if (!definition)
      throw new RefusedInput("PATCH_INVALID", { format: FORMAT, at: part.place, expected: `an element of ${type}` });
    const { value, extra, suffix } = contentOf(part, definition, part.name);
    const name = `${part.name}${suffix ?? ""}`;
    if (!definition.repeats) {
      const taken =
        definition.choices?.some((one) => object[`${part.name}${one}`] !== undefined) ?? object[name] !== undefined;
      if (taken)
        throw new RefusedInput("PATCH_INVALID", { format: FORMAT, at: part.place, expected: `one ${part.name}` });
      if (value !== undefined) object[name] = value;
      if (extra !== undefined) object[`_${name}`] = extra;
      continue;
    }
    object[name] ??= [];
    const list = object[name] as Fhir[];
    list.push(value ?? null);
    if (extra === undefined && object[`_${name}`] === undefined) continue;
    object[`_${name}`] ??= list.slice(1).map(() => null);
    (object[`_${name}`] as Fhir[]).push(extra ?? null);
  }
  return object;
}

const copyOf = (value: Fhir | undefined): Fhir | undefined => (value === undefined ? undefined : copyFhir(value));

const article = (type: string) =>
  `${/^[AEIOaeio]/.test(type) ? "an" : "a"} ${type.replace("System.", "").toLowerCase() === "string" ? "string" : type}`;

const refused = (at: string, expected: string) => new RefusedInput("PATCH_REFUSED", { format: FORMAT, at, expected });
