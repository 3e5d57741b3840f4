import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { testSeed } from "../../../packages/timeseries/testing/random.ts";
import { hashToken } from "./device-tokens.ts";
import {
  type Adopted,
  createDirectoryMemory,
  type KnownCredential,
  type KnownDevice,
  type KnownPatient,
} from "./directory-memory.ts";

const organisationId = "0190a000-0000-7000-8000-000000000001";

const token = (text: string, expiresAt: number | null = null): KnownCredential => ({
  id: `credential ${text}`,
  kind: "token",
  hash: Uint8Array.from(hashToken(text)),
  expiresAt,
});

const device = (change: Partial<KnownDevice> = {}): KnownDevice => ({
  id: "mon-1",
  organisationId,
  type: "generic",
  credentials: [token("secret")],
  inCharge: new Set(),
  isRevoked: false,
  associations: [],
  ...change,
});

const on = (patientId: string, from: number, to: number | null) => ({
  id: `${patientId} ${from}`,
  organisationId,
  deviceId: "mon-1",
  patientId,
  from,
  to,
});

const patient = (change: Partial<KnownPatient> = {}): KnownPatient => ({
  id: "p",
  organisationId,
  birthDate: null,
  ageGroup: null,
  timeZone: "Europe/Oslo",
  recordNumbers: ["MRN-1"],
  isAdmitted: true,
  stamp: "1",
  ...change,
});

test("a device signs in with its own token and with no other, and not once it is revoked", () => {
  const memory = createDirectoryMemory(() => 0);
  memory.setDevice("mon-1", device());
  assert.equal(memory.signIn("mon-1", "secret")?.organisationId, organisationId);
  assert.equal(memory.signIn("mon-1", "Secret"), undefined);
  assert.equal(memory.signIn("mon-2", "secret"), undefined);
  memory.setDevice("mon-1", device({ isRevoked: true }));
  assert.equal(memory.signIn("mon-1", "secret"), undefined);
  assert.ok(!memory.isActive("mon-1"));
});

test("who listens is told of a revoked device and of a new token, and of nothing else", () => {
  const memory = createDirectoryMemory(() => 0);
  const told: string[] = [];
  memory.setDevice("mon-1", device());
  const stop = memory.onRevoked((id) => told.push(id));
  memory.setDevice("mon-1", device({ associations: [on("a", 10, null)] }));
  assert.deepEqual(told, []);
  memory.setDevice("mon-1", device({ credentials: [token("new")] }));
  assert.deepEqual(told, ["mon-1"]);
  memory.replaceAll([device({ isRevoked: true })], []);
  assert.deepEqual(told, ["mon-1", "mon-1"]);
  stop();
  memory.replaceAll([], []);
  assert.equal(told.length, 2);
});

test("a reading belongs to whoever wore the device when it measured", () => {
  const memory = createDirectoryMemory(() => 0);
  memory.setDevice("mon-1", device({ associations: [on("a", 100, 200), on("b", 200, 300), on("c", 400, null)] }));
  const at = (time: number) => memory.associationAt("mon-1", time)?.patientId;
  assert.deepEqual([99, 100, 199, 200, 299, 300, 399, 400, 1e15].map(at), [
    undefined,
    "a",
    "a",
    "b",
    "b",
    undefined,
    undefined,
    "c",
    "c",
  ]);
  assert.equal(memory.currentAssociation("mon-1")?.patientId, "c");
  assert.equal(memory.associationAt("nobody", 150), undefined);
});

test("a clock without a zone is read by that of the patient on whom the device is, or was last", () => {
  const memory = createDirectoryMemory(() => 0);
  memory.setPatient("a", patient({ id: "a", timeZone: "Europe/Oslo" }));
  memory.setPatient("b", patient({ id: "b", timeZone: "Asia/Tokyo" }));
  memory.setDevice("mon-1", device({ associations: [on("a", 100, 200), on("b", 300, 400), on("erased", 500, null)] }));
  const zones = [50, 100, 199, 250, 300, 450, 500].map((at) => memory.timeZoneAt("mon-1", at));
  const [oslo, tokyo] = ["Europe/Oslo", "Asia/Tokyo"];
  assert.deepEqual(zones, [undefined, oslo, oslo, oslo, tokyo, tokyo, undefined]);
  assert.equal(memory.timeZoneAt("mon-2", 100), undefined);
});

test("of random associations the lookup finds what a search through all finds", (t) => {
  const seed = testSeed();
  t.diagnostic(`SEED=${seed}`);
  const random = seededRandom(seed);
  const associations = [];
  let time = 0;
  for (let i = 0; i < 40; i++) {
    const from = time + Math.floor(random.float() * 3);
    time = from + 1 + Math.floor(random.float() * 10);
    associations.push(on(`p${i}`, from, i === 39 ? null : time));
  }
  const memory = createDirectoryMemory(() => 0);
  memory.setDevice("mon-1", device({ associations }));
  for (let at = -1; at < time + 20; at++) {
    const expected: { id: string } | undefined = associations.find(
      ({ from, to }) => at >= from && (to === null || at < to),
    );
    assert.equal(memory.associationAt("mon-1", at)?.id, expected?.id, `seed ${seed}, time ${at}`);
  }
});

test("a child that comes of age is watched with other limits, without anybody touching the record", () => {
  let now = Date.parse("2026-03-21T12:00:00Z");
  const memory = createDirectoryMemory(() => now);
  memory.setPatient("p", patient({ birthDate: "2008-03-22", ageGroup: "neonate" }));
  assert.equal(memory.watched("p")?.ageGroup, "pediatric");
  now += 86_400_000;
  assert.equal(memory.watched("p")?.ageGroup, "adult");
});

