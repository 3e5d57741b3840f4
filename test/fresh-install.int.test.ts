import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { after, before, test } from "node:test";
import mqtt from "mqtt";
import pg from "pg";
import { type RunningWard, removeDataDir, startWard, temporaryDataDir } from "./support/ward.ts";

/**
 * Two installs as they come out of the box, with everything that is made on its own: no secret of one is one of the other,
 * and nothing that somebody might have read in a manual opens either.
 */
interface Install {
  readonly ward: RunningWard;
  /** Everything secret-like that the install has, by where it was found. */
  readonly secrets: ReadonlyMap<string, string>;
}

let one: Install;
let two: Install;
const started: RunningWard[] = [];

before(async () => {
  // Not the tests' prepared folder: two of those would share what its one start made.
  for (let i = 0; i < 2; i++) {
    const env = { OPENWARD_HTTPS_PORT: "0", OPENWARD_MQTTS_PORT: "0" };
    // The demo ward brings devices and people of its own; once is enough.
    const ward = await startWard({ command: i === 0 ? "demo" : "serve", dataDir: temporaryDataDir(), env });
    started.push(ward);
  }
  const [first, second] = started;
  assert.ok(first && second);
  one = { ward: first, secrets: await secretsOf(first) };
  two = { ward: second, secrets: await secretsOf(second) };
});
after(async () => {
  for (const ward of started) {
    await ward.stop();
    removeDataDir(ward.dataDir);
  }
});

/** Long and without spaces: keys, hashes, tokens, certificates. */
const SECRET = /(?:\\x)?[A-Za-z0-9+/=_-]{22,}/g;

async function secretsOf(ward: RunningWard): Promise<Map<string, string>> {
  const secrets = new Map<string, string>();
  const note = (text: string, where: string) => {
    for (const [secret] of text.matchAll(SECRET)) secrets.set(secret, where);
  };
  // Made when the first application asks.
  const { keys } = (await (await fetch(`${ward.url}/oauth/jwks`)).json()) as { keys: { n: string; kid: string }[] };
  assert.ok(keys.length > 0);
  for (const { n } of keys) secrets.set(n, "signing key of applications");
  for (const file of filesBelow(ward.dataDir)) {
    const bytes = readFileSync(file);
    const where = relative(ward.dataDir, file);
    note(bytes.toString("latin1"), where);
    if (bytes.length >= 16) secrets.set(bytes.toString("hex"), `${where}, as a whole`);
  }
  await asSuperuser(ward, passwordOf(ward), async (client) => {
    const { rows: tables } = await client.query(
      "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1",
    );
    assert.ok(tables.length > 30, "there are tables to be looked through");
    for (const { name } of tables as { name: string }[]) {
      // Digests of the migrations, which are the program's.
      if (/migration/.test(name)) continue;
      const { rows } = await client.query(`SELECT to_jsonb(t) AS row FROM ${name} t LIMIT 2000`);
      for (const { row } of rows as { row: unknown }[]) note(JSON.stringify(row), name);
    }
    const { rows: roles } = await client.query(
      "SELECT rolname, rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL",
    );
    for (const { rolname, rolpassword } of roles) note(String(rolpassword), `password of ${rolname}`);
  });
  for (const [role, link] of Object.entries(ward.links)) note(new URL(link).hash, `link of the ${role}`);
  const audit = await ward.json<{ key: string }>("audit", "key");
  secrets.set(audit.key, "key of the audit log");
  return secrets;
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    // PostgreSQL's own files are read through it.
    if (entry.isDirectory()) return path.endsWith("/postgres") ? [] : filesBelow(path);
    return entry.isFile() && !entry.name.endsWith(".log") ? [path] : [];
  });
}

const passwordOf = (ward: RunningWard) => readFileSync(join(ward.dataDir, "postgres.password"), "utf8").trim();

