import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { RefusedInput } from "@openward/errors";
import type { JournalEntry } from "@openward/model";
import { open, sealInto } from "../keys/cipher.ts";
import { openTestKeys } from "../keys/testing/keys.ts";
import { BATCH_VERSION, BatchWriter, patientOf, readBatch, readBatchHeader } from "./batch.ts";
import type { ReadColumns } from "./batch-readings.ts";
import { collect, ORGANISATION, oneByOne, randomEntries, readingsOf, seeded, testStream } from "./testing/entries.ts";

const keys = await openTestKeys();
const BATCH = "018f0000-0000-7000-8000-000000000001";

function encode(entries: readonly JournalEntry[], writer = new BatchWriter(keys)): Buffer {
  writer.begin(ORGANISATION, 1_795_327_200_000);
  for (const entry of entries) writer.add(entry);
  return writer.seal(BATCH, 4242);
}

/** As a batch gives them back: patient by patient, each in order. */
function bySlice(entries: readonly JournalEntry[]): JournalEntry[] {
  const sliceOf = (entry: JournalEntry) => patientOf(entry) ?? (entry.kind === "quarantine" ? "quarantine" : "nobody");
  return [...Map.groupBy(entries, sliceOf).values()].flat();
}

test("a batch gives back exactly the entries that went in, each patient's in order", () => {
  const r = seeded();
  const writer = new BatchWriter(keys);
  for (let n = 0; n < 200; n++) {
    const entries = randomEntries(r, 1 + r.int(30));
    assert.deepEqual(collect(encode(entries, writer), keys), oneByOne(bySlice(entries)));
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
  const writer = new BatchWriter(keys);
  writer.begin(ORGANISATION, 1_795_327_200_000);
  for (const entry of kept) writer.add(entry);
  writer.mark();
  for (const entry of dropped) writer.add(entry);
  writer.rewind();
  for (const entry of after) writer.add(entry);
  assert.deepEqual(collect(writer.seal(BATCH, 1), keys), oneByOne(bySlice([...kept, ...after])));
});

test("a flipped bit or a missing end is noticed", () => {
  const batch = encode(randomEntries(seeded(), 6));
  const isCorrupt = (error: unknown) => error instanceof RefusedInput && error.code === "BLOCK_CORRUPT";
  for (let bit = 0; bit < batch.length * 8; bit += 3) {
    const broken = Buffer.from(batch);
    broken[bit >> 3] = (broken[bit >> 3] as number) ^ (1 << (bit & 7));
    assert.throws(() => collect(broken, keys), isCorrupt);
  }
  for (let length = 0; length < batch.length; length++)
    assert.throws(() => collect(batch.subarray(0, length), keys), isCorrupt);
});

test("streams of no interest are passed over without decoding their samples", () => {
  const entries = randomEntries(seeded(), 40);
  const rare = bySlice(entries).filter((entry) => entry.kind !== "readings" && entry.kind !== "waveform");
  const seen: JournalEntry[] = [];
  const visitor = {
    stream: () => undefined,
    reading: () => assert.fail(),
    waveform: () => assert.fail(),
    entry: (entry: JournalEntry) => void seen.push(entry),
  };
  readBatch(encode(entries), visitor, keys);
  assert.deepEqual(seen, rare);
});

test("entries that have a table keep their place in the batch, whichever slice they are in", () => {
  const entries = randomEntries(seeded(), 300);
  const seen = new Map<number, JournalEntry>();
  const visitor = {
    stream: () => undefined,
    reading: () => {},
    waveform: () => {},
    entry: (entry: JournalEntry, index: number) => void seen.set(index, entry),
  };
  readBatch(encode(entries), visitor, keys);
  entries.forEach((entry, index) => {
    if (entry.kind !== "readings" && entry.kind !== "waveform") assert.deepEqual(seen.get(index), entry);
    else assert.equal(seen.has(index), false);
  });
});

const OTHER = "018f0000-0000-7000-8000-0000000000dd";
const ofOther = (n: number) => ({ ...testStream(n), patientId: OTHER });
const valuesIn = (batch: Uint8Array, onFault?: (error: RefusedInput) => void) => {
  const values: number[] = [];
  const stream = (streamId: string) => streamId;
  const reading = (_: string, __: number, value: number) => void values.push(value);
  readBatch(batch, { stream, reading, waveform() {}, entry() {} }, keys, onFault);
  return values;
};

test("no value, text or id of a patient stands in the batch as it is", () => {
  const text = "canary-7d1f";
  const at = 1_795_327_200_000;
  const event = { id: text, organisationId: ORGANISATION, deviceId: "d", patientId: OTHER, associationId: null };
  const detail = { note: text };
  const batch = encode([
    readingsOf(ofOther(1), [at], [1234.5678901]),
    { kind: "event", event: { ...event, event: "fall", at, timeFromServer: false, receivedAt: at, detail } },
  ]);
  const value = Buffer.alloc(8);
  value.writeDoubleLE(1234.5678901);
  assert.deepEqual(valuesIn(batch), [1234.5678901], "and it can be read with the keys");
  assert.equal(batch.includes(text), false);
  assert.equal(batch.includes(value), false);
  assert.equal(batch.includes(Buffer.from(ofOther(1).id.replaceAll("-", ""), "hex")), false);
});

test("a slice that is changed, put elsewhere or given to another patient does not open, and the others do", () => {
  const at = 1_795_327_200_000;
  const batch = encode([readingsOf(testStream(1), [at], [11]), readingsOf(ofOther(1), [at], [22])]);
  const size = (batch.length - 60 - 4) / 2;
  const [first, second] = [60, 60 + size];
  const forged = (change: (bytes: Buffer) => void) => {
    const bytes = Buffer.from(batch);
    change(bytes);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, -4)), bytes.length - 4);
    return bytes;
  };
  const cases: [string, Buffer, number[]][] = [
    [
      "a bit of the ciphertext",
      forged((bytes) => bytes.writeUInt8((bytes[first + 30] as number) ^ 1, first + 30)),
      [22],
    ],
    ["the tag", forged((bytes) => bytes.writeUInt8((bytes[second - 1] as number) ^ 1, second - 1)), [22]],
    ["the position in the journal", forged((bytes) => bytes.writeDoubleLE(1, 36)), []],
    ["the organisation", forged((bytes) => bytes.writeUInt8(9, 20)), []],
    [
      "the order of slices",
      forged((bytes) => {
        batch.copy(bytes, first, second, second + size);
        batch.copy(bytes, second, first, second);
      }),
      [],
    ],
    ["the key of a slice", forged((bytes) => bytes.writeUInt32LE(batch.readUInt32LE(second), first)), [22]],
  ];
  for (const [what, bytes, readable] of cases) {
    const faults: string[] = [];
    assert.deepEqual(
      valuesIn(bytes, (error) => faults.push(error.code)),
      readable,
      what,
    );
    assert.equal(faults.length, 2 - readable.length, what);
    assert.ok(
      faults.every((code) => code === "BLOCK_CORRUPT"),
      what,
    );
  }
});

