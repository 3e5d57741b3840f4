import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { openLedger } from "./support/ledger.ts";
import { compare, readBack, startLoad } from "./support/load.ts";
import { lastingPort } from "./support/ports.ts";
import {
  type Api,
  addBeds,
  apiOf,
  fhirOf,
  type RunningWard,
  removeDataDir,
  root,
  runCli,
  startWard,
} from "./support/ward.ts";

interface Report {
  ok: boolean;
  kind: string;
  folder: string;
  rows: number;
}

test("a backup made under load, full and incremental, is restored on an empty machine: all that can be read is equal", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "openward-drill-"));
  // The user of the database must reach what lies in it.
  chmodSync(folder, 0o755);
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [place, keysPlace, empty] = [join(folder, "backups"), join(folder, "keys"), join(folder, "empty")];
  const env = { OPENWARD_MASTER_KEY: randomBytes(32).toString("base64") };
  const ward = await startWard({ env: { ...env, OPENWARD_HTTPS_PORT: "0" }, httpPort: await lastingPort() });
  t.after(async () => {
    await ward.stop();
    removeDataDir(ward.dataDir);
  });
  const beds = await addBeds(ward, 4);
  const { certificate, key } = await ward.json<{ certificate: string; key: string }>("device", "certificate", "bed-0");
  const certified = { cert: certificate, key };
  assert.equal(await signInStatus(ward, certified, readFileSync(join(ward.dataDir, "tls/ca.crt"))), 200);
  const loaded = beds.slice(0, 3);
  // Their tokens are in the backup too, and open the restored ward.
  const api = await apiOf(ward);
  const fhir = await fhirOf(ward);
  const base = Date.now() - 3_600_000;
  const ledger = openLedger(join(folder, "ledger.txt"));
  const load = startLoad({ beds: loaded, mqttPort: ward.mqttPort, rate: 200, ledger, base });
  t.after(() => load.stop());
  await load.firstAck();
  const first = await ward.json<Report>("backup", place);
  assert.deepEqual([first.ok, first.kind], [true, "full"]);
  // One that was committed behind the backup.
  await load.firstAck();
  // What is still on its way would come in behind the increment.
  await load.settled();
  load.stop();
  ledger.close();
  const lastIncrement = await ward.json<Report>("backup", place);
  assert.equal(lastIncrement.kind, "increment");
  assert.ok(lastIncrement.rows > 0, "what came meanwhile is in the increment");
  const expected = await everythingReadable(api, fhir, loaded, base);
  const { lost } = compare(ledger.lines(), expected.readings, load.sequences);
  assert.deepEqual(lost, []);

  // After the backup somebody is erased: the backup still has the rows, the ledger knows.
  await ward.json("erase", "T-1003", "--reason", "asked for it", "--confirm", "T-1003");
  const { folder: keysCopy } = await ward.json<{ folder: string }>("keys", "backup", keysPlace);
  await ward.stop("SIGKILL");

  const elsewhere = {
    ...process.env,
    ...env,
    OPENWARD_DATA_DIR: empty,
    OPENWARD_HTTP_PORT: "0",
    OPENWARD_MQTT_PORT: "0",
  };
  const withoutKeys = await runCli(["restore", place, "--json"], elsewhere);
  assert.equal(JSON.parse(withoutKeys.stdout).error.code, "KEY_STORE_MISSING");
  const args = ["restore", place, "--keys", keysCopy, "--json"];
  // Everything is compared before anything is touched; then it can be caught half way, and done again.
  await killHalfway(args, elsewhere, () => existsSync(join(empty, "postgres", "postmaster.pid")));
  await assert.rejects(startWard({ dataDir: empty, env }), /RESTORE_UNFINISHED/);
  const again = await runCli(args, elsewhere);
  assert.equal(again.code, 0, again.stdout + again.stderr);
  assert.equal(JSON.parse(again.stdout).folder, lastIncrement.folder, "the newest is meant");
  assert.ok(JSON.parse(again.stdout).erased > 0, "who was erased since is erased again, before anything serves");

  // A command beside no server would make another authority than the devices trust.
  const early = await runCli(["device", "certificate", "bed-1", "--json"], elsewhere);
  assert.match(early.stdout, /CONFLICT.*a start of the server before/);
  const restored = await startWard({
    dataDir: empty,
    env: { ...env, OPENWARD_HTTPS_PORT: "0" },
    httpPort: ward.httpPort,
  });
  t.after(() => restored.stop());
  // The device trusts the authority that it knows, and is known by its own certificate.
  const before = readFileSync(join(ward.dataDir, "tls/ca.crt"));
  assert.equal(await signInStatus(restored, certified, before), 200);
  assert.equal(statSync(join(empty, "tls/ca.key")).mode & 0o077, 0);
  const found = await everythingReadable(api, fhir, loaded, base);
  assert.deepEqual(found.perPatient, expected.perPatient);
  assert.deepEqual(found.resources, expected.resources);
  assert.equal(hashOf(found), hashOf(expected));
  assert.equal(await found.patientsOf(beds[3]?.patientId ?? ""), 0, "who was erased is not there");
  const report = await restored.json<{ ok: boolean; blocks: number; journalRows: number }>("store", "verify");
  assert.ok(report.ok && report.journalRows > 0);
  assert.equal(readdirSync(place).length, 2, "and no draft");
  const kept = await restored.json<{ sound: unknown[]; unusable: unknown[] }>("backup", "verify", place);
  assert.deepEqual([kept.sound.length, kept.unusable], [2, []]);
});