async function asSuperuser<T>(
  ward: RunningWard,
  password: string,
  work: (client: pg.Client) => Promise<T>,
  user = "openward",
) {
  const lines = readFileSync(join(ward.dataDir, "postgres/postmaster.pid"), "utf8").split("\n");
  const [port, folder, address] = [Number(lines[3]), lines[4], lines[5]];
  const client = new pg.Client({ host: folder || address || "127.0.0.1", port, user, password, database: "openward" });
  client.on("error", () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

test("of everything secret in two installs nothing is the same", () => {
  assert.ok(one.secrets.size > 100 && two.secrets.size > 20);
  const places = new Set(one.secrets.values());
  for (const expected of [
    "postgres.password",
    "tls/ca.key",
    "tls/server.key",
    "password of openward",
    "link of the administrator",
    "signing key of applications",
    "key of the audit log",
    "public.oauth_key",
    "public.sign_in_link",
    "public.device_credential",
  ])
    assert.ok(places.has(expected), `${expected} was looked at, of ${[...places].join(", ")}`);
  assert.ok([...places].some((place) => place.startsWith("keys/master.key")));
  const shared = [...one.secrets].filter(([secret]) => two.secrets.has(secret));
  const unexpected = shared.filter(([secret, where]) => !isOfTheProgram(secret, where));
  assert.deepEqual(unexpected, []);
});

/** What opens nothing: what the program brings to every install, the machine's boot in the lock file, what a certificate shows. */
function isOfTheProgram(secret: string, where: string): boolean {
  if (where === "openward.lock" || where.endsWith(".crt") || /^0+$/.test(secret)) return true;
  // Names: of columns, of demo devices, of signals.
  const isName = /^[a-z][a-z0-9]*([_-][a-z0-9]+)+$/.test(secret) && !/^[0-9a-f-]{36}$/.test(secret);
  return isName && where.startsWith("public.");
}

test("what is secret is for one user alone", () => {
  for (const { ward } of [one, two]) {
    for (const file of filesBelow(ward.dataDir).filter((path) => /\.key$|password|token|master/.test(path)))
      assert.equal(statSync(file).mode & 0o077, 0, relative(ward.dataDir, file));
  }
});

const GUESSES = ["", "admin", "password", "changeme", "openward", "demo", "secret", "postgres", "root", "123456"];

test("nothing that one could guess signs a person, a program or a device in", async () => {
  const { ward } = one;
  const status = async (path: string, init: RequestInit) => (await fetch(`${ward.url}${path}`, init)).status;
  const devices = Object.keys(JSON.parse(readFileSync(join(ward.dataDir, "demo-devices.json"), "utf8")));
  assert.ok(devices.length > 0);
  for (const guess of GUESSES) {
    const body = JSON.stringify({ token: guess });
    const headers = { "content-type": "application/json" };
    assert.ok((await status("/api/session", { method: "POST", body, headers })) >= 400, `a link of ${guess}`);
    for (const carried of [{ authorization: `Bearer ${guess}` }, { cookie: `openward_session=${guess}` }] as Record<
      string,
      string
    >[])
      assert.equal(await status("/api/session", { headers: carried }), 401, guess);
    for (const name of ["admin", "postgres", devices[0]]) {
      const authorization = `Basic ${btoa(`${name}:${guess}`)}`;
      // After ten failures the address is held off, which opens nothing either.
      const answer = await status(`/ingest/devices/${devices[0]}/readings`, {
        method: "POST",
        body,
        headers: { ...headers, authorization },
      });
      assert.ok(answer === 401 || answer === 429, `${name}: ${answer}`);
    }
    for (const user of ["postgres", "openward", "openward_api", "openward_worker"])
      await assert.rejects(
        asSuperuser(ward, guess === "" ? "x" : guess, async () => {}, user),
        (error: { code?: string }) => /^28/.test(error.code ?? ""),
        `${user} with ${guess}`,
      );
  }
  await assert.rejects(mqtt.connectAsync(`mqtt://127.0.0.1:${ward.mqttPort}`, { reconnectPeriod: 0 }, false));
});

test("what opens one install opens the other not", async () => {
  const { token } = await one.ward.json<{ token: string }>("token", "issue", "--role", "administrator");
  const ask = async (ward: RunningWard) =>
    (await fetch(`${ward.url}/api/session`, { headers: { authorization: `Bearer ${token}` } })).status;
  assert.deepEqual([await ask(one.ward), await ask(two.ward)], [200, 401]);
  const link = new URL(one.ward.links.administrator ?? "").hash.replace("#token=", "");
  const signIn = async (ward: RunningWard) =>
    (
      await fetch(`${ward.url}/api/session`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ token: link }),
      })
    ).status;
  assert.deepEqual([await signIn(two.ward), await signIn(one.ward)], [401, 200]);
  await assert.rejects(
    asSuperuser(two.ward, passwordOf(one.ward), async () => {}),
    (error: { code?: string }) => error.code === "28P01",
  );
});
