import { RefusedInput } from "@openward/errors";
import type { DecodeContext, Decoded } from "../codec.ts";

/** What a codec of files takes at once: a message. A larger file is cut into such pieces. */
export const MAX_PIECE_BYTES = 4_194_304;
/** About so large a piece is made where the format can be cut: it is decoded in a few milliseconds. */
export const PIECE_BYTES = 262_144;

/** A part of a file that is a whole value of the format by itself. */
export interface Piece {
  /** Empty where the part was too large to be taken. */
  readonly bytes: Uint8Array;
  /** Where it begins and ends in the file, in bytes. */
  readonly from: number;
  readonly to: number;
  /** What was left out of the file before the piece, in words; null: nothing. */
  readonly left: string | null;
}

/** What stands beside a file that says little without it. */
export interface Surroundings {
  /** Of the file itself, without its folder. */
  readonly name: string;
  /** A file of the same folder; null: there is none. */
  open(name: string): Promise<AsyncIterable<Uint8Array> | null>;
  /** ms UTC: when a recording began, where it does not say. */
  readonly beganAt: number | null;
}

/** How files of one format are told from others, and cut. The same file is cut into the same pieces each time. */
export interface FileFormat {
  /** Name of the codec that decodes a piece: "files/apple-health". */
  readonly codec: string;
  readonly display: string;
  /** @param name of the file; @param head its first bytes, at most HEAD_BYTES */
  isOf(name: string, head: Uint8Array): boolean;
  /**
   * @throws RefusedInput FILE_FORMAT, FILE_TRUNCATED, MALFORMED_BYTES, BODY_TOO_LARGE. What was whole before was given.
   */
  cut(source: AsyncIterable<Uint8Array>, around?: Surroundings): AsyncGenerator<Piece>;
}

export const HEAD_BYTES = 8_192;

/** What one piece held, and how far the file is read. */
export interface DecodedPiece {
  readonly piece: Piece;
  /** A refusal is of this piece alone. */
  readonly decoded: Decoded | RefusedInput;
}

/** Decodes a file piece by piece: never more of it is held than one piece. */
export async function* decodeFile(
  format: FileFormat,
  source: AsyncIterable<Uint8Array>,
  decode: (bytes: Uint8Array, codec: string, context: DecodeContext) => Decoded,
  context: DecodeContext,
): AsyncGenerator<DecodedPiece> {
  for await (const piece of format.cut(source)) {
    if (piece.bytes.length === 0) continue;
    let decoded: Decoded | RefusedInput;
    try {
      decoded = decode(piece.bytes, format.codec, context);
    } catch (refusal) {
      if (!(refusal instanceof RefusedInput)) throw refusal;
      decoded = refusal;
    }
    yield { piece, decoded };
  }
}

/** @throws RefusedInput BODY_TOO_LARGE */
export function checkSize(bytes: Uint8Array): void {
  if (bytes.length <= MAX_PIECE_BYTES) return;
  const expected = `at most ${MAX_PIECE_BYTES} bytes at once; openward import sends a larger file in pieces`;
  throw new RefusedInput("BODY_TOO_LARGE", { expected });
}

/** A file that is no larger than a message, as one piece. */
export async function* cutWhole(source: AsyncIterable<Uint8Array>): AsyncGenerator<Piece> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of source) {
    length += part.length;
    if (length > MAX_PIECE_BYTES) {
      throw new RefusedInput("BODY_TOO_LARGE", { expected: `a file of at most ${MAX_PIECE_BYTES} bytes` });
    }
    parts.push(part);
  }
  if (length > 0) yield { bytes: concat(parts, length), from: 0, to: length, left: null };
}

export function concat(parts: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
