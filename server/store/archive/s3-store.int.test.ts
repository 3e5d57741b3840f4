import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { openTestDatabase } from "../database/testing/database.ts";
import { seeded } from "../journal/testing/entries.ts";
import { settableRuntime } from "../telemetry/testing/open-store.ts";
import type { ObjectStore } from "./ports.ts";
import { parseS3Url, s3Store } from "./s3-store.ts";
import { BUCKET, CREDENTIALS, startS3 } from "./testing/s3.ts";
import { countsOf, DAY, everything, fillWard, MINUTE, openTestArchive, openTestStore, START } from "./testing/ward.ts";

let service: Awaited<ReturnType<typeof startS3>>;
const opened: ObjectStore[] = [];

before(async () => {
  service = await startS3();
});
after(async () => {
  for (const each of opened) each.close();
  await service.stop();
});

async function storeAt(prefix: string, bucket = BUCKET, endpoint = service.endpoint): Promise<ObjectStore> {
  const address = { bucket, prefix, endpoint, region: "us-east-1" };
  const store = await s3Store(address, { credentials: CREDENTIALS, maxAttempts: 1 });
  opened.push(store);
  return store;
}

async function keysOf(store: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of store.list()) keys.push(key);
  return keys.sort();
}

test("addresses: a bucket, with or without a prefix, and nothing else", () => {
  assert.deepEqual(parseS3Url("s3://ward-archive"), { bucket: "ward-archive", prefix: "" });
  assert.deepEqual(parseS3Url("s3://ward-archive/a/b/"), { bucket: "ward-archive", prefix: "a/b/" });
  for (const wrong of ["s3://", "s3://B", "https://x", "/srv/archive"]) assert.equal(parseS3Url(wrong), undefined);
});

test("what is put is read back byte for byte, whole and in ranges, under its prefix alone", async () => {
  const [one, other] = [await storeAt("one/"), await storeAt("other/")];
  const bytes = randomBytes(3_000_001);
  await one.put("a/b.parquet", bytes);
  assert.deepEqual(await one.read("a/b.parquet"), bytes);
  for (const range of [
    { at: 0, length: 2 },
    { at: 1_234_567, length: 70_000 },
    { at: bytes.length - 9, length: 9 },
  ])
    assert.deepEqual(await one.read("a/b.parquet", range), bytes.subarray(range.at, range.at + range.length));
  assert.deepEqual(await keysOf(one), ["a/b.parquet"]);
  assert.deepEqual(await keysOf(other), []);
  await one.remove("a/b.parquet");
  await one.remove("a/b.parquet");
  assert.deepEqual(await keysOf(one), []);
});

test("an object that is not there, or shorter, is damage; a bucket or service that is not there is not", async () => {
  const store = await storeAt("damage/");
  await store.put("short", Buffer.alloc(10));
  await assert.rejects(store.read("gone"), { code: "ARCHIVE_DAMAGED" });
  await assert.rejects(store.read("short", { at: 5, length: 10 }), { code: "ARCHIVE_DAMAGED" });
  await assert.rejects(store.read("short", { at: 50, length: 10 }), { code: "ARCHIVE_DAMAGED" });
  await assert.rejects((await storeAt("", "no-such-bucket")).read("x"), { code: "ARCHIVE_UNREACHABLE" });
  await assert.rejects((await storeAt("", BUCKET, "http://127.0.0.1:9")).read("x"), { code: "ARCHIVE_UNREACHABLE" });
});

test("a ward that is archived to S3 answers as before; without the service it refuses, and takes in what comes", async () => {
  const database = await openTestDatabase();
  const runtime = settableRuntime(START);
  const bucket = await storeAt("ward/");
  const archive = await openTestArchive(database, runtime, bucket);
  const store = await openTestStore(database, runtime, undefined, undefined, { archive });
  const r = seeded();
  const END = START + 120 * MINUTE;
  try {
    await fillWard(store, runtime, r, 2, 45);
    const wanted = await everything(store, START - DAY, END + DAY);
    const { moved } = await archive.run({ everything: true });
    assert.ok(moved > 0);
    assert.equal((await countsOf(database)).archived, moved);
    assert.equal((await keysOf(bucket)).length, 2);
    assert.equal(await everything(store, START - DAY, END + DAY), wanted);
    const { files, unknown } = await archive.verify();
    assert.deepEqual([files.map((file) => file.fault), unknown], [[undefined, undefined], []]);

    const cold = await openTestArchive(database, runtime, bucket);
    const again = await openTestStore(database, runtime, undefined, undefined, { archive: cold });
    await service.stop();
    await assert.rejects(everything(again, START - DAY, END + DAY), { code: "ARCHIVE_UNREACHABLE" });
    assert.equal(cold.state, "failing");
    await again.close();
    await cold.close();
  } finally {
    await store.close();
    await archive.close();
    await database.close();
  }
});
