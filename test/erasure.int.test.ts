import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { LiveMessage } from "@openward/api";
import { systemRuntime } from "@openward/runtime/system";
import WebSocket from "ws";
import { stopLeftover } from "../server/store/database/index.ts";
import { keyProgram } from "../server/store/keys/testing/key-program.ts";
import { addBeds, apiOf, fhirOf, type RunningWard, removeDataDir, startWard } from "./support/ward.ts";

const send = async (ward: RunningWard, bed: { deviceId: string; token: string }, values: Record<string, number>) => {
  const response = await fetch(`${ward.url}/ingest/devices/${bed.deviceId}/readings`, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`${bed.deviceId}:${bed.token}`).toString("base64")}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ values }),
  });
  return (await response.json()) as { accepted: number; quarantined: { code: string }[] };
};

test("an erased patient is gone from screens, portals and FHIR at once, and from a restored backup before it serves", async (t) => {
  const ward = await startWard();
  t.after(async () => {
    await ward.stop();
    removeDataDir(ward.dataDir);
  });
  const [erased, other] = await addBeds(ward, 2);
  assert.ok(erased && other);
  for (const bed of [erased, other]) assert.equal((await send(ward, bed, { spo2: 71, "heart-rate": 40 })).accepted, 2);
  const copy = `${ward.dataDir}-copy`;
  await ward.stop("SIGKILL");
  // PostgreSQL outlives its server; a copy that is made while it writes is none.
  await stopLeftover(ward.dataDir, systemRuntime);
  copyFolder(join(ward.dataDir, "postgres"), copy);
  t.after(() => {
    for (const folder of [copy, `${copy}-keys`]) rmSync(folder, { recursive: true, force: true });
  });

  const running = await startWard({ dataDir: ward.dataDir });
  t.after(() => running.stop());
  const api = await apiOf(running);
  const fhir = await fhirOf(running);
  const found = async (bed: { deviceId: string; patientId: string }) => {
    const { total } = await fhir<{ total?: number; entry?: unknown[] }>(`Patient?_id=${bed.patientId}`);
    const { entry = [] } = await fhir<{ entry?: unknown[] }>(`Observation?device=${bed.deviceId}`);
    return { patients: total, observations: entry.length > 0 };
  };
  assert.deepEqual(await found(erased), { patients: 1, observations: true });

  const { token } = await running.json<{ token: string }>("token", "issue", "--role", "nurse");
  const screen = new WebSocket(`${running.url.replace("http", "ws")}/live`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const messages: LiveMessage[] = [];
  screen.on("message", (data) => void messages.push(JSON.parse(String(data)) as LiveMessage));
  await new Promise((resolve) => screen.once("open", resolve));
  screen.send(JSON.stringify({ type: "watch", patients: [erased.patientId, other.patientId] }));
  await until(() => messages.some((message) => message.type === "snapshot"), "the screen to show the ward");

  const refused = await running.cli("erase", "T-1000", "--reason", "asked for it", "--confirm", "T-1001", "--json");
  assert.equal(refused.code, 2);
  assert.equal(JSON.parse(refused.stdout).error.code, "FIELD_INVALID");
  assert.deepEqual(await found(erased), { patients: 1, observations: true }, "nothing has happened yet");
  const done = await running.json("erase", "T-1000", "--reason", "asked for it", "--confirm", "T-1000", "--by", "dpo");
  assert.equal(done.id, erased.patientId);

  await until(
    () => messages.some((m) => m.type === "patient" && m.patientId === erased.patientId && m.tile === null),
    "the tile to leave the screen",
  );
  assert.deepEqual(await found(erased), { patients: 0, observations: false });
  await assert.rejects(api("GET", `/api/patients/${erased.patientId}`), /404/);
  assert.deepEqual(await found(other), { patients: 1, observations: true });
  // The device speaks on: nobody wears it now.
  const late = await send(running, erased, { spo2: 72 });
  assert.deepEqual([late.accepted, late.quarantined[0]?.code], [0, "NO_ASSOCIATION"]);
  assert.equal((await send(running, other, { spo2: 98 })).accepted, 1);
  const again = await running.cli("erase", "T-1000", "--reason", "twice", "--confirm", "T-1000", "--json");
  assert.equal(JSON.parse(again.stdout).error.code, "NOT_FOUND");
  const ledger = readFileSync(join(running.dataDir, "keys", "erasures.log"), "utf8");
  assert.match(ledger, new RegExp(`"patientId":"${erased.patientId}".*"by":"dpo","reason":"asked for it"`));

  const backup = await running.json<{ ok: boolean; folder: string; isOpened: boolean }>(
    "keys",
    "backup",
    `${copy}-keys`,
  );
  assert.ok(backup.ok && backup.isOpened && existsSync(join(backup.folder, "store.json")));
  assert.ok(!existsSync(join(backup.folder, "master.key")), "the master key is not in the copy");
  assert.ok((await running.json<{ ok: boolean }>("keys", "verify")).ok);
  screen.close();
  await running.stop();

  // The database of before the erasure comes back.
  rmSync(join(ward.dataDir, "postgres"), { recursive: true });
  copyFolder(copy, join(ward.dataDir, "postgres"));
  const restored = await startWard({ dataDir: ward.dataDir });
  t.after(() => restored.stop());
  await restored.logged(/rows of patients who were erased had come back/);
  const fhirAgain = await fhirOf(restored);
  assert.equal((await fhirAgain<{ total: number }>(`Patient?_id=${erased.patientId}`)).total, 0);
  assert.equal((await fhirAgain<{ entry?: unknown[] }>(`Observation?device=${erased.deviceId}`)).entry?.length ?? 0, 0);
  assert.equal((await fhirAgain<{ total: number }>(`Patient?_id=${other.patientId}`)).total, 1);
  const { entry = [] } = await fhirAgain<{ entry?: unknown[] }>(`Observation?device=${other.deviceId}`);
  assert.ok(entry.length > 0, "the other patient's readings are there");
  await restored.stop();

  const master = join(ward.dataDir, "keys", "master.key");
  const right = readFileSync(master);
  writeFileSync(master, Buffer.alloc(32, 7).toString("base64"));
  await assert.rejects(startWard({ dataDir: ward.dataDir }), /KEY_MASTER_WRONG/);
  rmSync(master);
  await assert.rejects(startWard({ dataDir: ward.dataDir }), /KEY_MASTER_MISSING/);
  writeFileSync(master, right);
  renameSync(join(ward.dataDir, "keys"), join(ward.dataDir, "keys-elsewhere"));
  await assert.rejects(startWard({ dataDir: ward.dataDir }), /KEY_STORE_MISSING/);
  assert.ok(!existsSync(join(ward.dataDir, "keys", "store.json")), "no new keys are made over old ones");
  rmSync(join(ward.dataDir, "keys"), { recursive: true, force: true });
  renameSync(join(ward.dataDir, "keys-elsewhere"), join(ward.dataDir, "keys"));
  // The master key moves to where it cannot be read from this machine.
  const OPENWARD_MASTER_KEY_COMMAND = keyProgram(mkdtempSync(join(tmpdir(), "openward-key-program-")));
  await ward.json("keys", "change-master", "--to-command", OPENWARD_MASTER_KEY_COMMAND);
  await assert.rejects(startWard({ dataDir: ward.dataDir }), /KEY_MASTER_WRONG/);
  const last = await startWard({ dataDir: ward.dataDir, env: { OPENWARD_MASTER_KEY_COMMAND } });
  t.after(() => last.stop());
  const fhirLast = await fhirOf(last);
  const left = await fhirLast<{ entry?: unknown[] }>(`Observation?device=${other.deviceId}`);
  assert.equal(left.entry?.length, entry.length, "what was encrypted before the change is read after it");
});

// With owners and modes: the database runs as a user of its own.
const copyFolder = (from: string, to: string) => execFileSync("cp", ["-a", from, to]);

async function until(isSo: () => boolean, what: string): Promise<void> {
  for (const end = performance.now() + 120_000; !isSo(); await wait(50))
    if (performance.now() > end) throw new Error(`waited two minutes for: ${what}`);
}
