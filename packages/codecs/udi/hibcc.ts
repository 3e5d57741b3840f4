import { hibccCheckCharacter, outsideHibccAlphabet } from "./check-characters.ts";
import { fullYear, isoDay, isoDayOfYear } from "./dates.ts";
import { refuseUdi, type Udi, UdiFindings } from "./udi.ts";

/** A secondary symbol and the check character of the primary that it belongs to. */
export interface HibccUdi extends Udi {
  /** Of a secondary symbol alone: the check character of its primary. */
  readonly link: string | null;
}

/**
 * ANSI/HIBC 2: a primary symbol, a secondary one, or both in one.
 *
 * @param given begins with `+`; the asterisks that print puts around it are taken off before
 * @throws RefusedInput UDI_MALFORMED
 */
export function parseHibcc(given: string, thisYear: number): HibccUdi {
  const found = new UdiFindings();
  const text = given.toUpperCase().replace(/_$/, " ");
  if (text !== given.replace(/_$/, " ")) found.warn(0, "small letters are read as capitals");
  const outside = outsideHibccAlphabet(text);
  if (outside >= 0) refuseUdi("HIBCC", "character", outside, "digits, capital letters and - . $ / + % space");
  if (text.length < 4) refuseUdi("HIBCC", "symbol", text.length, "at least four characters");
  const checked = text.slice(0, -1);
  const due = hibccCheckCharacter(checked);
  found.checked(due === text.at(-1));
  if (due !== text.at(-1)) found.warn(text.length - 1, `the check character should be ${due === " " ? "_" : due}`);

  let link: string | null = null;
  if (/^\+[A-Z]/.test(text) && !SUPPLEMENT_ALONE.test(text)) {
    const [primary = "", ...rest] = checked.split("/");
    takePrimary(primary, found);
    let at = primary.length + 1;
    rest.forEach((part, index) => {
      if (index === 0 && isSecondary(part)) takeSecondary(part, at, found, thisYear);
      else takeSupplement(part, at, found);
      at += part.length + 1;
    });
  } else {
    link = checked.at(-1) ?? null;
    const part = checked.slice(1, -1);
    if (SUPPLEMENT.test(part)) takeSupplement(part, 1, found);
    else takeSecondary(part, 1, found, thisYear);
  }
  const shown = text.replace(/ $/, "_");
  return { ...found.finish("HIBCC", shown, text), link };
}

const SUPPLEMENT = /^(?:16D(\d{8})|14D(\d{8})|Q(\d{1,5})|S(.{1,18}))$/;
/** It begins with a letter as a primary does, but that would end with a digit. */
const SUPPLEMENT_ALONE = /^\+[SQ].*\D.$/;

/** LIC (4, a letter first), PCN (1 to 18), U (a digit). */
function takePrimary(primary: string, found: UdiFindings): void {
  const di = primary.slice(1);
  if (!/^[A-Z][A-Z0-9]{3}/.test(di)) refuseUdi("HIBCC", "LIC", 1, "a letter and three letters or digits");
  if (!/^[A-Z0-9]{1,18}$/.test(di.slice(4, -1))) refuseUdi("HIBCC", "PCN", 5, "1 to 18 capital letters and digits");
  if (!/\d$/.test(di)) refuseUdi("HIBCC", "unit of measure", primary.length - 1, "a digit");
  found.take("di", di, 1);
}

const isSecondary = (part: string) => /^\$|^\d/.test(part);

type Kind = "lot" | "serial";

/** `$lot`, `$+serial`, `$$` with a date and perhaps a quantity before it, or the older YYJJJ and a lot. */
function takeSecondary(part: string, at: number, found: UdiFindings, thisYear: number): void {
  if (/^\d/.test(part)) {
    takeDate(part.slice(0, 5), { form: "YYJJJ", at, found, thisYear });
    takeText("lot", part.slice(5), at + 5, found);
    return;
  }
  const flag = /^(?:\$\$\+|\$\$|\$\+|\$)/.exec(part)?.[0];
  if (flag === undefined) refuseUdi("HIBCC", "secondary", at, "$, $+, $$, $$+ or a date");
  const kind: Kind = flag.endsWith("+") ? "serial" : "lot";
  let left = part.slice(flag.length);
  let offset = at + flag.length;
  if (flag.startsWith("$$")) {
    const quantity = /^8(\d{2})|^9(\d{5})/.exec(left);
    if (quantity) {
      found.quantity = Number(quantity[1] ?? quantity[2]);
      left = left.slice(quantity[0].length);
      offset += quantity[0].length;
    }
    const form = DATE_FORMS[left[0] ?? ""];
    if (form === undefined) refuseUdi("HIBCC", "date flag", offset, "0 to 7");
    const skip = /^[01]/.test(left) ? 0 : 1;
    const date = left.slice(skip, skip + form.length);
    if (form !== "") takeDate(date, { form, at: offset + skip, found, thisYear });
    left = left.slice(skip + form.length);
    offset += skip + form.length;
  }
  takeText(kind, left, offset, found);
}

const DATE_FORMS: Readonly<Record<string, string>> = {
  "0": "MMYY",
  "1": "MMYY",
  "2": "MMDDYY",
  "3": "YYMMDD",
  "4": "YYMMDDHH",
  "5": "YYJJJ",
  "6": "YYJJJHH",
  "7": "",
};

function takeDate(
  text: string,
  { form, at, found, thisYear }: { form: string; at: number; found: UdiFindings; thisYear: number },
): void {
  const part = (name: string) => {
    const from = form.indexOf(name);
    return from < 0 ? undefined : Number(text.slice(from, from + name.length));
  };
  const year = fullYear(part("YY") ?? 0, thisYear);
  const days = part("JJJ");
  const isWhole = text.length === form.length && /^\d+$/.test(text);
  // Without a day it is good to the end of its month.
  const day = days === undefined ? isoDay(year, part("MM") ?? 0, part("DD") ?? 0) : isoDayOfYear(year, days);
  if (!isWhole || day === undefined || (part("DD") === 0 && form.includes("DD")))
    refuseUdi("HIBCC", "expiry date", at, `a day, ${form}`);
  found.take("expiresOn", day, at);
  if (form.endsWith("HH")) found.ignore(at + form.length - 2, "the hour of expiry");
}

function takeText(kind: Kind, text: string, at: number, found: UdiFindings): void {
  if (text === "") return;
  if (!/^[A-Z0-9. -]{1,18}$/.test(text)) refuseUdi("HIBCC", kind, at, "up to 18 characters");
  found.take(kind, text, at);
}

function takeSupplement(part: string, at: number, found: UdiFindings): void {
  const [, manufacture, expiry, quantity, serial] = SUPPLEMENT.exec(part) ?? [];
  if (manufacture !== undefined) found.take("madeOn", eightDigits(manufacture, at + 3), at + 3);
  else if (expiry !== undefined) found.take("expiresOn", eightDigits(expiry, at + 3), at + 3);
  else if (quantity !== undefined) found.quantity = Number(quantity);
  else if (serial !== undefined) takeText("serial", serial, at + 1, found);
  else if (isSecondary(part)) refuseUdi("HIBCC", "secondary", at, "one secondary part, the first");
  else found.ignore(at, "a supplement that is not known");
}

function eightDigits(text: string, at: number): string {
  const day = isoDay(Number(text.slice(0, 4)), Number(text.slice(4, 6)), Number(text.slice(6)));
  if (day === undefined || text.endsWith("00")) refuseUdi("HIBCC", "date", at, "a day, YYYYMMDD");
  return day;
}
