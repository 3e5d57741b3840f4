import assert from "node:assert/strict";
import { test } from "node:test";
import { OutsideTrouble } from "@openward/errors";
import { seeded } from "../timeseries/testing/random.ts";
import type { Disk } from "./disk.ts";
import { createSpool } from "./spool.ts";
import { readSpoolFile, spoolRecord } from "./spool-records.ts";

const log = { info: () => {}, warn: () => {}, error: () => {} };
const join = (chunks: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(chunks));
const batch = (n: number, length = 20) => new Uint8Array(length).fill(n);

/** Files in memory; what was not flushed is lost at `crash`. */
function memoryDisk() {
  const files = new Map<string, { written: Uint8Array; flushed: number }>();
  const disk = {
    failFlush: false,
    files,
    crash() {
      for (const file of files.values()) file.written = file.written.slice(0, file.flushed);
    },
    list: async () => [...files.keys()].sort(),
    read: async (name: string) => (files.get(name) as { written: Uint8Array }).written,
    async create(name: string) {
      const file = { written: new Uint8Array(), flushed: 0 };
      files.set(name, file);
      return {
        async append(chunks: readonly Uint8Array[]) {
          file.written = join([file.written, ...chunks]);
        },
        async flush() {
          if (disk.failFlush) throw new Error("input/output error");
          file.flushed = file.written.length;
        },
        async close() {},
      };
    },
    remove: async (name: string) => void files.delete(name),
    async rename(name: string, to: string) {
      files.set(to, files.get(name) as { written: Uint8Array; flushed: number });
      files.delete(name);
    },
  };
  return disk satisfies Disk;
}

test("what was confirmed is there after a crash, in order", async () => {
  const disk = memoryDisk();
  const spool = createSpool(disk, 1e6, log);
  await Promise.all([1, 2, 3].map((n) => spool.append([batch(n), batch(n + 10)])));
  disk.crash();
  const again = createSpool(disk, 1e6, log);
  await again.open();
  assert.ok(again.bytes > 0);
  const names = await again.rotate();
  const batches = (await Promise.all(names.map((name) => again.read(name)))).flat();
  assert.deepEqual(
    batches.map((each) => each[0]),
    [1, 11, 2, 12, 3, 13],
  );
  for (const name of names) await again.done(name);
  assert.equal(again.bytes, 0);
  assert.equal(disk.files.size, 0);
});

test("a file whose flush failed gets nothing more, and a second failure is an error", async () => {
  const disk = memoryDisk();
  const spool = createSpool(disk, 1e6, log);
  await spool.append([batch(1)]);
  disk.failFlush = true;
  await assert.rejects(spool.append([batch(2)]), (error) => error instanceof OutsideTrouble && error.retry);
  disk.failFlush = false;
  await spool.append([batch(3)]);
  const [first, second, third] = await spool.rotate();
  assert.deepEqual(
    (await spool.read(first as string)).map((each) => each[0]),
    [1, 2],
    "never written to again",
  );
  assert.deepEqual(
    (await spool.read(second as string)).map((each) => each[0]),
    [2],
  );
  assert.deepEqual(
    (await spool.read(third as string)).map((each) => each[0]),
    [3],
  );
});

test("a record cut off anywhere at the end is dropped, and only that one", () => {
  const whole = join([1, 2, 3].flatMap((n) => spoolRecord(batch(n))));
  const last = spoolRecord(batch(3)).reduce((sum, chunk) => sum + chunk.length, 0);
  for (let cut = 1; cut < last; cut++) {
    const { batches, tornBytes, damagedBytes } = readSpoolFile(whole.subarray(0, whole.length - cut));
    assert.deepEqual(
      batches.map((each) => each[0]),
      [1, 2],
    );
    assert.equal(tornBytes, last - cut);
    assert.equal(damagedBytes, 0);
  }
});

test("a head of which the beginning alone reached the disk is a write that was cut off, and no empty batch", () => {
  const whole = join([1, 2].flatMap((n) => spoolRecord(batch(n))));
  for (let zeros = 0; zeros < 40; zeros++) {
    const torn = join([whole, spoolRecord(batch(3))[0]?.subarray(0, 4) as Uint8Array, new Uint8Array(zeros)]);
    const { batches, tornBytes, damagedBytes } = readSpoolFile(torn);
    assert.deepEqual([batches.length, tornBytes, damagedBytes], [2, 4 + zeros, 0]);
  }
});

test("damage in the middle is told apart from a torn end; what is whole is given and the file kept", async () => {
  const r = seeded();
  const size = spoolRecord(batch(1)).reduce((sum, chunk) => sum + chunk.length, 0);
  for (let n = 0; n < 200; n++) {
    const file = join([1, 2, 3].flatMap((each) => spoolRecord(batch(each))));
    const at = size + r.int(size);
    file[at] = (file[at] as number) ^ (1 + r.int(255));
    const { batches, tornBytes, damagedBytes } = readSpoolFile(file);
    assert.deepEqual(
      batches.map((each) => each[0]),
      [1, 3],
    );
    assert.deepEqual([tornBytes, damagedBytes], [0, size]);
  }
  // The last record too, when all of it is there: it may have been confirmed.
  const last = join([1, 2].flatMap((each) => spoolRecord(batch(each))));
  last[last.length - 1] = 99;
  assert.deepEqual(readSpoolFile(last).damagedBytes, size);
  assert.equal(readSpoolFile(last).tornBytes, 0);
  const disk = memoryDisk();
  const spool = createSpool(disk, 1e6, log);
  await spool.append([batch(1)]);
  await spool.append([batch(2)]);
  const [name] = (await spool.rotate()) as [string];
  const { written } = disk.files.get(name) as { written: Uint8Array };
  written[15] = 99;
  assert.deepEqual(
    (await spool.read(name)).map((each) => each[0]),
    [2],
  );
  await spool.done(name);
  assert.deepEqual([...disk.files.keys()], [`${name}.damaged`]);
});

test("a full spool refuses before it writes", async () => {
  const disk = memoryDisk();
  const spool = createSpool(disk, 100, log);
  await spool.append([batch(1, 40)]);
  const before = spool.bytes;
  await assert.rejects(spool.append([batch(2, 60)]), OutsideTrouble);
  assert.equal(spool.bytes, before);
  await spool.append([batch(3, 20)]);
});
