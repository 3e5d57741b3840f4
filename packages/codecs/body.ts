import { RefusedInput } from "@openward/errors";
import { decodeCbor } from "./cbor.ts";
import { jsonFault } from "./json-fault.ts";

export type BodyFormat = "json" | "cbor";

/** Above this size the values in a JSON body are counted before it is parsed. */
const COUNTED_FROM = 256 * 1024;
const MAX_NODES = 1_000_000;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * The format that a content type names, or the first byte where there is none: JSON text begins with white space, a
 * bracket or a byte order mark; CBOR arrays, maps and tags begin at 0x80.
 *
 * @returns undefined for a content type that is not read here
 */
export function bodyFormat(contentType: string | undefined, body: Uint8Array): BodyFormat | undefined {
  if (contentType === undefined || contentType === "") {
    const first = body[0] ?? 0;
    return first >= 0x80 && first !== 0xef ? "cbor" : "json";
  }
  switch (contentType.split(";", 1)[0]?.trim().toLowerCase()) {
    case "application/json":
    case "application/senml+json":
      return "json";
    case "application/cbor":
      return "cbor";
    default:
      return undefined;
  }
}

/**
 * The tree of a body.
 *
 * @throws RefusedInput MALFORMED_JSON, MALFORMED_CBOR (with `offset` where it is known), BODY_TOO_LARGE
 */
export function parseBody(body: Uint8Array, format: string): unknown {
  if (format === "cbor") return decodeCbor(body);
  if (body.length > COUNTED_FROM) refuseSwarm(body);
  let text: string;
  try {
    text = utf8.decode(body);
  } catch (cause) {
    throw new RefusedInput("MALFORMED_JSON", { expected: "UTF-8" }, { cause });
  }
  try {
    return JSON.parse(text);
  } catch {
    // The engine's message quotes the text around the fault, which may be a patient's: it is not passed on.
    const offset = jsonFault(text);
    throw new RefusedInput("MALFORMED_JSON", { at: `character ${offset}`, offset, expected: "JSON (RFC 8259)" });
  }
}

/** Objects and arrays cost many times their bytes: a body of nothing but brackets is refused before it is built. */
function refuseSwarm(body: Uint8Array): void {
  let count = 0;
  for (let i = 0; i < body.length; i++) {
    const byte = body[i];
    if (byte === 0x7b || byte === 0x5b) count++;
  }
  if (count > MAX_NODES)
    throw new RefusedInput("BODY_TOO_LARGE", { expected: `at most ${MAX_NODES} objects and arrays` });
}

/** A JSON object, and not an array, a typed array or null. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}
