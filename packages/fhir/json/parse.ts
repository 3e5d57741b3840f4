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
 * Where a number may end that prints otherwise than it is written: a zero last behind the point, an exponent, sixteen digits, six
 * zeros behind the point, minus zero. It may stand in a string as well: then the text is read with care for nothing.
 */
const SUSPECT = /(?:\.\d*0|\d[eE][+-]?\d+|\d[\d.]{15}|\.000000\d*|-0)(?=[\s,\]}]|$)/g;
const PART_OF_NUMBER = /[\d.eE+-]/;

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
  const { names, numbers } = survey(value, depthMax);
  // JSON.parse keeps the last of two equal names: the text then has more of them than the tree.
  return names >= 0 && names === countNames(json) && (!numbers || !losesDigits(json));
}

/** @returns how many names the tree has, -1 where it is too deep or has a name that is dangerous; and whether it has numbers */
function survey(root: Fhir, depthMax: number): { names: number; numbers: boolean } {
  let names = 0;
  let numbers = false;
  const visit = (value: object, left: number): boolean => {
    if (left === 0) return false;
    if (Array.isArray(value)) {
      for (const item of value) {
        if (typeof item === "object") {
          if (item !== null && !visit(item, left - 1)) return false;
        } else if (typeof item === "number") numbers = true;
      }
      return true;
    }
    for (const name in value) {
      if (name === "__proto__") return false;
      names++;
      const item = (value as Record<string, unknown>)[name];
      if (typeof item === "object") {
        if (item !== null && !visit(item, left - 1)) return false;
      } else if (typeof item === "number") numbers = true;
    }
    return true;
  };
  if (typeof root === "number") return { names: 0, numbers: true };
  const ok = typeof root !== "object" || root === null || visit(root, depthMax);
  return { names: ok ? names : -1, numbers };
}

/** Names, and at times more: text may hold what looks like one, and is then read with care. Never fewer. */
function countNames(json: string): number {
  let count = 0;
  for (let at = json.indexOf(":"); at >= 0; at = json.indexOf(":", at + 1)) {
    let before = at - 1;
    while (before >= 0 && json.charCodeAt(before) <= 0x20) before--;
    if (json.charCodeAt(before) === 0x22) count++;
  }
  return count;
}

function losesDigits(json: string): boolean {
  for (const { 0: found, index } of json.matchAll(SUSPECT)) {
    let start = index;
    while (start > 0 && PART_OF_NUMBER.test(json[start - 1] as string)) start--;
    if (losesText(json.slice(start, index + found.length))) return true;
  }
  return false;
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
