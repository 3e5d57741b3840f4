import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { systemRuntime } from "@openward/runtime/system";
import { backUpKeyStore, verifyKeyStore } from "./backup.ts";
import { open, seal } from "./cipher.ts";
import { createIvs } from "./iv.ts";
import { fileKms } from "./master.ts";
import { monthOf } from "./ports.ts";
import { SLOT_BYTES } from "./slots.ts";
import { openTestKeys, testKms } from "./testing/keys.ts";

const ORGANISATION = "018f0000-0000-7000-8000-0000000000aa";
const PATIENT = "018f0000-0000-7000-8000-0000000000cc";
const OTHER = "018f0000-0000-7000-8000-0000000000dd";
const NOW = Date.UTC(2026, 10, 26);
const bound = new Uint8Array(3);
const folderOf = () => mkdtempSync(join(tmpdir(), "openward-keys-"));
const erasure = (patientId: string) => ({
  patientId,
  organisationId: ORGANISATION,
  at: NOW,
  by: "test",
  reason: "asked",
});

test("a patient's key is the same after a restart, and another's is another", async () => {
  const [folder, kms] = [folderOf(), testKms()];
  const first = await openTestKeys({ folder, kms });
  const key = first.ofPatient(ORGANISATION, PATIENT);
  const sealed = seal(key.secret, first.nextIv, Buffer.from("72"), bound);
  assert.notEqual(first.ofPatient(ORGANISATION, OTHER).id, key.id);
  assert.throws(() => open(first.ofPatient(ORGANISATION, OTHER).secret, sealed, bound), { code: "BLOCK_CORRUPT" });
  first.close();
  const second = await openTestKeys({ folder, kms });
  assert.equal(second.ofPatient(ORGANISATION, PATIENT).id, key.id);
  assert.equal(Buffer.from(open(second.byId(key.id).secret, sealed, bound)).toString(), "72");
  assert.throws(() => second.byId(99), { code: "KEY_MISSING" });
});

test("nothing in the store's files opens a key without the master key", async () => {
  const [folder, master] = [folderOf(), randomBytes(32)];
  const keys = await openTestKeys({ folder, kms: testKms(master) });
  const secret = keys.ofPatient(ORGANISATION, PATIENT).secret.export();
  for (const file of ["store.json", "wrapped.keys"]) {
    const bytes = readFileSync(join(folder, file));
    for (const hidden of [secret, master, master.toString("base64")]) assert.equal(bytes.includes(hidden), false);
    assert.equal(statSync(join(folder, file)).mode & 0o077, 0, "readable by this user alone");
  }
});

test("a wrong master key is refused, and nothing is made anew", async () => {
  const folder = folderOf();
  const keys = await openTestKeys({ folder, kms: testKms() });
  keys.ofPatient(ORGANISATION, PATIENT);
  keys.close();
  const before = ["store.json", "wrapped.keys"].map((file) => readFileSync(join(folder, file)));
  await assert.rejects(openTestKeys({ folder, kms: testKms() }), { code: "KEY_MASTER_WRONG" });
  assert.deepEqual(
    ["store.json", "wrapped.keys"].map((file) => readFileSync(join(folder, file))),
    before,
  );
});

test("a master key file is made at the first start only", () => {
  const path = join(folderOf(), "master.key");
  assert.throws(() => fileKms(path, false, systemRuntime.random), { code: "KEY_MASTER_MISSING" });
  fileKms(path, true, systemRuntime.random);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const text = readFileSync(path, "utf8");
  fileKms(path, true, systemRuntime.random);
  assert.equal(readFileSync(path, "utf8"), text);
  writeFileSync(path, "short");
  assert.throws(() => fileKms(path, true, systemRuntime.random), { code: "KEY_MASTER_WRONG" });
});

test("a store whose keys or header are gone is refused, and so is one that the database does not know", async () => {
  const [folder, kms] = [folderOf(), testKms()];
  const keys = await openTestKeys({ folder, kms });
  keys.ofPatient(ORGANISATION, PATIENT);
  keys.close();
  await assert.rejects(openTestKeys({ folder, kms, boundTo: { id: OTHER, keys: 0 } }), { code: "KEY_STORE_MISSING" });
  const empty = folderOf();
  await assert.rejects(openTestKeys({ folder: empty, kms, boundTo: keys }), { code: "KEY_STORE_MISSING" });
  for (const file of ["store.json", "wrapped.keys"]) {
    const copy = folderOf();
    cpSync(folder, copy, { recursive: true });
    rmSync(join(copy, file));
    await assert.rejects(openTestKeys({ folder: copy, kms }), { code: "KEY_STORE_DAMAGED" });
  }
  (await openTestKeys({ folder, kms, boundTo: keys })).close();
});

