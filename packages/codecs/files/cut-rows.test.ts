import assert from "node:assert/strict";
import { test } from "node:test";
import { csvRecords } from "./csv.ts";
import { cutCsv, cutJson } from "./cut-rows.ts";
import { PIECE_BYTES, type Piece } from "./piece.ts";

const text = new TextDecoder();

async function* chunksOf(document: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(document);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function all(pieces: AsyncIterable<Piece>): Promise<string[]> {
  const found: string[] = [];
  for await (const { bytes } of pieces) found.push(text.decode(bytes));
  return found;
}

const csv = (document: string, size = 65_536) =>
  all(
    cutCsv(chunksOf(document, size), {
      format: "files/x",
      delimiter: ",",
      isHeader: (cells) => cells.includes("a"),
      before: new TextEncoder().encode("{}\n"),
    }),
  );
const json = (document: string, size = 65_536) => all(cutJson(chunksOf(document, size), { format: "files/x" }));

test("a table is cut between its records, whatever the chunks, and each piece has the header", async () => {
  const rows = Array.from({ length: 30_000 }, (_, i) => `${i},"x, ""é""\ny"`);
  const document = `name,Ola\r\na,b\r\n${rows.join("\r\n")}`;
  const pieces = await csv(document, 10_007);
  assert.ok(pieces.length > 1);
  const found: string[] = [];
  for (const piece of pieces) {
    assert.ok(piece.length < 2 * PIECE_BYTES);
    const [mapping, header, ...records] = [...csvRecords(piece, ",")];
    assert.deepEqual([mapping, header], [["{}"], ["a", "b"]]);
    for (const [first = "", second = ""] of records) {
      assert.equal(second, 'x, "é"\ny');
      found.push(first);
    }
  }
  assert.deepEqual(
    found,
    rows.map((_, i) => String(i)),
  );
  for (const size of [1, 7]) assert.deepEqual(await csv("x\na,b\n1,2\n3,4", size), ["{}\na,b\n1,2\n3,4"]);
});

test("an array is cut between its members, whatever the chunks", async () => {
  const members = Array.from({ length: 20_000 }, (_, i) => ({ i, s: '],[{"\\', n: [[i], {}] }));
  const pieces = await json(JSON.stringify(members, null, 1), 9_973);
  assert.ok(pieces.length > 1);
  assert.deepEqual(
    pieces.flatMap((piece) => JSON.parse(piece) as unknown[]),
    members,
  );
  for (const size of [1, 2, 5]) {
    assert.deepEqual(
      (await json(' [ {"a":[1,"]"]}, 2 ] ', size)).map((piece) => JSON.parse(piece)),
      [[{ a: [1, "]"] }, 2]],
    );
    assert.deepEqual(
      (await json('\ufeff{"a":{"b":1}}\n', size)).map((piece) => JSON.parse(piece)),
      [[{ a: { b: 1 } }]],
    );
    assert.deepEqual(await json("[]", size), []);
  }
});

test("what is no table, no array, or ends too early is refused", async () => {
  await assert.rejects(csv("x,y\n1,2\n"), { code: "FILE_FORMAT" });
  await assert.rejects(csv(`a,b\n"${"x".repeat(1_200_000)}`), { code: "MALFORMED_BYTES" });
  await assert.rejects(json("hello"), { code: "MALFORMED_BYTES" });
  await assert.rejects(json("[1,2"), { code: "FILE_TRUNCATED" });
  await assert.rejects(json("[1]2"), { code: "MALFORMED_BYTES" });
  await assert.rejects(json(`[{"a":"${"x".repeat(5_000_000)}`), { code: "MALFORMED_BYTES" });
});
