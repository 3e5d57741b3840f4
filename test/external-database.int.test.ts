import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { lastingPort } from "./support/ports.ts";
import {
  addBeds,
  fhirOf,
  type RunningWard,
  removeDataDir,
  runCli,
  startWard,
  temporaryDataDir,
} from "./support/ward.ts";

const PACKAGES = "/usr/lib/postgresql";
const oldest = existsSync(PACKAGES)
  ? readdirSync(PACKAGES)
      .filter((version) => Number(version) >= 15)
      .sort()[0]
  : undefined;
const mayMiss = process.env.CI !== "true";

test("the whole ward runs on the operator's own PostgreSQL, and is there again after a kill", {
  skip: !oldest && mayMiss ? "no PostgreSQL 15 or newer from the system's packages" : false,
}, async (t) => {
  const database = await startPostgres(join(PACKAGES, oldest ?? "15", "bin"));
  const dataDir = temporaryDataDir();
  t.after(async () => {
    await database.stop();
    removeDataDir(dataDir);
  });
  const env = { OPENWARD_DATABASE_URL: database.url };
  const first = await startWard({ dataDir, env });
  const [bed] = await addBeds(first, 1);
  assert.ok(bed);
  const at = Date.now() - 60_000;
  const values = Array.from({ length: 50 }, (_, i) => ({ at: at + i * 1000, values: { "heart-rate": 60 + i } }));
  const answer = await fetch(`${first.url}/ingest/devices/${bed.deviceId}/readings`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Basic ${Buffer.from(`${bed.deviceId}:${bed.token}`).toString("base64")}`,
    },
    body: JSON.stringify(values),
  });
  assert.deepEqual(await answer.json(), { accepted: 50, quarantined: [] });
  await first.stop("SIGKILL");

  const second = await startWard({ dataDir, env });
  t.after(() => second.stop());
  const sent = values.map((item) => item.values["heart-rate"]);
  assert.deepEqual(await heartRates(second, bed.patientId), sent);

  // Backed up and restored with what the operator gave: a login that owns its database, and no superuser.
  const place = mkdtempSync(join(tmpdir(), "openward-operator-backup-"));
  const elsewhere = temporaryDataDir();
  t.after(() => {
    rmSync(place, { recursive: true, force: true });
    removeDataDir(elsewhere);
  });
  assert.equal((await second.json("backup", place)).kind, "full");
  assert.equal((await second.json("backup", place)).kind, "increment");
  const { folder: keys } = await second.json<{ folder: string }>("keys", "backup", join(place, "keys"));
  await second.stop();
  const masterKey = { OPENWARD_MASTER_KEY_FILE: join(dataDir, "keys", "master.key") };
  const onto = { ...process.env, ...masterKey, OPENWARD_DATA_DIR: elsewhere };
  const args = ["restore", place, "--keys", keys, "--json"];
  const refused = await runCli(args, { ...onto, ...env });
  assert.equal(
    JSON.parse(refused.stdout).error.code,
    "RESTORE_NOT_EMPTY",
    "the database is the one that was backed up",
  );
  const other = { OPENWARD_DATABASE_URL: await database.another("restored") };
  const done = await runCli(args, { ...onto, ...other });
  assert.equal(done.code, 0, done.stdout + done.stderr);
  const third = await startWard({ dataDir: elsewhere, env: { ...masterKey, ...other } });
  t.after(() => third.stop());
  assert.deepEqual(await heartRates(third, bed.patientId), sent);
  await third.stop();
});

async function heartRates(ward: RunningWard, patientId: string): Promise<number[]> {
  const fhir = await fhirOf(ward);
  const bundle = await fhir<{ entry?: { resource: { valueQuantity?: { value: number } } }[] }>(
    `Observation?patient=${patientId}&code=8867-4&_sort=date&_count=100`,
  );
  return (bundle.entry ?? []).flatMap(({ resource }) => resource.valueQuantity?.value ?? []);
}

/** A cluster of its own under the system's postgres user, as an operator would hand it over. */
async function startPostgres(
  bin: string,
): Promise<{ url: string; another(name: string): Promise<string>; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "openward-operator-"));
  const isRoot = process.getuid?.() === 0;
  const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  const as = isRoot ? { uid: id("-u"), gid: id("-g") } : {};
  if (isRoot) chownSync(folder, id("-u"), id("-g"));
  chmodSync(folder, 0o700);
  execFileSync(join(bin, "initdb"), ["-D", folder, "-U", "admin", "-A", "trust", "-E", "UTF8", "--locale=C"], {
    ...as,
    cwd: "/",
    stdio: "pipe",
  });
  const port = await lastingPort();
  const settings = ["-D", folder, "-p", String(port), "-k", "", "-c", "listen_addresses=127.0.0.1"];
  const child = spawn(join(bin, "postgres"), settings, { ...as, cwd: "/", stdio: "ignore" });
  const admin = `postgresql://admin@127.0.0.1:${port}/postgres`;
  for (const end = performance.now() + 120_000; ; ) {
    const client = new pg.Client(admin);
    try {
      await client.connect();
      await client.query("CREATE ROLE ward LOGIN CREATEROLE");
      await client.query("CREATE DATABASE openward OWNER ward");
      await client.end();
      break;
    } catch (error) {
      if (performance.now() > end) throw error;
      await wait(100);
    }
  }
  return {
    url: `postgresql://ward@127.0.0.1:${port}/openward`,
    async another(name) {
      const client = new pg.Client(admin);
      await client.connect();
      try {
        await client.query(`CREATE DATABASE ${name} OWNER ward`);
      } finally {
        await client.end();
      }
      return `postgresql://ward@127.0.0.1:${port}/${name}`;
    },
    async stop() {
      // Immediate: nobody needs what is in it, and sessions of a test that failed must not hold it up.
      if (child.exitCode === null && child.kill("SIGQUIT")) await once(child, "exit");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
