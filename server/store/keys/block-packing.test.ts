import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32, decodeNumericBlock, emptyColumns, encodeNumericBlock, readBlockHeader } from "@openward/timeseries";
import { zstd } from "../telemetry/compression.ts";
import { createBlockPacking } from "./block-packing.ts";
import { openTestKeys } from "./testing/keys.ts";

const ORGANISATION = "018f0000-0000-7000-8000-0000000000aa";
const ASSOCIATION = "018f0000-0000-7000-8000-0000000000bb";
const stream = (n: number, patient = "cc") => ({
  id: `018f0000-0000-7000-8000-00000000000${n}`,
  organisationId: ORGANISATION,
  patientId: `018f0000-0000-7000-8000-0000000000${patient}`,
});
const VALUE = 71.618033988749;

function columns() {
  const made = emptyColumns(100);
  made.times.forEach((_, i) => {
    made.times[i] = 1_795_327_200_000 + i * 1000;
    made.values[i] = VALUE + i;
  });
  return made;
}

const keys = await openTestKeys();
const packing = createBlockPacking(keys, zstd);
const origin = { unit: "/min", associationId: ASSOCIATION };
const block = encodeNumericBlock(columns(), origin, packing.for(stream(1)));

test("a block opens for its stream and gives back what went in, and names its key", () => {
  assert.deepEqual(decodeNumericBlock(block, packing.of(stream(1).id)).columns.values, columns().values);
  assert.equal(readBlockHeader(block).keyId, keys.ofPatient(ORGANISATION, stream(1).patientId).id);
});

test("in the place of another stream's block, of the same patient even, it does not open", () => {
  assert.throws(() => decodeNumericBlock(block, packing.of(stream(2).id)), { code: "BLOCK_CORRUPT" });
});

test("with any byte changed and the checksum made right it is refused", () => {
  for (let at = 3; at < block.length - 4; at++) {
    const forged = block.slice();
    forged[at] = (forged[at] as number) ^ 1;
    new DataView(forged.buffer).setUint32(forged.length - 4, crc32(forged.subarray(0, -4)), true);
    assert.throws(
      () => decodeNumericBlock(forged, packing.of(stream(1).id)),
      (error) => /^(BLOCK_CORRUPT|BLOCK_VERSION|KEY_MISSING)$/.test((error as { code: string }).code),
      `byte ${at}`,
    );
  }
});

test("a block that is not encrypted is not taken for one that is, nor the other way round", () => {
  const plain = encodeNumericBlock(columns(), origin, zstd);
  assert.throws(() => decodeNumericBlock(plain, packing.of(stream(1).id)), { code: "BLOCK_VERSION" });
  assert.throws(() => decodeNumericBlock(block, zstd), { code: "BLOCK_VERSION" });
});

test("a block whose key is destroyed says so", () => {
  const erased = stream(3, "dd");
  const file = encodeNumericBlock(columns(), origin, packing.for(erased));
  keys.erase([{ patientId: erased.patientId, organisationId: ORGANISATION, at: 1, by: "test", reason: "asked" }]);
  assert.throws(() => decodeNumericBlock(file, packing.of(erased.id)), { code: "KEY_DESTROYED" });
  assert.throws(() => packing.for(erased), { code: "KEY_DESTROYED" });
});
