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

/** The library writes powers as HTML, a second as "second - time", and leaves an accent out that UCUM has. */
const plainName = (name: string): string =>
  name
    .replace(/<sup>(.*?)<\/sup>/g, " ^ $1")
    .replaceAll(" - time", "")
    .replace(/\bAmpere\b/g, "ampère");

/** "[[4*[the number pi]]*newton]/[second]" as "4 * (the number pi) * (newton) / (second)": from left to right, as UCUM is read. */
function chainOf(name: string): string {
  const factors = factorsOf(name);
  if (factors.length === 1) return name.startsWith("[") && name.endsWith("]") ? name.slice(1, -1) : name;
  return factors.map(({ sign, text }, i) => `${i === 0 ? "" : ` ${sign} `}${text}`).join("");
}

function factorsOf(name: string): { readonly sign: string; readonly text: string }[] {
  const parts: { sign: string; text: string }[] = [{ sign: "*", text: "" }];
  let depth = 0;
  for (const char of name) {
    if (char === "[") depth++;
    else if (char === "]") depth--;
    if (depth === 0 && (char === "*" || char === "/")) parts.push({ sign: char, text: "" });
    else (parts.at(-1) as { text: string }).text += char;
  }
  return parts.flatMap(({ sign, text }, i) => {
    const inner = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
    const nested = /[*/]/.test(inner) ? factorsOf(inner) : [];
    if (nested.length > 1 && (i === 0 || (sign === "*" && nested.every((one) => one.sign === "*"))))
      return nested.map((one, n) => (n === 0 ? { ...one, sign } : one));
    if (nested.length > 1) return [{ sign, text: `(${chainOf(inner)})` }];
    return [{ sign, text: inner === "" || /^\d+$/.test(inner) ? inner : `(${inner})` }];
  });
}

/** What a code says in words ("millimeter of mercury"); the code itself where it has none, undefined where it is none. */
export function ucumDisplay(unit: string): string | undefined {
  if (unit === "1") return "unity";
  if (unit === "" || unit.length > LENGTH_MAX) return undefined;
  const { status, unit: found } = utils.validateUnitString(unit);
  if (status !== "valid") return undefined;
  const words = chainOf(plainName(String(found?.name ?? "")));
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