test("an unknown age stays unknown until a person chooses", () => {
  const memory = createDirectoryMemory(() => 0);
  memory.setPatient("p", patient());
  assert.equal(memory.watched("p")?.ageGroup, null);
  memory.setPatient("p", patient({ ageGroup: "adult" }));
  assert.equal(memory.watched("p")?.ageGroup, "adult");
  memory.setPatient("p", undefined);
  assert.equal(memory.watched("p"), undefined);
});

test("loading everything again says what is not as it was", () => {
  const memory = createDirectoryMemory(() => 0);
  const other = device({ id: "mon-2" });
  memory.replaceAll([device(), other], [patient(), patient({ id: "q" })]);
  const changed = memory.replaceAll([device({ associations: [on("p", 1, null)] }), other], [patient({ stamp: "2" })]);
  assert.deepEqual(
    changed.devices.map(({ id }) => id),
    ["mon-1"],
  );
  assert.deepEqual(
    changed.patients.map(({ id }) => id),
    ["p", "q"],
  );
});

test("two tokens are valid together until the older one has run out, and then who listens is told", () => {
  let now = 0;
  const memory = createDirectoryMemory(() => now);
  const told: string[] = [];
  memory.onRevoked((id) => told.push(id));
  memory.setDevice("mon-1", device());
  memory.setDevice("mon-1", device({ credentials: [token("secret", 1_000), token("new", 5_000)] }));
  const old = memory.signIn("mon-1", "secret");
  const next = memory.signIn("mon-1", "new");
  assert.ok(old && next);
  now = 999;
  memory.expire();
  assert.deepEqual(told, []);
  assert.ok(memory.isActive("mon-1", old.credentialId));
  now = 1_000;
  memory.expire();
  assert.deepEqual(told, ["mon-1"]);
  assert.equal(memory.signIn("mon-1", "secret"), undefined);
  assert.ok(!memory.isActive("mon-1", old.credentialId));
  assert.ok(memory.isActive("mon-1", next.credentialId));
  memory.expire();
  assert.deepEqual(told, ["mon-1"]);
  now = 5_000;
  memory.expire();
  assert.deepEqual(told, ["mon-1", "mon-1"]);
});

test("a certificate is good for its own device, and a hash of a token is no certificate", () => {
  const memory = createDirectoryMemory(() => 0);
  const hash = Uint8Array.from({ length: 32 }, (_, i) => i);
  const certificate: KnownCredential = { id: "c", kind: "certificate", hash, expiresAt: 10 };
  memory.setDevice("mon-1", device({ credentials: [token("secret"), certificate] }));
  memory.setDevice("mon-2", device({ id: "mon-2" }));
  assert.equal(memory.signInByCertificate({ deviceId: "mon-1", hash })?.credentialId, "c");
  assert.equal(memory.signInByCertificate({ deviceId: "mon-2", hash }), undefined);
  const ofToken = Uint8Array.from(hashToken("secret"));
  assert.equal(memory.signInByCertificate({ deviceId: "mon-1", hash: ofToken }), undefined);
  memory.setDevice("mon-1", device({ credentials: [token("secret")] }));
  assert.ok(!memory.isActive("mon-1", "c"));
});

test("a certificate that the operator's authorities vouch for is adopted once, outlives what is loaded, and is refused once revoked here", () => {
  const adopted: Adopted[] = [];
  const memory = createDirectoryMemory(
    () => 5,
    (one) => adopted.push(one),
  );
  const hash = Uint8Array.from({ length: 32 }, (_, i) => i);
  const x509 = { validToDate: new Date(10) };
  const shown = { deviceId: "mon-1", hash, x509 };
  const show = () => memory.signInByCertificate({ ...shown, isOperators: true })?.credentialId;
  assert.equal(show(), undefined, "a device that nobody knows");
  memory.setDevice("mon-1", device());
  assert.equal(memory.signInByCertificate(shown), undefined, "of our own it would have to be known");
  const id = show();
  assert.ok(id && show() === id);
  assert.deepEqual(
    adopted.map(({ id, deviceId, expiresAt }) => ({ id, deviceId, expiresAt })),
    [{ id, deviceId: "mon-1", expiresAt: 10 }],
  );
  // Loaded for another reason, before the row is there.
  memory.setDevice("mon-1", device());
  assert.ok(memory.isActive("mon-1", id));
  const row: KnownCredential = { id, kind: "certificate", hash, expiresAt: 10, isOperators: true };
  memory.setDevice("mon-1", device({ credentials: [row] }));
  assert.equal(show(), id);
  const told: string[] = [];
  memory.onRevoked((deviceId) => told.push(deviceId));
  memory.setDevice("mon-1", device({ refused: new Set([Buffer.from(hash).toString("hex")]) }));
  assert.deepEqual(told, ["mon-1"]);
  assert.equal(show(), undefined);
  assert.equal(adopted.length, 1);
  const over = { validToDate: new Date(5) };
  const late = memory.signInByCertificate({
    deviceId: "mon-1",
    hash: hash.toReversed(),
    isOperators: true,
    x509: over,
  });
  assert.equal(late, undefined, "it has run out");
});

test("a session of a gateway knows at once what is in its charge, and what is no more", () => {
  const memory = createDirectoryMemory(() => 0);
  memory.setDevice("mon-1", device());
  const session = memory.signIn("mon-1", "secret");
  assert.equal(session?.inCharge.size, 0);
  memory.setDevice("mon-1", device({ inCharge: new Set(["mon-2"]) }));
  assert.ok(session?.inCharge.has("mon-2"));
  memory.setDevice("mon-1", device());
  assert.ok(!session?.inCharge.has("mon-2"));
});
