import { gs1CheckDigit } from "./check-characters.ts";
import { fullYear, isoDay } from "./dates.ts";
import { refuseUdi, type Udi, UdiFindings } from "./udi.ts";

/** FNC1 between elements, as scanners send it. */
const GS = "\x1d";

type Field = "di" | "lot" | "serial" | "madeOn" | "expiresOn" | "quantity" | null;

interface Identifier {
  readonly display: string;
  readonly field: Field;
  readonly form: RegExp;
  /** Characters, where they are always as many; otherwise the element ends with FNC1. */
  readonly length: number | null;
}

const DIGITS = (length: number) => new RegExp(`^\\d{${length}}$`);
// GS1's character set 82.
const SET_82 = (longest: number) => new RegExp(`^[0-9A-Za-z!"%&'()*+,./:;<=>?_-]{1,${longest}}$`);

/** Application identifiers that are on labels of devices. */
const IDENTIFIERS: Readonly<Record<string, Identifier>> = {
  "00": { display: "SSCC", field: null, form: DIGITS(18), length: 18 },
  "01": { display: "GTIN", field: "di", form: DIGITS(14), length: 14 },
  "10": { display: "lot", field: "lot", form: SET_82(20), length: null },
  "11": { display: "production date", field: "madeOn", form: DIGITS(6), length: 6 },
  "13": { display: "packaging date", field: null, form: DIGITS(6), length: 6 },
  "15": { display: "best before date", field: null, form: DIGITS(6), length: 6 },
  "16": { display: "sell by date", field: null, form: DIGITS(6), length: 6 },
  "17": { display: "expiry date", field: "expiresOn", form: DIGITS(6), length: 6 },
  "20": { display: "variant", field: null, form: DIGITS(2), length: 2 },
  "21": { display: "serial number", field: "serial", form: SET_82(20), length: null },
  "30": { display: "count", field: "quantity", form: /^\d{1,8}$/, length: null },
  "240": { display: "additional product identification", field: null, form: SET_82(30), length: null },
  "7003": { display: "expiry date and time", field: "expiresOn", form: DIGITS(10), length: null },
};

/** Of identifiers that are not in the table, the length that GS1 fixed for their first two digits, those included. */
const FIXED: Readonly<Record<string, number>> = {
  "02": 16,
  "03": 16,
  "04": 18,
  "12": 8,
  "14": 8,
  "18": 8,
  "19": 8,
  "31": 10,
  "32": 10,
  "33": 10,
  "34": 10,
  "35": 10,
  "36": 10,
  "41": 16,
};

interface Element {
  readonly ai: string;
  readonly text: string;
  readonly offset: number;
}

/**
 * @param text as people read it, `(01)04012345000016(10)LOT7A`, or as scanners send it, with FNC1 as GS
 * @throws RefusedInput UDI_MALFORMED
 */
export function parseGs1(text: string, thisYear: number): Udi {
  const found = new UdiFindings();
  const elements = text.startsWith("(") ? bracketed(text, found) : scanned(text);
  for (const element of elements) take(element, found, thisYear);
  const hrf = elements.map(({ ai, text: value }) => `(${ai})${value}`).join("");
  return found.finish("GS1", hrf, aidcOf(elements));
}

/** Digits alone, as people type them below a bar code. @param digits 8, 12, 13 or 14 of them */
export function parseGtin(digits: string): Udi {
  const found = new UdiFindings();
  const gtin = digits.padStart(14, "0");
  take({ ai: "01", text: gtin, offset: 0 }, found, 2000);
  found.warn(0, "a GTIN alone: no lot and no serial number");
  return found.finish("GS1", `(01)${gtin}`, `01${gtin}`);
}

