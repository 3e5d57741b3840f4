const SPACE = /[ \t\n\r]*/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them in strings, and so must this
const STRING = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|true|false|null/y;

/**
 * Where text stops being JSON, for the error message of text that JSON.parse has refused (its own message names the
 * place only sometimes, and quotes the text around it).
 *
 * @returns offset in characters; the length of the text where it merely ends too early
 */
export function jsonFault(text: string): number {
  const open: string[] = [];
  let at = 0;
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.test(text);
    if (found) at = pattern.lastIndex;
    return found;
  };
  /** After "{" or a comma in an object: the key and its colon. */
  const key = (): boolean => {
    skip(SPACE);
    if (!skip(STRING)) return false;
    skip(SPACE);
    if (text[at] !== ":") return false;
    at++;
    return true;
  };
  for (;;) {
    skip(SPACE);
    const first = text[at];
    if (first === "{" || first === "[") {
      at++;
      skip(SPACE);
      if (text[at] !== (first === "{" ? "}" : "]")) {
        open.push(first);
        if (first === "{" && !key()) return at;
        continue;
      }
      at++;
    } else if (!skip(STRING) && !skip(SCALAR)) {
      return at;
    }
    for (;;) {
      skip(SPACE);
      const last = open.at(-1);
      if (last === undefined) return at;
      if (text[at] === ",") {
        at++;
        if (last === "{" && !key()) return at;
        break;
      }
      if (text[at] !== (last === "{" ? "}" : "]")) return at;
      at++;
      open.pop();
    }
  }
}