test("a batch of version 1, or of one that is not known yet, is refused, not misread", () => {
  for (const version of [1, BATCH_VERSION + 1]) {
    const batch = encode([]);
    batch[3] = version;
    batch.writeUInt32LE(crc32(batch.subarray(0, -4)), batch.length - 4);
    assert.throws(() => readBatchHeader(batch), { code: "BLOCK_VERSION" });
  }
});

test("columns of any times and values come back bit for bit, together or one by one", () => {
  const r = seeded();
  const now = 1_795_327_200_000;
  const specials = [0, -0, 1e-7, 2 ** 51, -(2 ** 51), 2 ** 51 + 1, 1e300, 0.1 + 0.2, 36.6, -273.15, 5e-324];
  const value = [
    () => 60 + r.int(40),
    () => r.int(400) / 10,
    () => r.int(1e6) / 1000,
    () => r.float(),
    () => r.pick(specials),
  ];
  const step = [() => 1000, () => 0, () => -1000, () => r.int(3) * 500, () => r.float(), () => 2 ** 49];
  const entries = Array.from({ length: 400 }, () => {
    const [nextValue, nextStep] = [r.pick(value), r.pick(step)];
    let time = now - r.int(1e9) + (r.int(9) === 0 ? r.float() : 0);
    const times = Array.from({ length: 1 + r.int(r.pick([2, 40, 3000])) }, () => (time += nextStep()));
    const entry = readingsOf(testStream(r.int(5)), times, times.map(nextValue), now + r.int(1000));
    if (entry.kind === "readings" && r.int(2) === 0) entry.readings.quality.fill(r.int(3)).fill(1, r.int(times.length));
    return entry;
  });
  const batch = encode(entries);
  const bits = (numbers: Float64Array) =>
    Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).toString("hex");
  let at = 0;
  const readings = (id: string, { times, values, quality, receivedAt }: ReadColumns) => {
    const entry = entries[at++];
    assert.ok(entry?.kind === "readings");
    assert.equal(id, entry.readings.stream.id);
    assert.equal(bits(times), bits(entry.readings.times));
    assert.equal(bits(values), bits(entry.readings.values));
    assert.deepEqual([...quality], [...entry.readings.quality]);
    assert.equal(receivedAt, entry.readings.receivedAt);
  };
  const visitor = { stream: (id: string) => id, reading: () => assert.fail(), waveform() {}, entry() {} };
  readBatch(batch, { ...visitor, readings }, keys);
  assert.equal(at, entries.length);
  const together = entries.flatMap((entry) => (entry.kind === "readings" ? [...entry.readings.values] : []));
  assert.deepEqual(valuesIn(batch), together);
});

