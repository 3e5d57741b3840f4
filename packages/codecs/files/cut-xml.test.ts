import assert from "node:assert/strict";
import { test } from "node:test";
import { cutXml } from "./cut-xml.ts";
import { MAX_PIECE_BYTES, PIECE_BYTES, type Piece } from "./piece.ts";

const OPTIONS = { root: "HealthData", format: "files/apple-health" };
const text = new TextDecoder();

async function* chunksOf(document: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(document);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function cut(document: string, size = 65_536): Promise<Piece[]> {
  const pieces: Piece[] = [];
  for await (const piece of cutXml(chunksOf(document, size), OPTIONS)) pieces.push(piece);
  return pieces;
}

const childrenOf = (pieces: readonly Piece[]) =>
  pieces
    .map(({ bytes }) =>
      text
        .decode(bytes)
        .replace(/^<HealthData>\n/, "")
        .replace(/\n<\/HealthData>\n$/, ""),
    )
    .join("");

test("whatever the chunks, the pieces are the same, and hold every child to the byte", async () => {
  const child = (i: number) => `<Record n="${i} > '<!-- é"><M k='"'/><!-- </Record> --><![CDATA[</Record>]]></Record>`;
  const body = Array.from({ length: 40 }, (_, i) => child(i)).join("");
  const document = `<?xml version="1.0"?><!DOCTYPE HealthData [<!-- > ] --><!ENTITY x "]>">]>\n<HealthData a="1">${body}</HealthData>`;
  for (const size of [1, 2, 3, 7, 64, 1000, 65_536]) {
    const pieces = await cut(document, size);
    assert.equal(pieces.length, 1, `chunks of ${size}`);
    assert.equal(childrenOf(pieces), body, `chunks of ${size}`);
  }
});

test("a long document is cut between children, and the pieces together are all of it", async () => {
  const line = `<Record type="HKQuantityTypeIdentifierHeartRate" value="61"/>\n`;
  const body = line.repeat(20_000);
  const pieces = await cut(`<HealthData>${body}</HealthData>`, 50_000);
  assert.ok(pieces.length > 3);
  for (const { bytes } of pieces) assert.ok(bytes.length < 2 * PIECE_BYTES);
  assert.equal(childrenOf(pieces).replaceAll("\n", ""), body.replaceAll("\n", ""));
  assert.deepEqual(
    pieces.map(({ from }, i) => (i === 0 ? 12 : (pieces[i - 1] as Piece).to + 1) === from),
    pieces.map(() => true),
    "one begins where the one before ends",
  );
});

test("a child that is larger than a piece is left out and named, and those around it are taken", async () => {
  const document = `<HealthData><A/><Workout><L/>${"<Location/>".repeat(600_000)}</Workout><B/></HealthData>`;
  const pieces = await cut(document);
  assert.equal(childrenOf(pieces), "<A/><B/>");
  const left = pieces.map((piece) => piece.left).filter((some) => some !== null);
  assert.deepEqual(left, ["Workout of 6600023 bytes, more than a piece holds"]);
});

test("a child without an end costs no more memory than a piece, and the document is said to be cut short", async () => {
  let most = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode("<HealthData><A/><B>");
    const filler = new TextEncoder().encode("<a></a>".repeat(10_000));
    for (let i = 0; i < 400; i++) {
      most = Math.max(most, process.memoryUsage().arrayBuffers);
      yield filler;
    }
  }
  const before = process.memoryUsage().arrayBuffers;
  const pieces: Piece[] = [];
  await assert.rejects(
    async () => {
      for await (const piece of cutXml(endless(), OPTIONS)) pieces.push(piece);
    },
    { code: "FILE_TRUNCATED" },
  );
  assert.equal(childrenOf(pieces), "<A/>");
  assert.ok(most - before < 8 * MAX_PIECE_BYTES, `${most - before} bytes`);
});

const refused: readonly [string, string, string][] = [
  ["another root", "<gpx></gpx>", "FILE_FORMAT"],
  ["a second root", "<HealthData></HealthData><HealthData/>", "MALFORMED_BYTES"],
  ["a tag that never ends", `<HealthData><Record a="${"x".repeat(1_200_000)}`, "MALFORMED_BYTES"],
  ["an end without a beginning", "</HealthData>", "MALFORMED_BYTES"],
  ["nothing", "", "FILE_TRUNCATED"],
  ["no end", "<HealthData><A/>", "FILE_TRUNCATED"],
];
for (const [what, document, code] of refused) {
  test(`${what} is refused`, async () => {
    await assert.rejects(cut(document), { code });
  });
}
