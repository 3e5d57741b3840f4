import ucum from "@lhncbc/ucum-lhc";

const utils = ucum.UcumLhcUtils.getInstance();

/** Codes come from anywhere, and the library's parser takes long for long ones. */
const LENGTH_MAX = 64;

export interface UcumQuantity {
  readonly value: number;
  readonly unit: string;
}

/** The unity, which UCUM writes as nothing and HL7 as "1". */
const orUnity = (unit: string): string => (unit === "" ? "1" : unit);

/** Is it a code of UCUM, in its own capitals? */
export const isUcum = (unit: string): boolean =>
  unit !== "" && unit.length <= LENGTH_MAX && utils.validateUnitString(unit).status === "valid";

/** What a code says in words ("millimeter of mercury"); the code itself where it has none, undefined where it is none. */
export function ucumDisplay(unit: string): string | undefined {
  if (unit === "1") return "unity";
  if (unit === "" || unit.length > LENGTH_MAX) return undefined;
  const { status, unit: found } = utils.validateUnitString(unit);
  if (status !== "valid") return undefined;
  // The library writes powers as HTML, products in square brackets, and a second as "second - time".
  const words = String(found?.name ?? "")
    .replace(/<sup>(.*?)<\/sup>/g, " ^ $1")
    .replaceAll(" - time", "")
    .replace(/[[\]]/g, (bracket) => (bracket === "[" ? "(" : ")"))
    .replaceAll("*", " * ")
    .replaceAll(")/(", ") / (");
  return words === "" ? unit : words;
}

/**
 * A value in another unit of the same dimension.
 *
 * @returns undefined where a code is none or the dimensions differ
 * @source UCUM by @lhncbc/ucum-lhc
 */
export function convertUcum({ value, unit }: UcumQuantity, to: string): number | undefined {
  if (!isUcum(orUnity(unit)) || !isUcum(orUnity(to))) return undefined;
  const { status, toVal } = utils.convertUnitTo(orUnity(unit), value, orUnity(to));
  return status === "succeeded" && toVal !== null ? toVal : undefined;
}

/** @returns a quantity in the product of both units, as written; undefined where a code is none */
export const multiplyUcum = (a: UcumQuantity, b: UcumQuantity): UcumQuantity | undefined =>
  isUcum(orUnity(a.unit)) && isUcum(orUnity(b.unit))
    ? { value: a.value * b.value, unit: `(${orUnity(a.unit)}).(${orUnity(b.unit)})` }
    : undefined;

/** @returns a quantity in the quotient of both units, as written; undefined where a code is none */
export const divideUcum = (a: UcumQuantity, b: UcumQuantity): UcumQuantity | undefined =>
  isUcum(orUnity(a.unit)) && isUcum(orUnity(b.unit))
    ? { value: a.value / b.value, unit: `(${orUnity(a.unit)})/(${orUnity(b.unit)})` }
    : undefined;
