import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { seededRandom } from "@openward/runtime/manual";
import { linesOf, piecesOf, type ReadPiece, unpacked } from "./lines.ts";

const OPTIONS = { skip: 0, firstLine: 1, lineBytesMax: 40, pieceBytes: 120, pieceLines: 7 };

async function* cut(bytes: Buffer, sizes: () => number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; ) {
    const next = at + sizes();
    yield bytes.subarray(at, next);
    at = next;
  }
}

async function all(chunks: AsyncIterable<Buffer>, options = OPTIONS): Promise<ReadPiece[]> {
  const pieces: ReadPiece[] = [];
  for await (const piece of piecesOf(chunks, options)) pieces.push(piece);
  return pieces;
}

const told = (pieces: readonly ReadPiece[]) =>
  pieces.flatMap((piece) => [...linesOf(piece)].map(({ line, text }) => `${line} ${Buffer.from(text)}`));

test("however it comes in, and wherever it is gone on with, every line has its number and its bytes", async () => {
  const seed = Number(process.env.SEED ?? 77);
  console.log(`seed ${seed}`);
  const random = seededRandom(seed);
  const upTo = (n: number) => Math.floor(random.float() * n);
  for (let run = 0; run < 200; run++) {
    const lines = Array.from({ length: 1 + upTo(40) }, () => "å{x}\r ".repeat(upTo(9)).slice(0, upTo(60)));
    const isEnded = random.float() < 0.5;
    const bytes = Buffer.from(`${lines.join("\n")}${isEnded ? "\n" : ""}`);
    const isLong = (text: string) => Buffer.byteLength(text) > OPTIONS.lineBytesMax;
    const expected = lines.flatMap((text, i) => (/[^ \t\r]/.test(text) && !isLong(text) ? [`${i + 1} ${text}`] : []));
    const packed = random.float() < 0.5 ? gzipSync(bytes) : bytes;
    const pieces = await all(unpacked(cut(packed, () => 1 + upTo(30))));
    assert.deepEqual(told(pieces), expected);
    assert.deepEqual(
      pieces.flatMap(({ tooLong }) => tooLong),
      lines.flatMap((text, i) => (isLong(text) ? [i + 1] : [])),
    );
    assert.equal(
      pieces.reduce((sum, one) => sum + one.bytes, 0),
      bytes.length,
    );
    // Behind some of the pieces, as after a break of the line.
    const kept = pieces.slice(0, upTo(pieces.length));
    const skip = kept.reduce((sum, one) => sum + one.bytes, 0);
    const firstLine = 1 + kept.reduce((sum, one) => sum + one.lines, 0);
    const rest = await all(
      cut(bytes, () => 1 + upTo(30)),
      { ...OPTIONS, skip, firstLine },
    );
    assert.deepEqual([...told(kept), ...told(rest)], expected);
  }
});

test("a line without end takes no more memory than one may have", async () => {
  let largest = 0;
  async function* endless() {
    for (let i = 0; i < 20_000; i++) yield Buffer.alloc(1_000, "x");
    yield Buffer.from("\nshort\n");
  }
  const pieces = await all(endless());
  for (const { text } of pieces) largest = Math.max(largest, text.length);
  assert.deepEqual([told(pieces), pieces[0]?.tooLong, largest], [["2 short"], [1], 7]);
});

test("what is packed and cut off, or damaged, is no shorter file", async () => {
  const packed = gzipSync(Buffer.from("line\n".repeat(10_000)));
  await assert.rejects(all(unpacked(cut(packed.subarray(0, -20), () => 10))), /unexpected end/);
  const damaged = Buffer.from(packed);
  damaged.fill(0xff, 20, 30);
  await assert.rejects(all(unpacked(cut(damaged, () => 10))), { code: "Z_DATA_ERROR" });
});
