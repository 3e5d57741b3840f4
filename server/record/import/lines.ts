import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { ImportPiece } from "@openward/model";

const NEWLINE = 0x0a;
const GZIP = [0x1f, 0x8b] as const;

export interface PieceOptions {
  /** Bytes that are known already, unpacked. */
  readonly skip: number;
  /** Of what comes behind them. */
  readonly firstLine: number;
  readonly lineBytesMax: number;
  readonly pieceBytes: number;
  readonly pieceLines: number;
}

export interface ReadPiece extends ImportPiece {
  /** Bytes of the file that it stands for. */
  readonly bytes: number;
  /** Lines that were too long: nothing of them is kept. */
  readonly tooLong: readonly number[];
}

/**
 * Pieces of whole lines, in memory that does not grow with the file or with a line of it.
 *
 * @param chunks of the file, unpacked
 */
export async function* piecesOf(chunks: AsyncIterable<Buffer>, options: PieceOptions): AsyncGenerator<ReadPiece> {
  const { lineBytesMax, pieceBytes, pieceLines } = options;
  let toSkip = options.skip;
  let line = options.firstLine;
  let parts: Buffer[] = [];
  let length = 0;
  let isTooLong = false;
  let kept: Buffer[] = [];
  let piece = { firstLine: line, lines: 0, bytes: 0, size: 0, tooLong: [] as number[] };

  const endLine = () => {
    if (isTooLong) piece.tooLong.push(line);
    for (const part of isTooLong ? [] : parts) kept.push(part);
    kept.push(Buffer.of(NEWLINE));
    piece.size += isTooLong ? 1 : length + 1;
    piece.lines++;
    line++;
    parts = [];
    length = 0;
    isTooLong = false;
  };
  const take = (): ReadPiece => {
    const { firstLine, lines, bytes, tooLong } = piece;
    const taken = { firstLine, lines, bytes, tooLong, text: Buffer.concat(kept) };
    kept = [];
    piece = { firstLine: line, lines: 0, bytes: 0, size: 0, tooLong: [] };
    return taken;
  };

  for await (const whole of chunks) {
    let chunk = whole;
    if (toSkip > 0) {
      const skipped = Math.min(toSkip, chunk.length);
      toSkip -= skipped;
      chunk = chunk.subarray(skipped);
    }
    while (chunk.length > 0) {
      const at = chunk.indexOf(NEWLINE);
      const part = at < 0 ? chunk : chunk.subarray(0, at);
      length += part.length;
      isTooLong ||= length > lineBytesMax;
      if (isTooLong) parts = [];
      else if (part.length > 0) parts.push(part);
      piece.bytes += at < 0 ? part.length : part.length + 1;
      chunk = at < 0 ? Buffer.alloc(0) : chunk.subarray(at + 1);
      if (at < 0) continue;
      endLine();
      if (piece.size >= pieceBytes || piece.lines >= pieceLines) yield take();
    }
  }
  if (length > 0) endLine();
  if (piece.lines > 0) yield take();
}

/** Unpacked where it is gzip, which its first bytes say: headers and names of files often do not. */
export async function* unpacked(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const iterator = chunks[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  let isOver = false;
  while (head.length < GZIP.length && !isOver) {
    const { value, done } = await iterator.next();
    isOver = done === true;
    if (!isOver) head = Buffer.concat([head, value as Buffer]); // not over
  }
  const rest = (async function* () {
    yield head;
    for (;;) {
      const { value, done } = await iterator.next();
      if (done) return;
      yield value;
    }
  })();
  if (!GZIP.every((byte, i) => head[i] === byte)) return yield* rest;
  const gunzip = createGunzip();
  // What goes wrong comes out where it is read.
  pipeline(Readable.from(rest, { objectMode: false }), gunzip, () => {});
  yield* gunzip as AsyncIterable<Buffer>;
}

/** Lines of a piece that hold anything, each with its number. */
export function* linesOf({ text, firstLine }: ImportPiece): Generator<{ line: number; text: Uint8Array }> {
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.length);
  let line = firstLine;
  for (let from = 0; from < bytes.length; line++) {
    const end = bytes.indexOf(NEWLINE, from);
    const to = end < 0 ? bytes.length : end;
    if (hasAny(bytes, from, to)) yield { line, text: bytes.subarray(from, to) };
    from = to + 1;
  }
}

/** Anything but white space of JSON. */
function hasAny(bytes: Buffer, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const byte = bytes[i];
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return true;
  }
  return false;
}
