import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { parquetReadObjects } from "hyparquet";
import { ArchiveFileWriter, type StoredBlock, verifyFile } from "./file.ts";

const ORGANISATION = "018f0000-0000-7000-8000-000000000001";
const uuidOf = (n: number) => `018f0000-0000-7000-8000-${String(n).padStart(12, "0")}`;
const pause = async () => {};

function blocksOf(count: number, sizeOf: (n: number) => number): StoredBlock[] {
  return Array.from({ length: count }, (_, n) => ({
    streamId: uuidOf(n % 7),
    periodStart: 1_795_327_200_000 + n * 3_600_000,
    associationId: uuidOf(100),
    patientId: uuidOf(200 + (n % 3)),
    bounds: n % 3 === 0 ? Array.from({ length: 25 }, (_, hour) => hour * n) : null,
    payload: randomBytes(sizeOf(n)),
    overview: n % 2 === 0 ? randomBytes(40) : null,
    source: { check: Buffer.alloc(8), base: null },
  }));
}

function written(groups: readonly (readonly StoredBlock[])[]) {
  const file = new ArchiveFileWriter(ORGANISATION, "numeric");
  for (const group of groups) file.add(group);
  const { bytes, sha256 } = file.finish();
  return { bytes: Buffer.from(bytes), sha256, placed: file.placed };
}

test("each block is one range of the file, over several row groups and pages, whatever its size", async () => {
  // A payload that holds the next one whole, and equal ones: finding by bytes alone would take the wrong place.
  const blocks = blocksOf(300, (n) => [1, 70, 5_000, 40_000][n % 4] as number);
  const inner = blocks[11] as StoredBlock;
  const lengthOf = Buffer.alloc(4);
  lengthOf.writeUInt32LE(inner.payload.length);
  blocks[10] = { ...(blocks[10] as StoredBlock), payload: Buffer.concat([lengthOf, inner.payload, lengthOf]) };
  blocks[12] = { ...(blocks[12] as StoredBlock), payload: inner.payload };
  const { bytes, sha256, placed } = written([blocks.slice(0, 200), blocks.slice(200)]);
  assert.equal(placed.length, blocks.length);
  const seen = new Set<number>();
  for (const [i, { block, payload, overview }] of placed.entries()) {
    const wanted = blocks[i] as StoredBlock;
    assert.equal(block.streamId, wanted.streamId);
    assert.deepEqual(bytes.subarray(payload.at, payload.at + payload.length), wanted.payload);
    assert.equal(overview === null, wanted.overview === null);
    if (overview) assert.deepEqual(bytes.subarray(overview.at, overview.at + overview.length), wanted.overview);
    seen.add(payload.at);
  }
  assert.equal(seen.size, blocks.length, "no two blocks at one place");
  await verifyFile("key", bytes, { sha256, placed }, pause);
});

test("the file is plain Parquet: a reader that knows nothing of us gives the same rows", async () => {
  const blocks = blocksOf(50, () => 900);
  const { bytes } = written([blocks]);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const rows = await parquetReadObjects({ file: buffer, utf8: false });
  assert.equal(rows.length, blocks.length);
  for (const [i, row] of rows.entries()) {
    const block = blocks[i] as StoredBlock;
    assert.equal(row.stream_id, block.streamId);
    assert.equal(row.period_start, BigInt(block.periodStart));
    assert.deepEqual(row.bounds ?? null, block.bounds);
    assert.deepEqual(Buffer.from(row.payload), block.payload);
    assert.deepEqual(row.overview ? Buffer.from(row.overview) : null, block.overview);
  }
});

test("a file that is cut short, or in which one bit is another, does not pass as what was written", async () => {
  const { bytes, sha256, placed } = written([blocksOf(20, () => 300)]);
  const refused = (changed: Buffer) =>
    assert.rejects(verifyFile("key", changed, { sha256, placed }, pause), { code: "ARCHIVE_DAMAGED" });
  await refused(bytes.subarray(0, bytes.length - 1));
  await refused(Buffer.alloc(0));
  for (let n = 0; n < 100; n++) {
    const flipped = Buffer.from(bytes);
    const at = (n * 7919) % bytes.length;
    flipped[at] = (flipped[at] as number) ^ (1 << (n % 8));
    await refused(flipped);
  }
});