test("a kill at any byte of the making of keys leaves a store that opens, with what was confirmed", async () => {
  const [folder, kms] = [folderOf(), testKms()];
  const keys = await openTestKeys({ folder, kms });
  const confirmed = keys.ofPatient(ORGANISATION, PATIENT).id;
  keys.ensure([
    { kind: "patient", organisationId: ORGANISATION, patientId: OTHER },
    { kind: "organisation", organisationId: ORGANISATION },
  ]);
  keys.close();
  const whole = readFileSync(join(folder, "wrapped.keys"));
  for (let length = SLOT_BYTES; length <= whole.length; length += 16) {
    const copy = folderOf();
    cpSync(folder, copy, { recursive: true });
    truncateSync(join(copy, "wrapped.keys"), length);
    const after = await openTestKeys({ folder: copy, kms });
    assert.equal(after.ofPatient(ORGANISATION, PATIENT).id, confirmed);
    const made = after.ofPatient(ORGANISATION, OTHER);
    after.close();
    const again = await openTestKeys({ folder: copy, kms });
    assert.ok(again.byId(made.id).secret.equals(made.secret), "what is made in a torn place is kept");
    again.close();
    rmSync(copy, { recursive: true });
  }
});

test("a damaged key is told by its number at the start, not replaced", async () => {
  const [folder, kms] = [folderOf(), testKms()];
  const keys = await openTestKeys({ folder, kms });
  keys.ofPatient(ORGANISATION, PATIENT);
  keys.ofPatient(ORGANISATION, OTHER);
  keys.close();
  const path = join(folder, "wrapped.keys");
  const bytes = readFileSync(path);
  bytes[70] = (bytes[70] as number) ^ 1;
  writeFileSync(path, bytes);
  await assert.rejects(openTestKeys({ folder, kms }), { code: "KEY_STORE_DAMAGED", message: /key 1/ });
  assert.deepEqual((await verifyKeyStore(folder, kms)).damaged, [1]);
});

test("an erased patient's key is gone from the file, and stays gone", async () => {
  const [folder, kms] = [folderOf(), testKms()];
  const keys = await openTestKeys({ folder, kms });
  const { id } = keys.ofPatient(ORGANISATION, PATIENT);
  const wrapped = readFileSync(join(folder, "wrapped.keys")).subarray(
    (id - 1) * SLOT_BYTES + 64,
    (id - 1) * SLOT_BYTES + 124,
  );
  keys.erase([erasure(PATIENT), erasure(PATIENT)]);
  assert.throws(() => keys.byId(id), { code: "KEY_DESTROYED" });
  assert.throws(() => keys.ofPatient(ORGANISATION, PATIENT), { code: "KEY_DESTROYED" });
  assert.equal(readFileSync(join(folder, "wrapped.keys")).includes(wrapped), false);
  keys.close();
  const after = await openTestKeys({ folder, kms });
  assert.throws(() => after.byId(id), { code: "KEY_DESTROYED" });
  assert.deepEqual(after.erasures(), [{ ...erasure(PATIENT), keyId: id }]);
  after.ensure([{ kind: "patient", organisationId: ORGANISATION, patientId: PATIENT }]);
  assert.throws(() => after.ofPatient(ORGANISATION, PATIENT), { code: "KEY_DESTROYED" });
});

test("what another process erases is taken up, even where the key was made meanwhile", async () => {
  const [folder, kms] = [folderOf(), testKms()];
  const server = await openTestKeys({ folder, kms });
  const key = server.ofPatient(ORGANISATION, PATIENT);
  const command = await openTestKeys({ folder, kms: null, boundTo: server });
  const late = server.ofPatient(ORGANISATION, OTHER);
  command.erase([erasure(PATIENT), erasure(OTHER)]);
  command.close();
  assert.deepEqual(
    server.refresh().map(({ patientId }) => patientId),
    [PATIENT, OTHER],
  );
  for (const { id } of [key, late]) assert.throws(() => server.byId(id), { code: "KEY_DESTROYED" });
  assert.deepEqual(server.refresh(), []);
  server.close();
  const { live, destroyed } = await verifyKeyStore(folder, kms);
  assert.deepEqual([live, destroyed], [0, 2]);
});

