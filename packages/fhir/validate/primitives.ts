import { rawNumberOf } from "./raw.ts";

/** Says what was expected, or nothing where the value fits. */
export type PrimitiveCheck = (value: unknown) => string | undefined;

/** R4: a string SHALL NOT exceed 1 MB. */
const STRING_AT_MOST = 1024 * 1024;
const INT_MAX = 2_147_483_647;
const TIME_AT_MOST = 64;

// Each pattern walks its text once: no two parts that can follow one another match the same character.
const CODE = /^[^\s]+(?:\s[^\s]+)*$/;
const ID = /^[A-Za-z0-9\-.]{1,64}$/;
const OID = /^urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+$/;
const UUID = /^urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const DATE = /^(\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?)?$/;
const CLOCK = "([01]\\d|2[0-3]):[0-5]\\d:([0-5]\\d|60)(?:\\.\\d{1,32})?";
const ZONE = "(?:Z|[+-](?:(?:0\\d|1[0-3]):[0-5]\\d|14:00))";
const DATE_TIME = new RegExp(`^(\\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\\d|3[01])(?:T${CLOCK}${ZONE})?)?)?$`);
const INSTANT = new RegExp(`^(\\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T${CLOCK}${ZONE}$`);
const TIME = new RegExp(`^${CLOCK}$`);
const INTEGER = /^-?(?:0|[1-9]\d*)$/;
/** Below 32 only tab, line feed and carriage return. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that R4 forbids
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/;
const WHITE = /\s/;
const NOT_BASE64 = /[^0-9A-Za-z+/=\s]/;

const text =
  (expected: string, fits: (value: string) => boolean): PrimitiveCheck =>
  (value) =>
    typeof value === "string" && value !== "" && fits(value) ? undefined : expected;

const integer =
  (expected: string, from: number): PrimitiveCheck =>
  (value) => {
    if (typeof value === "number") {
      return Number.isInteger(value) && value >= from && value <= INT_MAX ? undefined : expected;
    }
    const raw = rawNumberOf(value);
    return raw !== undefined && INTEGER.test(raw) && Number(raw) >= from && Number(raw) <= INT_MAX
      ? undefined
      : expected;
  };

function isDay(year: string, month: string | undefined, day: string | undefined): boolean {
  if (year === "0000") return false;
  if (month === undefined || day === undefined || Number(day) <= 28) return true;
  return (
    Number(day) <=
    new Date(Date.UTC(Number(year) < 100 ? 2000 + Number(year) : Number(year), Number(month), 0)).getUTCDate()
  );
}

function dated(pattern: RegExp): (value: string) => boolean {
  return (value) => {
    if (value.length > TIME_AT_MOST) return false;
    const found = pattern.exec(value);
    return found !== null && isDay(found[1] as string, found[2], found[3]);
  };
}

function isBase64(value: string): boolean {
  if (NOT_BASE64.test(value)) return false;
  const packed = WHITE.test(value) ? value.replace(/\s+/g, "") : value;
  const padding = packed.indexOf("=");
  if (packed.length === 0 || packed.length % 4 !== 0) return false;
  return padding < 0 || (padding >= packed.length - 2 && packed.at(-1) === "=");
}

const longText = text("text of at most 1 MB, without control characters", (value) => {
  return value.length <= STRING_AT_MOST && !CONTROL.test(value);
});
const uri = text("a URI, without spaces", (value) => !WHITE.test(value));

/** The primitive data types of R4 by name. xhtml is text here; `narrative.ts` says the rest. */
export const primitives: Readonly<Record<string, PrimitiveCheck>> = {
  boolean: (value) => (typeof value === "boolean" ? undefined : "true or false"),
  integer: integer("a whole number of 32 bits", -INT_MAX - 1),
  unsignedInt: integer("a whole number from 0", 0),
  positiveInt: integer("a whole number from 1", 1),
  decimal: (value) =>
    (typeof value === "number" && Number.isFinite(value)) || rawNumberOf(value) !== undefined ? undefined : "a number",
  string: longText,
  markdown: longText,
  xhtml: text("XHTML", () => true),
  code: text(
    "a code: no spaces at its ends, and single ones within",
    (value) => !WHITE.test(value) || CODE.test(value),
  ),
  id: text("an id: 1 to 64 of A-Z, a-z, 0-9, '-' and '.'", (value) => ID.test(value)),
  uri,
  url: uri,
  canonical: uri,
  oid: text("an OID as urn:oid:", (value) => OID.test(value)),
  uuid: text("a UUID as urn:uuid:, in small letters", (value) => UUID.test(value)),
  date: text("a date as YYYY, YYYY-MM or YYYY-MM-DD", dated(DATE)),
  dateTime: text("a date, or a date and time with seconds and a zone", dated(DATE_TIME)),
  instant: text("a date and time with seconds and a zone", dated(INSTANT)),
  time: text("a time as hh:mm:ss", (value) => value.length <= TIME_AT_MOST && TIME.test(value)),
  base64Binary: text("base64", isBase64),
};
