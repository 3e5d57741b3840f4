import assert from "node:assert/strict";
import { test } from "node:test";
import { RefusedInput } from "@openward/errors";
import type { RawInput } from "@openward/model";
import { type Seeded, seeded } from "../../../packages/timeseries/testing/random.ts";
import type { KeyStore } from "../keys/key-store.ts";
import { KeyStreams } from "../keys/key-stream.ts";
import { openTestKeys } from "../keys/testing/keys.ts";
import { KINDS, RAW_HEADER_BYTES } from "./format.ts";
import { type RawMessage, readRaw, readRawHeader } from "./reader.ts";
import { RawWriter } from "./writer.ts";

const ORGANISATION = "018f0000-0000-7000-8000-0000000000aa";
const BATCH = "018f0000-0000-7000-8000-0000000000bb";
const NOW = 1_795_327_200_000;
const patient = (n: number) => `018f0000-0000-7000-8000-00000000c00${n}`;

function inputOf(more: Partial<RawInput> = {}): RawInput {
  return {
    organisationId: ORGANISATION,
    deviceId: "bed-1",
    patientIds: [patient(1)],
    kind: "readings",
    format: "json",
    body: Buffer.from('{"at":1795327200000,"values":{"heart-rate":72.0}}'),
    receivedAt: NOW,
    stampedAt: NOW,
    clockOffsetMs: 0,
    isWill: false,
    ...more,
  };
}

function randomInput(r: Seeded): RawInput {
  const receivedAt = r.pick([NOW, NOW - 3, NOW + 40, NOW + 0.25, 0]);
  const people = r.pick([[], [1], [1], [2], [3], [1, 2], [3, 1, 2]]);
  return inputOf({
    deviceId: r.pick(["bed-1", "bed-2", "a", "æ-device"]),
    patientIds: people.map(patient),
    kind: r.pick(KINDS),
    format: r.pick(["json", "cbor", "gatt/2a1c", "hl7v2/pcd01"]),
    body: Uint8Array.from({ length: r.pick([0, 1, 40, 300, 5000]) }, () => r.pick([32, 32, 0, r.int(256)])),
    receivedAt,
    stampedAt: r.pick([receivedAt, receivedAt, NOW - 60_000.5]),
    clockOffsetMs: r.pick([0, 0, -3_600_000, 0.5]),
    isWill: r.int(4) === 0,
  });
}

function rowOf(keys: KeyStore, inputs: readonly RawInput[], writer = new RawWriter(keys, new KeyStreams(keys))) {
  writer.begin(ORGANISATION, NOW);
  for (const input of inputs) writer.add(input);
  return Uint8Array.from(writer.seal(BATCH, 7));
}

const refuse = (error: RefusedInput) => {
  throw error;
};
const plain = ({ patientIds: _, ...rest }: RawInput & Partial<RawMessage>) =>
  JSON.stringify({ ...rest, body: Buffer.from(rest.body).toString("hex") });
const sorted = (messages: readonly (RawInput | RawMessage)[]) => messages.map((each) => plain(each as RawInput)).sort();

test("what was sent comes back byte for byte, with what is needed to run it again", async () => {
  const r = seeded();
  const keys = await openTestKeys();
  const writer = new RawWriter(keys, new KeyStreams(keys));
  for (let round = 0; round < 200; round++) {
    const inputs = Array.from({ length: r.int(30) + 1 }, () => randomInput(r));
    const { header, messages } = readRaw(rowOf(keys, inputs, writer), keys, refuse);
    assert.deepEqual(sorted(messages), sorted(inputs), `round ${round}`);
    assert.deepEqual(header, {
      batchId: BATCH,
      organisationId: ORGANISATION,
      position: 7,
      writtenAt: NOW,
      messages: inputs.length,
    });
  }
  keys.close();
});

test("nothing of the sender and of what was sent stands in the clear", async () => {
  const keys = await openTestKeys();
  const long = Buffer.from(`{"note":"canary-of-the-body ${"x".repeat(9000)}"}`);
  const row = Buffer.from(rowOf(keys, [inputOf({ deviceId: "canary-of-the-device" }), inputOf({ body: long })]));
  for (const word of ["canary-of-the-body", "canary-of-the-device", "json", "heart-rate"])
    assert.equal(row.includes(word), false, word);
  assert.ok(row.length < 2000, `${row.length} bytes: what repeats is compressed`);
  keys.close();
});

test("no part of a key's stream is used twice", async () => {
  const keys = await openTestKeys();
  const streams = new KeyStreams(keys);
  const key = keys.ofPatient(ORGANISATION, patient(1));
  const zeros = new Uint8Array(37);
  const parts = Array.from({ length: 50 }, () => streams.encrypt(key, zeros));
  assert.equal(new Set(parts.map(({ bytes }) => Buffer.from(bytes).toString("hex"))).size, 50);
  let end = 0;
  for (const { offset, bytes } of parts) {
    assert.equal(offset, end);
    end += bytes.length;
  }
  assert.notDeepEqual(
    new KeyStreams(keys).encrypt(key, zeros).bytes,
    parts[0]?.bytes,
    "a start has a stream of its own",
  );
  keys.close();
});

test("what tells of an erased patient is as if it were not there, also where it tells of others too", async () => {
  const keys = await openTestKeys();
  const body = (text: string) => Buffer.from(text);
  const row = rowOf(keys, [
    inputOf({ body: body("one") }),
    inputOf({ patientIds: [patient(2)], body: body("two") }),
    inputOf({ patientIds: [patient(1), patient(2)], body: body("both") }),
    inputOf({ patientIds: [], body: body("nobody") }),
  ]);
  const read = () =>
    readRaw(row, keys, refuse)
      .messages.map((each) => Buffer.from(each.body).toString())
      .sort();
  assert.deepEqual(read(), ["both", "nobody", "one", "two"]);
  keys.erase([{ patientId: patient(1), organisationId: ORGANISATION, at: NOW, by: "test", reason: "test" }]);
  assert.deepEqual(read(), ["nobody", "two"]);
  keys.close();
});

test("a row that was changed, cut off or put together from two is refused, and another version is named", async () => {
  const r = seeded(7);
  const keys = await openTestKeys();
  const row = rowOf(keys, [inputOf(), inputOf({ patientIds: [patient(2)] })]);
  const codeOf = (bytes: Uint8Array) => {
    try {
      readRaw(bytes, keys, refuse);
    } catch (error) {
      assert.ok(error instanceof RefusedInput, String(error));
      return error.code;
    }
    return undefined;
  };
  for (let n = 0; n < row.length; n++) assert.ok(codeOf(row.subarray(0, n)), `cut off at ${n}`);
  for (let n = 0; n < 500; n++) {
    const changed = row.slice();
    const at = r.int(row.length - 4);
    changed[at] = (changed[at] as number) ^ (1 << r.int(8));
    // Whoever can write to the table can put the checksum right; the tag they cannot.
    const { crc32 } = await import("node:zlib");
    new DataView(changed.buffer).setUint32(row.length - 4, crc32(changed.subarray(0, row.length - 4)), true);
    assert.ok(codeOf(changed), `a bit of byte ${at}`);
  }
  const newer = row.slice();
  newer[3] = 9;
  const { crc32 } = await import("node:zlib");
  new DataView(newer.buffer).setUint32(row.length - 4, crc32(newer.subarray(0, row.length - 4)), true);
  assert.equal(codeOf(newer), "BLOCK_VERSION");
  assert.equal(readRawHeader(row).messages, 2);
  assert.ok(row.length > RAW_HEADER_BYTES);
  keys.close();
});
