const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN = new Set([0x7b, 0x5b]);
const CLOSE = new Set([0x7d, 0x5d]);
const SPACE = new Set([0x20, 0x09, 0x0a, 0x0d]);

/**
 * The text of a member's value in a JSON object, to the letter: a value that was parsed and written again is not what
 * was sent (large numbers, names that come twice).
 *
 * @param object text that JSON.parse takes and that is an object
 * @returns undefined where it has no such member; of several the last, as JSON.parse does
 */
export function memberText(object: string, name: string): string | undefined {
  let found: string | undefined;
  let at = skipSpace(object, object.indexOf("{") + 1);
  while (object.charCodeAt(at) === QUOTE) {
    const keyEnd = endOfValue(object, at);
    const key: unknown = JSON.parse(object.slice(at, keyEnd));
    const start = skipSpace(object, object.indexOf(":", keyEnd) + 1);
    const end = endOfValue(object, start);
    if (key === name) found = object.slice(start, end);
    at = skipSpace(object, end);
    if (object.charCodeAt(at) === COMMA) at = skipSpace(object, at + 1);
  }
  return found;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (SPACE.has(text.charCodeAt(at))) at++;
  return at;
}

function endOfValue(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = closingQuote(text, at);
      if (depth === 0) return at + 1;
    } else if (OPEN.has(code)) depth++;
    else if (CLOSE.has(code)) {
      // One too many is that of the object around a plain value.
      if (depth === 0) return at;
      if (--depth === 0) return at + 1;
    } else if (depth === 0 && (code === COMMA || SPACE.has(code))) return at;
  }
  return text.length;
}

function closingQuote(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at;
}