function bracketed(text: string, found: UdiFindings): Element[] {
  const elements: Element[] = [];
  let at = 0;
  while (at < text.length) {
    const ai = /^\((\d{2,4})\)/.exec(text.slice(at, at + 6))?.[1];
    if (ai === undefined) refuseUdi("GS1", "application identifier", at, "2 to 4 digits in brackets");
    const offset = at + ai.length + 2;
    const fixed = IDENTIFIERS[ai]?.length ?? null;
    const end = fixed === null ? nextBracket(text, offset) : offset + fixed;
    elements.push({ ai, text: text.slice(offset, end), offset });
    if (fixed === null && /\(\d{2,4}\)/.test(text.slice(offset, end)))
      found.warn(offset, "it holds a bracket: read from a scanner it would be certain where it ends");
    at = Math.min(end, text.length);
  }
  return elements;
}

/** A lot may hold brackets: only those of an identifier that is known begin the next element. */
function nextBracket(text: string, from: number): number {
  for (const match of text.slice(from).matchAll(/\((\d{2,4})\)/g)) {
    if (match[1] !== undefined && Object.hasOwn(IDENTIFIERS, match[1])) return from + match.index;
  }
  return text.length;
}

function scanned(text: string): Element[] {
  const elements: Element[] = [];
  let at = 0;
  while (at < text.length) {
    if (text[at] === GS) {
      at += 1;
      continue;
    }
    const ai = [2, 3, 4].map((length) => text.slice(at, at + length)).find((name) => Object.hasOwn(IDENTIFIERS, name));
    const separator = text.indexOf(GS, at);
    const end = separator < 0 ? text.length : separator;
    if (ai === undefined) {
      const fixed = FIXED[text.slice(at, at + 2)];
      const stop = fixed === undefined ? end : Math.min(at + fixed, text.length);
      if (!/^\d{2}/.test(text.slice(at))) refuseUdi("GS1", "application identifier", at, "two digits");
      // How long an identifier is that nobody knows is not known either: its first two digits name it.
      elements.push({ ai: text.slice(at, at + 2), text: text.slice(at + 2, stop), offset: at + 2 });
      at = stop;
      continue;
    }
    const { length } = IDENTIFIERS[ai] as Identifier;
    const offset = at + ai.length;
    const stop = length === null ? end : Math.min(offset + length, text.length);
    elements.push({ ai, text: text.slice(offset, stop), offset });
    at = stop;
  }
  if (elements.length === 0) refuseUdi("GS1", "application identifier", 0, "an element");
  return elements;
}

function take({ ai, text, offset }: Element, found: UdiFindings, thisYear: number): void {
  const identifier = IDENTIFIERS[ai];
  if (!identifier) {
    found.ignore(offset, `application identifier ${ai}`);
    return;
  }
  const { display, field, form } = identifier;
  if (!form.test(text)) refuseUdi("GS1", display, offset, expectationOf(identifier));
  if (ai === "01" || ai === "00") {
    const due = gs1CheckDigit(text.slice(0, -1));
    found.checked(due === text.at(-1));
    if (due !== text.at(-1)) found.warn(offset + text.length - 1, `the check digit of the ${display} should be ${due}`);
  }
  if (field === null) found.ignore(offset, display);
  else if (field === "quantity") found.quantity = Number(text);
  else if (field === "madeOn" || field === "expiresOn") {
    found.take(field, dayOf(text, thisYear) ?? refuseUdi("GS1", display, offset, "a day, YYMMDD"), offset);
    if (ai === "7003") found.ignore(offset + 6, "the hour of expiry");
  } else found.take(field, text, offset);
}

function dayOf(text: string, thisYear: number): string | undefined {
  const [year, month, day] = [0, 2, 4].map((at) => Number(text.slice(at, at + 2))) as [number, number, number];
  return isoDay(fullYear(year, thisYear), month, day);
}

function expectationOf({ length, field }: Identifier): string {
  if (length !== null) return `${length} digits`;
  return field === "quantity" ? "up to 8 digits" : "up to 20 letters, digits and signs";
}

function aidcOf(elements: readonly Element[]): string {
  return elements
    .map(({ ai, text }, index) => {
      const needsEnd = IDENTIFIERS[ai] ? IDENTIFIERS[ai].length === null : FIXED[ai.slice(0, 2)] === undefined;
      return ai + text + (needsEnd && index < elements.length - 1 ? GS : "");
    })
    .join("");
}
