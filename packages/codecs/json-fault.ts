const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
/** No place in the text. */
const NOWHERE = -1;
const WORDS = ["true", "false", "null"] as const;

/**
 * Where text stops being JSON, for the error message of text that JSON.parse has refused (its own message names the
 * place only sometimes, and quotes the text around it). It looks at each character once: whoever sends what is no JSON
 * costs little more than who does.
 *
 * @returns offset in characters; the length of the text where it merely ends too early
 */
export function jsonFault(text: string): number {
  // A byte for each value that is open: it may be the whole text.
  let open = new Uint8Array(64);
  let depth = 0;
  let at = 0;
  /** After "{" or a comma in an object: the key and its colon. */
  const key = (): boolean => {
    at = behindSpace(text, at);
    const end = behindString(text, at);
    if (end === NOWHERE) return false;
    at = behindSpace(text, end);
    if (text.charCodeAt(at) !== COLON) return false;
    at++;
    return true;
  };
  for (;;) {
    at = behindSpace(text, at);
    const first = text.charCodeAt(at);
    if (first === OPEN_OBJECT || first === OPEN_LIST) {
      at = behindSpace(text, at + 1);
      const closing = first + 2;
      if (text.charCodeAt(at) !== closing) {
        if (depth === open.length) open = doubled(open);
        open[depth++] = closing;
        if (first === OPEN_OBJECT && !key()) return at;
        continue;
      }
      at++;
    } else {
      const end = first === QUOTE ? behindString(text, at) : behindScalar(text, at);
      if (end === NOWHERE) return at;
      at = end;
    }
    for (;;) {
      at = behindSpace(text, at);
      if (depth === 0) return at;
      const closing = open[depth - 1];
      const next = text.charCodeAt(at);
      if (next === COMMA) {
        at++;
        if (closing === CLOSE_OBJECT && !key()) return at;
        break;
      }
      if (next !== closing) return at;
      at++;
      depth--;
    }
  }
}

function doubled(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const grown = new Uint8Array(2 * bytes.length);
  grown.set(bytes);
  return grown;
}

function behindSpace(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at;
    at++;
  }
}

function behindString(text: string, from: number): number {
  if (text.charCodeAt(from) !== QUOTE) return NOWHERE;
  for (let at = from + 1; ; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    // NaN, behind the end, is less than nothing too.
    if (!(code >= 0x20)) return NOWHERE;
    if (code !== BACKSLASH) continue;
    at++;
    const escaped = text[at] ?? "";
    if (escaped === "u") {
      for (let digit = 1; digit <= 4; digit++) if (!isHex(text.charCodeAt(at + digit))) return NOWHERE;
      at += 4;
    } else if (escaped === "" || !'"\\/bfnrt'.includes(escaped)) return NOWHERE;
  }
}

/** A number, or one of the three words. */
function behindScalar(text: string, from: number): number {
  const first = text.charCodeAt(from);
  if (isLetter(first)) {
    const word = WORDS.find((each) => text.startsWith(each, from));
    return word ? from + word.length : NOWHERE;
  }
  let at = first === MINUS ? from + 1 : from;
  if (text[at] === "0") at++;
  else {
    at = behindDigits(text, at);
    if (at === NOWHERE) return NOWHERE;
  }
  if (text[at] === "." && isDigit(text.charCodeAt(at + 1))) at = behindDigits(text, at + 1);
  if (text[at] === "e" || text[at] === "E") {
    const sign = text[at + 1] === "+" || text[at + 1] === "-" ? 1 : 0;
    if (isDigit(text.charCodeAt(at + 1 + sign))) at = behindDigits(text, at + 1 + sign);
  }
  // 01, 1.x and 12abc are no numbers with something behind them.
  return isOfWord(text.charCodeAt(at)) ? NOWHERE : at;
}

function behindDigits(text: string, from: number): number {
  let at = from;
  while (isDigit(text.charCodeAt(at))) at++;
  return at === from ? NOWHERE : at;
}

const isDigit = (code: number) => code >= 0x30 && code <= 0x39;
const isLetter = (code: number) => (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
const isHex = (code: number) => isDigit(code) || (code >= 0x41 && code <= 0x46) || (code >= 0x61 && code <= 0x66);
const isOfWord = (code: number) => isDigit(code) || isLetter(code) || code === 0x5f || code === 0x2e;
