import { RefusedInput } from "@openward/errors";
import { CarefulReader } from "./careful.ts";
import { losesText } from "./decimal.ts";
import { type Fhir, isObject, type Resource } from "./fhir.ts";

export interface ParseBounds {
  /** Objects and arrays in one another. FHIR's own examples have 20; what walks a tree must not run out of stack. */
  readonly depthMax?: number;
  /** Objects and arrays together: each costs many times its two bytes. */
  readonly nodesMax?: number;
}

const DEPTH_MAX = 100;
const NODES_MAX = 1_000_000;
/** Shorter text cannot hold enough nodes to matter. */
const COUNTED_FROM = 256 * 1024;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * FHIR's JSON without loss: `printFhir(parseFhir(text))` has every decimal as it was written. Names that stand twice in an object
 * are refused, since whoever reads on would see one of two values and not know of the other.
 *
 * @param text JSON, or its bytes in UTF-8
 * @throws RefusedInput MALFORMED_JSON, BODY_SHAPE (a name twice, `__proto__`, too deep), BODY_TOO_LARGE, VALUE_NOT_A_NUMBER; `at` and
 *   `offset` name the element and the byte, and nothing of the text is repeated
 * @source HL7 FHIR R4, json.html; RFC 8259
 */
export function parseFhir(text: string | Uint8Array, bounds: ParseBounds = {}): Fhir {
  const { depthMax = DEPTH_MAX, nodesMax = NODES_MAX } = bounds;
  const json = typeof text === "string" ? text : decode(text);
  if (json.length > COUNTED_FROM) refuseSwarm(json, nodesMax);
  let value: Fhir | undefined;
  try {
    value = JSON.parse(json) as Fhir;
  } catch {
    // The engine's message quotes the text around the fault: the careful reader names the place instead.
  }
  if (value === undefined || !isPlain(json, value, depthMax)) return new CarefulReader(json, depthMax).read();
  return value;
}

/**
 * The same of a text that must be a resource.
 *
 * @throws RefusedInput as `parseFhir`; BODY_SHAPE where it is no object with a resourceType
 */
export function parseResource(text: string | Uint8Array, bounds?: ParseBounds): Resource {
  const value = parseFhir(text, bounds);
  if (!isObject(value) || typeof value.resourceType !== "string" || value.resourceType === "")
    throw new RefusedInput("BODY_SHAPE", { format: "fhir+json", at: "resourceType", expected: "a resource" });
  return value as Resource;
}

/** Nothing in it that JSON.parse has taken otherwise than it is written. */
function isPlain(json: string, value: Fhir, depthMax: number): boolean {
  const names = scan(json, depthMax);
  // JSON.parse keeps the last of two equal names: the text then has more of them than the tree.
  return names >= 0 && names === (typeof value === "object" && value !== null ? namesIn(value) : 0);
}

const [QUOTE, COLON, BACKSLASH, ZERO, NINE, MINUS, POINT] = [0x22, 0x3a, 0x5c, 0x30, 0x39, 0x2d, 0x2e];
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [0x7b, 0x7d, 0x5b, 0x5d];

/**
 * Looks through text that is known to be JSON, from string to string.
 *
 * @returns how many names it has; -1 where a number would print otherwise, or it is too deep
 */
function scan(json: string, depthMax: number): number {
  let names = 0;
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const sign = json.charCodeAt(at);
    if (sign === QUOTE) at = endOfString(json, at);
    else if (sign === COLON) names++;
    else if (sign === OPEN_OBJECT || sign === OPEN_ARRAY) {
      if (++depth > depthMax) return -1;
    } else if (sign === CLOSE_OBJECT || sign === CLOSE_ARRAY) depth--;
    else if (sign === MINUS || (sign >= ZERO && sign <= NINE)) {
      const end = endOfNumber(json, at);
      if (end < 0) return -1;
      at = end - 1;
    }
  }
  return names;
}

function endOfString(json: string, start: number): number {
  let at = json.indexOf('"', start + 1);
  for (;;) {
    let before = at - 1;
    while (json.charCodeAt(before) === BACKSLASH) before--;
    if (at < 0 || (at - before) % 2 === 1) return at < 0 ? json.length : at;
    at = json.indexOf('"', at + 1);
  }
}

/** @returns where a number ends, -1 for one that prints otherwise than it is written */
function endOfNumber(json: string, start: number): number {
  let at = start;
  let point = -1;
  let exponent = false;
  for (; at < json.length; at++) {
    const sign = json.charCodeAt(at);
    if (sign === POINT) point = at;
    // e, E and the plus of an exponent.
    else if (sign === 0x65 || sign === 0x45 || sign === 0x2b) exponent = true;
    else if (sign !== MINUS && (sign < ZERO || sign > NINE)) break;
  }
  // Fifteen digits come back as they were; a zero last behind the point, an exponent, a zero first may not.
  const first = json.charCodeAt(start);
  const isShort = at - start <= 15 && !exponent && (first === MINUS ? json.charCodeAt(start + 1) : first) !== ZERO;
  if (isShort && (point < 0 || json.charCodeAt(at - 1) !== ZERO)) return at;
  return losesText(json.slice(start, at)) ? -1 : at;
}

/** @returns NaN where one is that of the language's prototypes, however it was escaped */
function namesIn(value: object): number {
  let names = 0;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === "object" && item !== null) names += namesIn(item);
    return names;
  }
  for (const name in value) {
    names += name === "__proto__" ? Number.NaN : 1;
    const item = (value as Record<string, unknown>)[name];
    if (typeof item === "object" && item !== null) names += namesIn(item);
  }
  return names;
}

function refuseSwarm(json: string, nodesMax: number): void {
  let count = 0;
  for (const sign of ["{", "["])
    for (let at = json.indexOf(sign); at >= 0; at = json.indexOf(sign, at + 1))
      if (++count > nodesMax)
        throw new RefusedInput("BODY_TOO_LARGE", {
          format: "fhir+json",
          expected: `at most ${nodesMax} objects and arrays`,
        });
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new RefusedInput("MALFORMED_JSON", { format: "fhir+json", expected: "UTF-8" }, { cause });
  }
}