test("an hour of readings once a second takes about a byte each", () => {
  const times = Array.from({ length: 3600 }, (_, i) => 1_795_327_200_000 + i * 1000);
  const values = times.map((_, i) => 60 + ((i * 7) % 40));
  assert.ok(encode([readingsOf(testStream(1), times, values)]).length < 3600 * 1.1);
});

test("a batch of version 2, in which no times are start and step, is still read", () => {
  const batch = encode([readingsOf(testStream(1), [1_795_327_200_000], [72])]);
  const sealed = batch.subarray(72, -4);
  const bound = new Uint8Array(72);
  bound.set(batch.subarray(0, 60));
  bound.set(batch.subarray(60, 68), 64);
  const { secret } = keys.byId(batch.readUInt32LE(60));
  const plain = open(secret, sealed, bound);
  for (const bytes of [batch, bound]) bytes[3] = 2;
  sealInto(secret, plain, bound, batch, 72);
  batch.writeUInt32LE(crc32(batch.subarray(0, -4)), batch.length - 4);
  assert.deepEqual(valuesIn(batch), [72]);
});

test("what was encrypted under a key that is destroyed is passed over, and the rest is read", async () => {
  const store = await openTestKeys();
  const writer = new BatchWriter(store);
  const at = 1_795_327_200_000;
  const batch = encode([readingsOf(testStream(1), [at], [11]), readingsOf(ofOther(1), [at], [22])], writer);
  store.erase([{ patientId: OTHER, organisationId: ORGANISATION, at, by: "test", reason: "asked for it" }]);
  const values: number[] = [];
  const visitor = {
    stream: (streamId: string) => streamId,
    reading: (_: string, __: number, value: number) => void values.push(value),
    waveform() {},
    entry() {},
  };
  readBatch(batch, visitor, store);
  assert.deepEqual(values, [11]);
  assert.throws(() => store.ofPatient(ORGANISATION, OTHER), { code: "KEY_DESTROYED" });
});
