import { FhirDecimal, isDecimal, sameNumber, textOfNumber } from "./decimal.ts";
import type { Fhir, FhirObject } from "./fhir.ts";

/** A deep copy that shares nothing; decimals, which never change, are the same. `structuredClone` would lose their text. */
export function copyFhir<T extends Fhir>(value: T): T {
  if (Array.isArray(value)) return value.map((item) => copyFhir(item)) as T;
  if (typeof value !== "object" || value === null || value instanceof FhirDecimal) return value;
  const copy: FhirObject = {};
  for (const [name, item] of Object.entries(value)) if (item !== undefined) copy[name] = copyFhir(item);
  return copy as T;
}

/** For code that knows plain numbers only; what has no decimal in it is given back as it is, without a copy. */
export const plainFhir = <T>(value: T): T => mapDecimals(value, (decimal) => decimal.valueOf()) as T;

/** The same with another thing in place of each decimal; what has none is given back as it is, without a copy. */
export function mapDecimals(value: unknown, replace: (decimal: FhirDecimal) => unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof FhirDecimal) return replace(value);
  if (Array.isArray(value)) {
    const items = value.map((item) => mapDecimals(item, replace));
    return items.some((item, i) => item !== value[i]) ? items : value;
  }
  let copy: Record<string, unknown> | undefined;
  for (const [name, item] of Object.entries(value)) {
    const mapped = mapDecimals(item, replace);
    if (mapped === item) continue;
    copy ??= { ...value };
    copy[name] = mapped;
  }
  return copy ?? value;
}

/**
 * The same tree, whatever the order of names? Numbers are equal when they are so in value (2.50 and 2.5), as RFC 6902 compares them;
 * with `exact` when their text is.
 */
export function equalFhir(a: Fhir | undefined, b: Fhir | undefined, exact = false): boolean {
  if (a === b) return true;
  if (isNumber(a) && isNumber(b))
    return exact ? textOfNumber(a) === textOfNumber(b) : sameNumber(textOfNumber(a), textOfNumber(b));
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (isNumber(a) || isNumber(b)) return false;
  if (Array.isArray(a) || Array.isArray(b))
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item, i) => equalFhir(item, b[i] as Fhir, exact))
    );
  const names = Object.keys(a).filter((name) => a[name] !== undefined);
  return (
    names.length === Object.keys(b).filter((name) => b[name] !== undefined).length &&
    names.every((name) => Object.hasOwn(b, name) && equalFhir(a[name], b[name], exact))
  );
}

const isNumber = (value: unknown): value is number | FhirDecimal => typeof value === "number" || isDecimal(value);
