import { RefusedInput } from "@openward/errors";

/** HL7 FHIR R4, datatypes: decimal; which is JSON's own grammar of numbers. */
const DECIMAL = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/;
const ZERO = /^-?[0.]+(?:[eE]|$)/;

/**
 * A decimal whose text says more than the number does: 2.50 is measured to a hundredth, 2.5 is not. It counts like a number
 * (`decimal * 2`, `decimal > 3`) and is printed as it was written. Numbers that print as they were read stay plain numbers:
 * whoever wants either as a number asks `numberOf`.
 *
 * @source HL7 FHIR R4, datatypes: "the precision of the decimal value has significance"
 */
export class FhirDecimal extends Number {
  readonly text: string;

  /**
   * @param text as written
   * @throws RefusedInput VALUE_NOT_A_NUMBER where it is no decimal, or one so large or small that it would count as infinity or 0
   */
  constructor(text: string) {
    const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
    if (!Number.isFinite(value) || (value === 0 && !ZERO.test(text)))
      throw new RefusedInput("VALUE_NOT_A_NUMBER", {
        format: "fhir+json",
        expected: "a decimal between 1e-308 and 1e308",
      });
    super(value);
    this.text = text;
  }

  override toString(): string {
    return this.text;
  }

  /** Printed by JSON.stringify as it was written. */
  toJSON(): unknown {
    return rawJson(this.text);
  }
}

/** In the engines since V8 11.4, and not yet among the types. */
const { rawJSON: rawJson } = JSON as unknown as { rawJSON(text: string): unknown };

export const isDecimal = (value: unknown): value is FhirDecimal => value instanceof FhirDecimal;

/** Would a number of this text be printed otherwise? */
export const losesText = (text: string): boolean => text === "-0" || String(Number(text)) !== text;

/** The number that a plain number or a decimal counts as. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  return value instanceof FhirDecimal ? value.valueOf() : undefined;
}

/** A number as it was written, or as it would be printed. */
export const textOfNumber = (value: number | FhirDecimal): string =>
  value instanceof FhirDecimal ? value.text : JSON.stringify(value);

/**
 * Do two texts name the same number? 2.50 and 25e-1 do, and no digit is too many.
 *
 * @param a decimals, as JSON writes them
 */
export function sameNumber(a: string, b: string): boolean {
  return a === b || canonical(a) === canonical(b);
}

/** Sign, digits without zeros at either end, and the power of ten behind the last digit. */
function canonical(text: string): string {
  const [, sign, whole = "", fraction = "", exponent = "0"] = DECIMAL.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, "");
  // No pattern: one that looks for zeros at the end takes the square of the length.
  let end = digits.length;
  while (end > 0 && digits[end - 1] === "0") end--;
  if (end === 0) return "0";
  return `${sign}${digits.slice(0, end)}e${Number(exponent) - fraction.length + digits.length - end}`;
}
