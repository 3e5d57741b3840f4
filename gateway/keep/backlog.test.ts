import assert from "node:assert/strict";
import { test } from "node:test";
import { OutsideTrouble } from "@openward/errors";
import { createSpool } from "@openward/spool";
import { ModelDisk } from "../testing/model-disk.ts";
import { createBacklog } from "./backlog.ts";
import { decodeMessage, encodeMessage, type KeptMessage } from "./message.ts";

const silent = { warn: () => {}, error: () => {} };
const newDisk = () =>
  new ModelDisk(
    () => 0,
    async () => {},
  );

let time = 0;

function opened(disk: ModelDisk, bytesMax = 1e6, fileBytes = 1_000) {
  const folder = disk.opened();
  return createBacklog({
    spool: createSpool(folder, bytesMax, silent, fileBytes),
    disk: folder,
    bytesMax,
    now: () => time,
    log: silent,
  });
}

const message = (n: number, more: Partial<KeptMessage> = {}): KeptMessage => ({
  id: `id-${n}`,
  deviceId: "d1",
  keptAt: 1_000 + n,
  values: [{ codec: "gatt/2a37", at: 1_000 + n, bytes: Buffer.from([0, n]) }],
  isUrgent: false,
  isUnknown: false,
  isWill: false,
  deliveryKey: null,
  ...more,
});

test("a message is the same after it was written", () => {
  const one = message(7, {
    isUrgent: true,
    isWill: true,
    deliveryKey: "s:1",
    values: [
      { codec: "gatt/2aaa", at: 1, bytes: Buffer.from("0102", "hex") },
      { codec: "gatt/2aa7", at: 2, bytes: Buffer.alloc(0) },
      { codec: "gatt/2aa7", at: 3, bytes: Buffer.from("03", "hex") },
    ],
  });
  assert.deepEqual(decodeMessage(encodeMessage(one)), one);
  assert.deepEqual(decodeMessage(encodeMessage(message(1))), message(1));
});

test("what was not confirmed is there after a restart, oldest first, and what was is not", async () => {
  const disk = newDisk();
  const before = opened(disk);
  await before.open();
  const entries = await Promise.all(Array.from({ length: 30 }, (_, n) => before.keep(message(n))));
  await before.done(entries.filter((_, n) => n % 3 !== 0));
  const after = opened(disk);
  const found: string[] = [];
  await after.open(({ id }) => void found.push(id));
  assert.equal(found.length, 30);
  assert.equal(after.state.messages, 10);
  assert.equal(after.state.oldestAt, 1_000);
  const taken = [];
  for (let some = await after.take(4, 1e6); some.length > 0; some = await after.take(4, 1e6)) taken.push(...some);
  assert.deepEqual(
    taken.map(({ message: { id } }) => id),
    Array.from({ length: 10 }, (_, n) => `id-${3 * n}`),
  );
  after.giveBack(taken.slice(2, 3));
  assert.deepEqual(
    (await after.take(4, 1e6)).map(({ message: { id } }) => id),
    ["id-6"],
  );
  await after.done(taken);
  assert.equal(after.state.messages, 0);
  time = 3_600_000;
  const last = opened(disk);
  await last.open();
  assert.equal(last.state.messages, 0);
  await last.done(taken);
  assert.equal(disk.files.size, 0);
  time = 0;
});

test("a file that is confirmed goes when nobody delivers again what is in it, or when there is need of its room", async () => {
  const disk = newDisk();
  const backlog = opened(disk, 1e6, 400);
  await backlog.open();
  for (let n = 0; n < 40; n++) await backlog.done([await backlog.keep(message(n))]);
  assert.ok([...disk.files.keys()].filter((name) => name.endsWith(".spool")).length > 5);
  const small = opened(newDisk(), 8_000, 400);
  await small.open();
  for (let n = 0; n < 100; n++) await small.done([await small.keep(message(n))]);
  assert.ok(small.state.bytes < 1_500);
  time = 3_600_000;
  await backlog.done([await backlog.keep(message(40))]);
  time = 0;
  await new Promise(setImmediate);
  assert.ok([...disk.files.keys()].filter((name) => name.endsWith(".spool")).length <= 1);
  assert.ok(backlog.state.bytes <= 500);
});

test("what is full takes calls for help yet, and gives up nothing", async () => {
  const backlog = opened(newDisk(), 4_000);
  await backlog.open();
  let kept = 0;
  const full = (error: unknown) => error instanceof OutsideTrouble && error.code === "STORE_UNAVAILABLE" && error.retry;
  try {
    for (; kept < 100; kept++) await backlog.keep(message(kept));
  } catch (error) {
    assert.ok(full(error));
  }
  assert.ok(kept > 10 && kept < 100);
  await backlog.keep(message(200, { isUrgent: true }));
  await assert.rejects(backlog.keep(message(201)), full);
  assert.equal(backlog.state.messages, kept + 1);
  assert.equal(backlog.state.refused, 2);
  const first = await backlog.take(1, 1e6);
  // They are with whoever kept them.
  assert.deepEqual(first, []);
});

test("of a file that is damaged all that can be read is sent again", async () => {
  const disk = newDisk();
  const before = opened(disk);
  await before.open();
  const entries = [];
  for (let n = 0; n < 4; n++) entries.push(await before.keep(message(n)));
  await before.done(entries.slice(0, 2));
  const [name] = [...disk.files.keys()].filter((file) => file.endsWith(".spool")) as [string];
  const bytes = (await disk.read(name)).slice();
  bytes[30] = (bytes[30] ?? 0) ^ 1;
  const file = disk.files.get(name) as { chunks: Uint8Array[] };
  file.chunks = [bytes];
  const after = opened(disk);
  await after.open();
  assert.equal(after.state.damaged, 1);
  const taken = await after.take(10, 1e6);
  assert.deepEqual(
    taken.map(({ message: { id } }) => id),
    ["id-1", "id-2", "id-3"],
  );
  time = 3_600_000;
  await after.done(taken);
  time = 0;
  assert.deepEqual([...disk.files.keys()], [`${name}.damaged`]);
});