test("keys that come back from a backup are destroyed again by the ledger, and the ledger by the keys", async () => {
  const [folder, kms] = [folderOf(), testKms()];
  const keys = await openTestKeys({ folder, kms });
  const { id } = keys.ofPatient(ORGANISATION, PATIENT);
  const before = readFileSync(join(folder, "wrapped.keys"));
  keys.erase([erasure(PATIENT)]);
  keys.close();
  const destroyed = readFileSync(join(folder, "wrapped.keys"));
  writeFileSync(join(folder, "wrapped.keys"), before);
  const restored = await openTestKeys({ folder, kms });
  assert.throws(() => restored.byId(id), { code: "KEY_DESTROYED" });
  restored.close();
  assert.deepEqual(readFileSync(join(folder, "wrapped.keys")), destroyed);
  rmSync(join(folder, "erasures.log"));
  const withoutLedger = await openTestKeys({ folder, kms });
  assert.deepEqual(
    withoutLedger.erasures().map(({ patientId, keyId }) => [patientId, keyId]),
    [[PATIENT, id]],
  );
  withoutLedger.close();
});

test("a line of the ledger that was cut off costs no other", async () => {
  const [folder, kms] = [folderOf(), testKms()];
  const keys = await openTestKeys({ folder, kms });
  keys.erase([erasure(PATIENT)]);
  appendFileSync(join(folder, "erasures.log"), '1234abcd {"patientId":');
  keys.erase([erasure(OTHER)]);
  keys.close();
  const after = await openTestKeys({ folder, kms });
  assert.deepEqual(
    after.erasures().map(({ patientId }) => patientId),
    [PATIENT, OTHER],
  );
  assert.equal((await verifyKeyStore(folder, kms)).damagedLines, 1);
  after.close();
});

test("quarantined input has a key a month, which expires", async () => {
  const keys = await openTestKeys();
  const november = keys.ofQuarantine(ORGANISATION, Date.UTC(2025, 10, 30));
  const december = keys.ofQuarantine(ORGANISATION, Date.UTC(2025, 11, 1));
  assert.notEqual(november.id, december.id);
  assert.equal(monthOf(Date.UTC(2025, 11, 1)) - monthOf(Date.UTC(2025, 10, 30)), 1);
  const none = new Set<string>();
  assert.equal(keys.expire(Date.UTC(2026, 10, 30), 12, none), 0);
  assert.equal(keys.expire(Date.UTC(2026, 11, 1), 12, new Set([ORGANISATION])), 0, "while a hold runs there");
  assert.equal(keys.byId(november.id).id, november.id);
  assert.equal(keys.expire(Date.UTC(2026, 11, 1), 12, none), 1);
  assert.throws(() => keys.byId(november.id), { code: "KEY_DESTROYED" });
  assert.equal(keys.byId(december.id).id, december.id);
  const again = keys.ofQuarantine(ORGANISATION, Date.UTC(2025, 10, 30));
  assert.notEqual(again.id, november.id, "a clock that was set back loses nothing");
});

test("a copy of the store opens what the store opened, without the master key in it", async () => {
  const [folder, kms, into] = [folderOf(), testKms(), folderOf()];
  const keys = await openTestKeys({ folder, kms });
  const { id } = keys.ofPatient(ORGANISATION, PATIENT);
  keys.erase([erasure(OTHER)]);
  const copy = backUpKeyStore(folder, into, NOW);
  assert.deepEqual(await verifyKeyStore(copy, kms), await verifyKeyStore(folder, kms));
  assert.throws(() => backUpKeyStore(folder, into, NOW), { code: "CONFLICT" });
  await assert.rejects(verifyKeyStore(copy, testKms()), { code: "KEY_MASTER_WRONG" });
  const restored = await openTestKeys({ folder: copy, kms, boundTo: keys });
  assert.equal(restored.byId(id).id, id);
  assert.ok(restored.isErased(OTHER));
});

test("initialisation vectors never come twice, over many processes", () => {
  const seen = new Set<string>();
  const iv = new Uint8Array(20);
  for (let process = 0; process < 100; process++) {
    const next = createIvs(systemRuntime.random);
    for (let n = 0; n < 500; n++) {
      next(iv, 4);
      seen.add(Buffer.from(iv.subarray(4, 16)).toString("hex"));
    }
  }
  assert.equal(seen.size, 50_000);
});

test("a copy of the store that is older than the database gives no id again", async () => {
  const [folder, kms, into] = [folderOf(), testKms(), folderOf()];
  const keys = await openTestKeys({ folder, kms });
  keys.ofPatient(ORGANISATION, PATIENT);
  const copy = backUpKeyStore(folder, into, NOW);
  const lost = keys.ofPatient(ORGANISATION, OTHER);
  const older = await openTestKeys({ folder: copy, kms, boundTo: keys });
  assert.throws(() => older.byId(lost.id), { code: "KEY_MISSING" });
  assert.equal(older.ofPatient(ORGANISATION, OTHER).id, lost.id + 1);
  older.close();
  const again = await openTestKeys({ folder: copy, kms, boundTo: keys });
  assert.equal(again.ofPatient(ORGANISATION, OTHER).id, lost.id + 1);
});
