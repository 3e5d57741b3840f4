import fhirpath from "fhirpath";
import model from "fhirpath/fhir-context/r4";

/** What the library's classes have and do otherwise than FHIRPath says; they are not exported. */
interface Decimal {
  truncate(): Decimal;
  toNumber(): number;
  toString(): string;
  negate(): Decimal;
}
interface Quantity {
  readonly value: Decimal;
  readonly unit: string;
  readonly ctx: object;
}
interface DateTime {
  readonly ctx: object;
  toString(): string;
  plus(quantity: Quantity): DateTime;
}

const literal = <T>(expression: string): T =>
  fhirpath.evaluate({}, expression, undefined, model, { resolveInternalTypes: false })[0] as T;

/** Units of time: as months, or as milliseconds. */
const MONTHS: Readonly<Record<string, number>> = { year: 12, month: 1 };
const MS: Readonly<Record<string, number>> = {
  week: 604_800_000,
  wk: 604_800_000,
  day: 86_400_000,
  d: 86_400_000,
  hour: 3_600_000,
  h: 3_600_000,
  minute: 60_000,
  min: 60_000,
  second: 1_000,
  s: 1_000,
  millisecond: 1,
  ms: 1,
};
const SECOND_MS = 1_000;

const WITH_OFFSET = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,3})?(Z|[+-]\d\d:\d\d)$/;

/** 'days', "'d'" and "day" are one unit. */
const nameOf = (unit: string): string => {
  const plain = unit.replaceAll("'", "");
  return plain === unit ? plain.replace(/s$/, "") || plain : plain;
};

/**
 * A time with an offset plus an amount of time: its own clock goes on, whatever the zone of the machine, and its offset stays.
 *
 * @returns undefined: that is the library's to do, or to refuse
 * @source HL7 FHIRPath N1, "Date/Time Arithmetic": calendar semantics, the last day of a shorter month
 */
function plusOf(text: string, { value, unit }: Quantity): string | undefined {
  const [, clock, fraction = "", offset = ""] = WITH_OFFSET.exec(text) ?? [];
  const name = nameOf(unit);
  const [months, ms] = [MONTHS[name], MS[name]];
  if (clock === undefined || (months === undefined && ms === undefined)) return undefined;
  const local = Date.parse(`${clock}${fraction}Z`);
  const isWhole = months !== undefined || (ms ?? 0) > SECOND_MS;
  const amount = (isWhole ? value.truncate() : value).toNumber();
  const moved = months === undefined ? local + Math.round(amount * (ms ?? 0)) : monthsOn(local, amount * months);
  // What is out of range is the library's to refuse.
  if (!Number.isFinite(moved) || Math.abs(moved) > 8.64e15) return undefined;
  const told = new Date(moved).toISOString();
  if (!/^\d{4}-/.test(told)) return undefined;
  const [whole = "", millis = "000Z"] = told.split(".");
  const keepsFraction = fraction !== "" || millis !== "000Z";
  return `${whole}${keepsFraction ? `.${millis.slice(0, 3)}` : ""}${offset}`;
}

/** The library truncates too, and writes on the console what it truncates and of which time, which may be a patient's. */
function wholeOf(quantity: Quantity): Quantity {
  const { ctx, value, unit } = quantity;
  const name = nameOf(unit);
  if (MONTHS[name] === undefined && !((MS[name] ?? 0) > SECOND_MS)) return quantity;
  return new (quantity.constructor as new (context: object, value: Decimal, unit: string) => Quantity)(
    ctx,
    value.truncate(),
    unit,
  );
}

function monthsOn(local: number, months: number): number {
  const date = new Date(local);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months);
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  return date.setUTCDate(Math.min(day, last));
}

/** Once for the process: the library's classes are the same for every expression. */
export function mendLibrary(): void {
  const time = literal<DateTime>("@2012-01-01T00:00:00Z");
  const proto = time.constructor.prototype as DateTime;
  const original = proto.plus;
  const make = time.constructor as new (context: object, text: string) => DateTime;
  proto.plus = function plus(this: DateTime, quantity: Quantity): DateTime {
    const text = plusOf(this.toString(), quantity);
    return text === undefined ? original.call(this, wholeOf(quantity)) : new make(this.ctx, text);
  };

  // 120.50 turned round is -120.50, and not -120.5.
  const decimal = fhirpath.FP_Decimal.getDecimal("1.50") as unknown as Decimal;
  const numbers = decimal.constructor.prototype as Decimal;
  const negate = numbers.negate;
  numbers.negate = function negated(this: Decimal): Decimal {
    const text = this.toString();
    if (!/^-?\d+\.\d*[1-9]\d*0$|^-?[1-9]\d*\.0+$/.test(text)) return negate.call(this);
    return fhirpath.FP_Decimal.getDecimal(text.startsWith("-") ? text.slice(1) : `-${text}`) as unknown as Decimal;
  };
}
