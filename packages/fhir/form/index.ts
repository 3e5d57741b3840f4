/** Observations of one kind are one form with two blanks: when, and how much. */

import { type FhirObject, isDecimal, isObject, printFhir, type Resource } from "../json/index.ts";

/** What stands in the blanks of a form; FHIR's own text of both. */
export interface Blanks {
  /** "2026-11-28T09:30:00+01:00" */
  readonly effective: string;
  /** "72", "2.50" */
  readonly value: string;
}

export interface Filled extends Blanks {
  /** The text of the Observation, with `EFFECTIVE` and `VALUE` where the blanks are. */
  readonly form: string;
}

/** No text of FHIR has this sign: R4 forbids all of those below a space but tab and line ends. */
export const EFFECTIVE = String.raw`"\u0001e"`;
export const VALUE = String.raw`"\u0001v"`;
const [EFFECTIVE_SIGN, VALUE_SIGN] = ["\u0001e", "\u0001v"];

/** Longer ones are of one patient alone, and of one time. */
const FORM_MAX = 4_000;
/** With seconds and an offset, and no more than a millisecond can tell apart: every one of them is as valid as any other. */
const INSTANT =
  /^[12]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,3})?(?:Z|[+-](?:0\d|1[0-3]):[0-5]\d)$/;

/**
 * An Observation as a form and what is filled in; undefined: it is none of one value at one moment, and is kept whole.
 *
 * @param resource as `parseFhir` reads it, without `id` and what the server says in `meta`
 */
export function filledOf(resource: Resource): Filled | undefined {
  const { effectiveDateTime: effective, valueQuantity } = resource;
  if (typeof effective !== "string" || !INSTANT.test(effective) || !isObject(valueQuantity)) return undefined;
  const { value } = valueQuantity;
  if (typeof value !== "number" && !isDecimal(value)) return undefined;
  if (resource.component !== undefined || resource.resourceType !== "Observation") return undefined;
  const form = printFhir({
    ...resource,
    effectiveDateTime: EFFECTIVE_SIGN,
    valueQuantity: { ...(valueQuantity as FhirObject), value: VALUE_SIGN },
  });
  if (form.length > FORM_MAX || !isOnce(form, EFFECTIVE) || !isOnce(form, VALUE)) return undefined;
  return { form, effective, value: isDecimal(value) ? value.text : String(value) };
}

/** The text of an Observation; `filledOf` of what it says is where it came from. */
export function fillIn(form: string, { effective, value }: Blanks): string {
  return form.replace(EFFECTIVE, () => JSON.stringify(effective)).replace(VALUE, () => value);
}

function isOnce(text: string, part: string): boolean {
  const at = text.indexOf(part);
  return at >= 0 && text.indexOf(part, at + 1) < 0;
}