/** What a device with this certificate is answered, where it trusts this authority and no other. */
function signInStatus(ward: RunningWard, certified: { cert: string; key: string }, ca: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const path = "/ingest/devices/bed-0/status";
    const headers = { "content-type": "application/json" };
    const sent = request(
      { host: "127.0.0.1", port: ward.httpsPort, path, method: "POST", headers, ca, ...certified, agent: false },
      (answer) => {
        answer.resume();
        answer.once("end", () => resolve(answer.statusCode ?? 0));
      },
    );
    sent.setTimeout(120_000, () => sent.destroy(new Error("no answer within two minutes")));
    sent.once("error", reject);
    sent.end('{"state":"online"}');
  });
}

async function everythingReadable(
  api: Api,
  fhir: Awaited<ReturnType<typeof fhirOf>>,
  beds: readonly { patientId: string }[],
  base: number,
) {
  const readings = await readBack(fhir, beds, base);
  const span = `from=${base}&to=${base + 3_600_000}`;
  const perPatient: unknown[] = [];
  for (const { patientId } of beds) {
    perPatient.push(
      await api("GET", `/api/patients/${patientId}/trend?${span}&buckets=60`),
      // Limits that nobody set are as old as the start of the server.
      withoutKey(await api("GET", `/api/patients/${patientId}/limits`), "setAt"),
    );
  }
  const ids = beds.map(({ patientId }) => patientId).join(",");
  const resources: unknown[] = [];
  for (const search of [`Patient?_id=${ids}&_sort=_id`, "Device?_sort=_id", `DeviceMetric?_count=100`])
    resources.push((await fhir<{ entry?: { resource: unknown }[] }>(search)).entry?.map(({ resource }) => resource));
  // The last bed's patient is erased after the backup, and so is its device's patient.
  const others = (resources[1] as unknown[]).filter((device) => !JSON.stringify(device).includes("bed-3"));
  resources[1] = others;
  const patientsOf = async (id: string) => (await fhir<{ total: number }>(`Patient?_id=${id}`)).total;
  return { readings, patientsOf, perPatient, resources, wards: await api("GET", "/api/wards") };
}

const withoutKey = (body: unknown, key: string) =>
  JSON.parse(JSON.stringify(body, (name, value) => (name === key ? undefined : value))) as unknown;

function hashOf({ readings, patientsOf: _, ...rest }: Awaited<ReturnType<typeof everythingReadable>>): string {
  const text = JSON.stringify({ readings: [...readings].sort(), ...rest });
  return createHash("sha256").update(text).digest("hex");
}

async function killHalfway(args: readonly string[], env: NodeJS.ProcessEnv, isHalfway: () => boolean): Promise<void> {
  const child = spawn(process.execPath, [join(root, "server/cli/main.ts"), ...args], {
    env,
    stdio: ["ignore", "pipe", "ignore"],
  });
  let said = "";
  child.stdout.on("data", (chunk) => {
    said += chunk;
  });
  const ended = new Promise<void>((resolve) => void child.once("exit", () => resolve()));
  let isEnded = false;
  void ended.then(() => {
    isEnded = true;
  });
  for (let i = 0; i < 12_000 && !isHalfway() && !isEnded; i++) await wait(10);
  assert.ok(isHalfway() && !isEnded, `the restore was not caught half way: ${said}`);
  child.kill("SIGKILL");
  await ended;
}
