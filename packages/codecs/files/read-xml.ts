import { SaxesParser } from "saxes";
import { malformed } from "../reader.ts";
import { checkSize } from "./piece.ts";

const MAX_DEPTH = 64;
const MAX_ATTRIBUTES = 100;

export interface XmlHandlers {
  /** @param depth of the element: 1 is the root */
  open(name: string, attributes: Readonly<Record<string, string>>, depth: number): void;
  /** @param text between its tags, without that of its children; at most MAX_TEXT characters */
  close?(name: string, text: string, depth: number): void;
}

const MAX_TEXT = 4_096;

/** Where the parser stands, in bytes. */
export interface XmlPlace {
  offset(): number;
}

/**
 * Reads a document. The five entities of XML and character references are all that is known: a document type is read over,
 * and an entity that it declares is an error, so that there is nothing to expand and nothing to fetch.
 *
 * @throws RefusedInput MALFORMED_BYTES, BODY_TOO_LARGE
 */
export function readXml(bytes: Uint8Array, format: string, handlersOf: (place: XmlPlace) => XmlHandlers): void {
  checkSize(bytes);
  const text = textOf(bytes, format);
  const parser = new SaxesParser();
  const place = placeOf(text, () => parser.position, bytes.length);
  const { open, close } = handlersOf(place);
  let depth = 0;
  const texts: string[] = [];
  parser.on("error", (error) => {
    // The message repeats words of the document.
    throw malformed(format, "markup", place.offset(), `well-formed XML: ${reasonOf(error.message)}`);
  });
  let attributes = 0;
  parser.on("attribute", () => {
    if (++attributes > MAX_ATTRIBUTES)
      throw malformed(format, "markup", place.offset(), `at most ${MAX_ATTRIBUTES} attributes`);
  });
  parser.on("opentag", (tag) => {
    attributes = 0;
    depth++;
    if (depth > MAX_DEPTH) throw malformed(format, "markup", place.offset(), `at most ${MAX_DEPTH} levels`);
    texts[depth] = "";
    open(localName(tag.name), tag.attributes, depth);
  });
  if (close) {
    const add = (part: string) => {
      const before = texts[depth] ?? "";
      if (before.length < MAX_TEXT) texts[depth] = (before + part).slice(0, MAX_TEXT);
    };
    parser.on("text", add);
    parser.on("cdata", add);
  }
  parser.on("closetag", (tag) => {
    close?.(localName(tag.name), texts[depth] ?? "", depth);
    depth--;
  });
  parser.write(text).close();
}

/** Prefixes vary from maker to maker: elements are known by what stands behind them. */
function localName(name: string): string {
  const colon = name.indexOf(":");
  return colon < 0 ? name : name.slice(colon + 1);
}

function reasonOf(message: string): string {
  const known = /(undefined entity|unclosed tag|unexpected close tag|unmatched closing tag|duplicate attribute)/i.exec(
    message,
  );
  return known ? (known[1] as string).toLowerCase() : "it is not";
}

/** @throws RefusedInput MALFORMED_BYTES */
export function textOf(bytes: Uint8Array, format: string): string {
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (isUtf16) throw malformed(format, "encoding", 0, "UTF-8");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw malformed(format, "encoding", 0, "UTF-8");
  }
}

/** Bytes of the characters before; asked for seldom, and ever further on. */
function placeOf(text: string, position: () => number, length: number): XmlPlace {
  const encoder = new TextEncoder();
  let characters = 0;
  let bytes = 0;
  return {
    offset() {
      const at = Math.min(position(), text.length);
      bytes += encoder.encode(text.slice(characters, at)).length;
      characters = at;
      return Math.min(bytes, length);
    },
  };
}
