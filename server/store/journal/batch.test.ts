import assert from "node:assert/strict";
import { test } from "node:test";
import { RefusedInput } from "@openward/errors";
import type { JournalEntry } from "@openward/model";
import { BatchWriter, readBatch, readBatchHeader } from "./batch.ts";
import { collect, ORGANISATION, oneByOne, randomEntries, seeded } from "./testing/entries.ts";

const BATCH = "018f0000-0000-7000-8000-000000000001";

function encode(entries: readonly JournalEntry[], writer = new BatchWriter()): Buffer {
  writer.begin(ORGANISATION, 1_795_327_200_000);
  for (const entry of entries) writer.add(entry);
  return writer.seal(BATCH, 4242);
}

test("a batch gives back exactly the entries that went in, in order", () => {
  const r = seeded();
  const writer = new BatchWriter();
  for (let n = 0; n < 200; n++) {
    const entries = randomEntries(r, 1 + r.int(30));
    assert.deepEqual(collect(encode(entries, writer)), oneByOne(entries));
  }
});

test("the header says whose batch it is and where it stands", () => {
  const header = readBatchHeader(encode(randomEntries(seeded(2), 3)));
  assert.deepEqual(header, {
    batchId: BATCH,
    organisationId: ORGANISATION,
    position: 4242,
    writtenAt: 1_795_327_200_000,
    count: 3,
  });
});

test("what was added after a mark can be taken back", () => {
  const r = seeded();
  const [kept, dropped, after] = [randomEntries(r, 20), randomEntries(r, 20), randomEntries(r, 20)];
  const writer = new BatchWriter();
  writer.begin(ORGANISATION, 1_795_327_200_000);
  for (const entry of kept) writer.add(entry);
  const mark = writer.mark();
  for (const entry of dropped) writer.add(entry);
  writer.rewind(mark);
  for (const entry of after) writer.add(entry);
  assert.deepEqual(collect(writer.seal(BATCH, 1)), oneByOne([...kept, ...after]));
});

test("a flipped bit or a missing end is noticed", () => {
  const batch = encode(randomEntries(seeded(), 6));
  const isCorrupt = (error: unknown) => error instanceof RefusedInput && error.code === "BLOCK_CORRUPT";
  for (let bit = 0; bit < batch.length * 8; bit += 3) {
    const broken = Buffer.from(batch);
    broken[bit >> 3] = (broken[bit >> 3] as number) ^ (1 << (bit & 7));
    assert.throws(() => collect(broken), isCorrupt);
  }
  for (let length = 0; length < batch.length; length++)
    assert.throws(() => collect(batch.subarray(0, length)), isCorrupt);
});

test("streams of no interest are passed over without decoding their samples", () => {
  const entries = randomEntries(seeded(), 40);
  const rare = entries.filter((entry) => entry.kind !== "readings" && entry.kind !== "waveform");
  const seen: JournalEntry[] = [];
  readBatch(encode(entries), {
    stream: () => undefined,
    reading: () => assert.fail(),
    waveform: () => assert.fail(),
    entry: (entry) => seen.push(entry),
  });
  assert.deepEqual(seen, rare);
});
