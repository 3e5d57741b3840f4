import { fromHex } from "../binary-text.ts";
import type { Charset, Delimiters, Message } from "./message.ts";

const NOT_ASCII = /[\x80-\xff]/;
const utf8 = new TextDecoder("utf-8");

/**
 * A part of a field as people read it: escapes undone, in the character set of the message. What is not of that set
 * becomes U+FFFD; the bytes are kept beside it.
 *
 * @param raw a character for each byte
 * @source HL7 v2.6 section 2.7
 */
export function textOf(raw: string, { delimiters, charset }: Pick<Message, "delimiters" | "charset">): string {
  const mark = delimiters.escape;
  if (mark === "" || !raw.includes(mark)) return inCharset(raw, charset);
  let text = "";
  for (let at = 0; at < raw.length; ) {
    const begin = raw.indexOf(mark, at);
    const end = begin < 0 ? -1 : raw.indexOf(mark, begin + 1);
    if (end < 0) return text + inCharset(raw.slice(at), charset);
    text += inCharset(raw.slice(at, begin), charset);
    const meant = meaningOf(raw.slice(begin + 1, end), delimiters, charset);
    // One that is not known stands for something that should be seen: as it was sent.
    text += meant ?? inCharset(raw.slice(begin, end + 1), charset);
    at = end + 1;
  }
  return text;
}

/** @returns undefined for one that is not known */
function meaningOf(sequence: string, delimiters: Delimiters, charset: Charset | null): string | undefined {
  switch (sequence) {
    case "F":
      return delimiters.field;
    case "S":
      return delimiters.component;
    case "T":
      return delimiters.subcomponent;
    case "R":
      return delimiters.repetition;
    case "E":
      return delimiters.escape;
    case ".br":
      return "\n";
    // Highlighting, on and off.
    case "H":
    case "N":
      return "";
  }
  const bytes = sequence.startsWith("X") ? fromHex(sequence.slice(1)) : undefined;
  return bytes && inCharset(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""), charset);
}

function inCharset(raw: string, charset: Charset | null): string {
  if (charset === "latin-1" || !NOT_ASCII.test(raw)) return raw;
  if (charset !== "utf-8") return raw.replaceAll(/[\x80-\xff]/g, "\ufffd");
  return utf8.decode(Uint8Array.from(raw, (character) => character.charCodeAt(0)));
}
