import { hibccCheckCharacter } from "./check-characters.ts";
import { parseGs1, parseGtin } from "./gs1.ts";
import { type HibccUdi, parseHibcc } from "./hibcc.ts";
import { parseIccbba } from "./iccbba.ts";
import { refuseUdi, type Udi } from "./udi.ts";

const LONGEST = 400;
/** Which symbol it was, in front of the data. Those of the second group are what HIBC and ISBT 128 are printed in. */
const GS1_SYMBOL = /^\](?:C1|d2|Q3|e0)/;
const PLAIN_SYMBOL = /^\](?:C0|d1|Q0|Q1|zB)/;

/**
 * What a label says, scanned or typed. Two symbols of one label may stand on two lines.
 *
 * @param thisYear four digits: labels write years with two
 * @throws RefusedInput UDI_MALFORMED, with format, field, and the character where it is wrong (of its line)
 */
export function parseUdi(text: string, thisYear: number): Udi {
  if (text.length > LONGEST) refuseUdi("UDI", "text", LONGEST, `at most ${LONGEST} characters`);
  const [first, second, third] = text.split(/[\r\n]+/).filter((line) => line.trim() !== "");
  if (first === undefined) refuseUdi("UDI", "text", 0, "a text");
  if (third !== undefined) refuseUdi("UDI", "text", 0, "at most two symbols");
  const one = parseSymbol(first, thisYear);
  return second === undefined ? one.udi : join(one, parseSymbol(second, thisYear));
}

interface Symbol {
  readonly udi: Udi;
  readonly link: string | null;
}

function parseSymbol(line: string, thisYear: number): Symbol {
  const given = line.trimStart();
  const isGs1Symbol = GS1_SYMBOL.test(given);
  const bare = given
    .replace(GS1_SYMBOL, "")
    .replace(PLAIN_SYMBOL, "")
    .replace(/^\*(.*)\*\s*$/, "$1");
  // A space at the end can be HIBCC's check character: it stays where it is due.
  const isSpaceDue = bare.startsWith("+") && bare.endsWith(" ") && hibccCheckCharacter(bare.slice(0, -1)) === " ";
  const text = isSpaceDue ? bare : bare.trimEnd();
  if (isGs1Symbol && /^[+=&]/.test(text)) refuseUdi("UDI", "symbology", 0, "GS1 data behind a GS1 symbol");
  if (text.startsWith("+")) {
    const { link, ...udi }: HibccUdi = parseHibcc(text, thisYear);
    return { udi, link };
  }
  return { udi: parseOther(text, thisYear), link: null };
}

function parseOther(text: string, thisYear: number): Udi {
  if (/^[=&]/.test(text)) return parseIccbba(text);
  if (/^(?:\d{8}|\d{12}|\d{13}|\d{14})$/.test(text)) return parseGtin(text);
  if (text.startsWith("\x1d") || /^(?:\(|\d{2})/.test(text)) return parseGs1(text, thisYear);
  return refuseUdi("UDI", "first characters", 0, "GS1 ((01) or 01), HIBCC (+) or ICCBBA (= or &)");
}

/** The symbol with the device identifier and the one with lot and dates, whichever was scanned first. */
function join(a: Symbol, b: Symbol): Udi {
  const [main, other] = a.udi.di === null ? [b, a] : [a, b];
  if (main.udi.di === null) refuseUdi(main.udi.agency, "device identifier", 0, "a symbol with the device identifier");
  if (main.udi.agency !== other.udi.agency) refuseUdi("UDI", "second symbol", 0, `one of ${main.udi.agency}`);
  if (other.udi.di !== null && other.udi.di !== main.udi.di)
    refuseUdi(main.udi.agency, "second symbol", 0, "a symbol of the same device");
  const isLinked = other.link === null || other.link === main.udi.aidc.at(-1);
  if (!isLinked) refuseUdi("HIBCC", "link character", other.udi.aidc.length - 2, "a symbol of the same label");
  const pick = <K extends "lot" | "serial" | "madeOn" | "expiresOn" | "din" | "quantity">(field: K): Udi[K] =>
    main.udi[field] ?? other.udi[field];
  const checks = [main.udi.check, other.udi.check];
  return {
    ...main.udi,
    lot: pick("lot"),
    serial: pick("serial"),
    madeOn: pick("madeOn"),
    expiresOn: pick("expiresOn"),
    din: pick("din"),
    quantity: pick("quantity"),
    hrf: joined(main.udi.agency, main.udi.hrf, other.udi.hrf),
    aidc: joined(main.udi.agency, main.udi.aidc, other.udi.aidc),
    check: checks.includes("wrong") ? "wrong" : checks.includes("right") ? "right" : "none",
    warnings: [...main.udi.warnings, ...other.udi.warnings],
    ignored: [...main.udi.ignored, ...other.udi.ignored],
  };
}

/** HIBCC's two symbols are two lines. GS1's identifiers may follow one another, FNC1 between them. */
function joined(agency: Udi["agency"], first: string, second: string): string {
  if (agency === "HIBCC") return `${first}\n${second}`;
  return first.startsWith("(") || agency !== "GS1" ? first + second : `${first}\x1d${second}`;
}
