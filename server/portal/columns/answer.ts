import { Readable } from "node:stream";
import { RefusedInput } from "@openward/errors";
import { Encoded } from "../call.ts";
import type { EndAnswer } from "./long-answers.ts";
import { CBOR_FORMAT, type Format, JSON_FORMAT } from "./writer.ts";

/** A shorter answer goes out whole, with its length in front; and what goes wrong in it has a clear error. */
const WHOLE_BYTES_MAX = 262_144;
const FORMATS = new Map<string, Format>([
  ["application/json", JSON_FORMAT],
  ["application/cbor", CBOR_FORMAT],
  ["application/*", JSON_FORMAT],
  ["*/*", JSON_FORMAT],
]);

/**
 * The format that `Accept` likes best; JSON where it does not say.
 *
 * @throws RefusedInput NOT_ACCEPTABLE
 */
export function formatOf(accept: string | undefined): Format {
  if (accept === undefined || accept.trim() === "") return JSON_FORMAT;
  let best: Format | undefined;
  let most = 0;
  for (const range of accept.split(",", 20)) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith("q="));
    const q = weight === undefined ? 1 : Number(weight.slice(2));
    const format = FORMATS.get(type);
    if (!format || !(q > most)) continue;
    best = format;
    most = q;
  }
  if (best) return best;
  throw new RefusedInput("NOT_ACCEPTABLE", { at: "Accept", expected: "application/json, application/cbor" });
}

/**
 * An answer in parts: whole where it is short, else at the pace of who reads it, part by part. A reader who leaves ends the
 * generator.
 *
 * @param beginLong asked before an answer goes out in parts
 * @param onSent called when all of it has been handed to the operating system
 * @throws RefusedInput as `beginLong` does
 */
export async function encodedOf(
  { type }: Format,
  parts: AsyncGenerator<Uint8Array>,
  beginLong: () => EndAnswer,
  onSent?: () => void,
): Promise<Encoded> {
  const first: Uint8Array[] = [];
  let length = 0;
  while (length < WHOLE_BYTES_MAX) {
    const { done, value } = await parts.next();
    if (done) return new Encoded(type, joined(first), onSent);
    first.push(value);
    length += value.length;
  }
  let end: EndAnswer;
  try {
    end = beginLong();
  } catch (error) {
    await parts.return(undefined);
    throw error;
  }
  async function* all() {
    try {
      yield* first.splice(0);
      yield* parts;
    } finally {
      await parts.return(undefined);
    }
  }
  // Closed too when its reader has left before the first part.
  return new Encoded(type, Readable.from(all(), { objectMode: false }).once("close", end), onSent);
}

/** As one, without a copy where one lies behind the other. */
function joined(parts: readonly Uint8Array[]): Buffer {
  const [first] = parts;
  if (!first) return Buffer.alloc(0);
  let end = first.byteOffset;
  for (const part of parts) {
    if (part.buffer !== first.buffer || part.byteOffset !== end) return Buffer.concat(parts);
    end += part.length;
  }
  return Buffer.from(first.buffer, first.byteOffset, end - first.byteOffset);
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
