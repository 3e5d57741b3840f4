import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { OutsideTrouble } from "@openward/errors";
import { systemRuntime } from "@openward/runtime/system";
import { openDatabase, stopLeftover } from "./index.ts";
import { isRunning } from "./lock.ts";
import { openTestDatabase, quietLog, temporaryDataDir } from "./testing/database.ts";

const settings = { shared_buffers: "64MB" };
const options = { runtime: systemRuntime, log: quietLog, settings };
const dirs: string[] = [];

function dataDir(): string {
  const dir = temporaryDataDir();
  dirs.push(dir);
  return dir;
}

after(async () => {
  for (const dir of dirs) {
    await stopLeftover(dir, systemRuntime);
    rmSync(dir, { recursive: true, force: true });
  }
});

const isCode = (code: string) => (error: unknown) => error instanceof OutsideTrouble && error.code === code;

async function hold(dir: string): Promise<{ child: ChildProcess; said: Record<string, unknown> }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL("testing/hold.ts", import.meta.url)), dir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await Promise.race([
    once(child.stdout as NonNullable<typeof child.stdout>, "data"),
    once(child, "close").then(([code, signal]) => assert.fail(`it ended (${code ?? signal}) without a word`)),
  ])) as [Buffer];
  return { child, said: JSON.parse(line.toString()) };
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

test("a new data directory becomes a durable database with the whole schema, and opens again with what was in it", async () => {
  const dir = dataDir();
  const first = await openDatabase({ ...options, dataDir: dir });
  assert.deepEqual(first.migrated.slice(0, 1), ["0001-initial"]);
  const { fsync, fullPageWrites, synchronousCommit, version } = first.durability;
  assert.deepEqual(
    { fsync, fullPageWrites, synchronousCommit },
    { fsync: "on", fullPageWrites: "on", synchronousCommit: "on" },
  );
  assert.match(version, /^18\./);
  await first.owner.query("CREATE TABLE kept (n integer); INSERT INTO kept VALUES (42)");
  const pid = first.embedded?.pid() ?? 0;
  await first.close();
  assert.ok(!isRunning(pid), "close stops PostgreSQL");

  const second = await openDatabase({ ...options, dataDir: dir });
  assert.deepEqual(second.migrated, []);
  assert.deepEqual((await second.owner.query("SELECT n FROM kept")).rows, [{ n: 42 }]);
  await second.close();
});

test("the superuser's password is random, and only its owner can read it", async () => {
  const [one, other] = [dataDir(), dataDir()];
  for (const dir of [one, other])
    await (await openDatabase({ ...options, dataDir: dir, migrations: emptyFolder() })).close();
  const files = [one, other].map((dir) => join(dir, "postgres.password"));
  const [a, b] = files.map((file) => readFileSync(file, "utf8").trim());
  assert.notEqual(a, b);
  assert.equal(Buffer.from(a ?? "", "base64url").length, 32);
  assert.equal(statSync(files[0] as string).mode & 0o777, 0o600);
  assert.deepEqual(
    readdirSync(one).filter((name) => /secret|new$/.test(name)),
    [],
  );
});

test("each pool works under a role that owns nothing, reads bigint as number and date as text", async () => {
  const database = await openTestDatabase();
  try {
    for (const role of ["api", "ingest", "worker"] as const) {
      const { rows } = await database[role].query(
        "SELECT current_user AS role, 1795327200000::bigint AS at, '1948-03-21'::date AS born",
      );
      assert.deepEqual(rows, [{ role: `openward_${role}`, at: 1795327200000, born: "1948-03-21" }]);
      await assert.rejects(database[role].query("CREATE TABLE mine ()"), /permission denied/);
      const owned = await database.owner.query("SELECT 1 FROM pg_class WHERE relowner = $1::regrole", [
        `openward_${role}`,
      ]);
      assert.equal(owned.rowCount, 0);
    }
  } finally {
    await database.close();
  }
});

test("a second process on the same data directory is refused, and the first goes on", async () => {
  const dir = dataDir();
  const first = await openDatabase({ ...options, dataDir: dir });
  try {
    const { child, said } = await hold(dir);
    await kill(child);
    assert.equal(said.code, "DATA_DIR_IN_USE");
    assert.match(String(said.message), new RegExp(`process ${process.pid}`));
    await assert.rejects(openDatabase({ ...options, dataDir: dir }), isCode("DATA_DIR_IN_USE"));
    assert.deepEqual((await first.worker.query("SELECT 1 AS one")).rows, [{ one: 1 }]);
  } finally {
    await first.close();
  }
});

test("after kill -9 of its process the running PostgreSQL is used again, without the sessions of the dead", async () => {
  const dir = dataDir();
  let { child, said } = await hold(dir);
  const pid = said.postgres as number;
  for (let round = 0; round < 3; round++) {
    await kill(child);
    assert.ok(isRunning(pid), "PostgreSQL outlives the process");
    ({ child, said } = await hold(dir));
    assert.deepEqual(said, { postgres: pid, reused: true });
  }
  await kill(child);
  const database = await openDatabase({ ...options, dataDir: dir });
  try {
    const { rows } = await database.owner.query("SELECT to_regclass('left_behind') AS found");
    assert.deepEqual(rows, [{ found: null }], "what was under way did not come in later");
  } finally {
    await database.close();
  }
  assert.ok(!isRunning(pid));
});

test("when PostgreSQL was killed as well, the next start recovers it", async () => {
  const dir = dataDir();
  const { child, said } = await hold(dir);
  process.kill(said.postgres as number, "SIGKILL");
  await kill(child);
  const database = await openDatabase({ ...options, dataDir: dir });
  assert.equal(database.embedded?.wasRunning, false);
  await database.close();
});

test("a PostgreSQL that dies is started again at the same place", async () => {
  const database = await openTestDatabase({ dataDir: dataDir() });
  try {
    const pid = database.embedded?.pid() ?? 0;
    process.kill(pid, "SIGKILL");
    const until = performance.now() + 120_000;
    let answer: unknown;
    while (answer === undefined && performance.now() < until) {
      answer = await database.worker.query("SELECT 1 AS one").then(
        ({ rows }) => rows[0],
        () => undefined,
      );
      if (answer === undefined || database.embedded?.pid() === pid) {
        answer = undefined;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    assert.deepEqual(answer, { one: 1 });
  } finally {
    await database.close();
  }
});

test("stopped on purpose it stays down until it is started, and the pools find it again", async () => {
  const database = await openTestDatabase({ dataDir: dataDir() });
  try {
    await database.worker.query("SELECT 1");
    await database.embedded?.stop();
    await assert.rejects(database.worker.query("SELECT 1"));
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    await assert.rejects(database.worker.query("SELECT 1"));
    await database.embedded?.start();
    assert.deepEqual((await database.worker.query("SELECT 1 AS one")).rows, [{ one: 1 }]);
  } finally {
    await database.close();
  }
});

test("a database that does not flush is refused, and names the setting", async () => {
  const dir = dataDir();
  await (await openDatabase({ ...options, dataDir: dir, migrations: emptyFolder() })).close();
  for (const setting of ["fsync", "full_page_writes", "synchronous_commit"]) {
    writeFileSync(join(dir, "postgres", "postgresql.auto.conf"), `${setting} = off\n`);
    await assert.rejects(openDatabase({ ...options, dataDir: dir, migrations: emptyFolder() }), (error: unknown) => {
      assert.ok(isCode("DATABASE_NOT_DURABLE")(error));
      assert.match((error as Error).message, new RegExp(`At ${setting}\\.`));
      return true;
    });
  }
  const allowed = await openDatabase({ ...options, dataDir: dir, migrations: emptyFolder(), allowUndurable: true });
  assert.equal(allowed.durability.synchronousCommit, "off");
  await allowed.close();
});

test("a data directory that cannot be written is refused by the name of its setting", async () => {
  const file = join(dataDir(), "file");
  writeFileSync(file, "");
  for (const dir of [file, join(file, "below"), "/proc/openward"]) {
    await assert.rejects(openDatabase({ ...options, dataDir: dir }), (error: unknown) => {
      assert.ok(isCode("DATA_DIR_UNWRITABLE")(error), String(error));
      assert.match((error as Error).message, /OPENWARD_DATA_DIR/);
      return true;
    });
  }
});

test("as root, a folder that the system user cannot reach is refused with a better one", {
  skip: process.getuid?.() !== 0 && "only root",
}, async () => {
  const closed = dataDir();
  const inside = join(closed, "a", "data");
  mkdirSync(inside, { recursive: true, mode: 0o700 });
  await assert.rejects(openDatabase({ ...options, dataDir: inside }), (error: unknown) => {
    assert.ok(isCode("DATA_DIR_UNWRITABLE")(error));
    assert.match((error as Error).message, /\/var\/lib\/openward/);
    return true;
  });
  assert.equal(statSync(closed).mode & 0o777, 0o700, "folders above are not opened");
});

test("a data directory of another PostgreSQL is refused untouched", async () => {
  const dir = dataDir();
  mkdirSync(join(dir, "postgres"));
  writeFileSync(join(dir, "postgres", "PG_VERSION"), "19\n");
  await assert.rejects(openDatabase({ ...options, dataDir: dir }), isCode("DATA_DIR_NEWER"));
  assert.deepEqual(readdirSync(join(dir, "postgres")), ["PG_VERSION"]);
});

test("a first start that was cut off leaves nothing that hinders the next", async () => {
  const dir = dataDir();
  mkdirSync(join(dir, "postgres.new"));
  writeFileSync(join(dir, "postgres.new", "PG_VERSION"), "18\n");
  writeFileSync(join(dir, "openward.lock"), JSON.stringify({ pid: 999_999_999, startedAs: "long ago", mode: "serve" }));
  const database = await openDatabase({ ...options, dataDir: dir, migrations: emptyFolder() });
  await database.close();
  assert.ok(!existsSync(join(dir, "openward.lock")));
});

test("where the socket's path would be too long, PostgreSQL listens on a free loopback port", async () => {
  const above = dataDir();
  chmodSync(above, 0o711);
  const dir = join(above, "x".repeat(90));
  mkdirSync(dir);
  const database = await openTestDatabase({ dataDir: dir, migrations: emptyFolder() });
  try {
    assert.equal(database.embedded?.login.host, "127.0.0.1");
    assert.deepEqual((await database.api.query("SELECT 1 AS one")).rows, [{ one: 1 }]);
  } finally {
    await database.close();
  }
});

test("a command uses the server that runs, or one of its own for as long as it takes", async () => {
  const dir = dataDir();
  const command = { ...options, dataDir: dir, mode: "command" as const };
  const alone = await openDatabase(command);
  const pid = alone.embedded?.pid() ?? 0;
  const waiting = openDatabase({ ...options, dataDir: dir });
  await alone.close();
  const server = await waiting;
  try {
    assert.notEqual(server.embedded?.pid(), pid);
    const beside = await openDatabase(command);
    assert.equal(beside.embedded, null);
    assert.deepEqual((await beside.worker.query("SELECT 1 AS one")).rows, [{ one: 1 }]);
    await beside.close();
    assert.deepEqual((await server.worker.query("SELECT 1 AS one")).rows, [{ one: 1 }]);
  } finally {
    await server.close();
  }
});

/** No migrations: what is tested does not need the schema. */
function emptyFolder(): string {
  return dataDir();
}

test("a connection that is lost in the midst of a transaction fails its query and not the process", async () => {
  const database = await openTestDatabase();
  const client = await database.worker.connect();
  await client.query("BEGIN");
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  const ended = new Promise((resolve) => client.once("end", resolve));
  await database.owner.query("SELECT pg_terminate_backend($1)", [rows[0]?.pid]);
  await ended;
  await assert.rejects(client.query("SELECT 1"));
  client.release(true);
  assert.equal((await database.worker.query("SELECT 1 AS one")).rows[0].one, 1);
  await database.close();
});

test("a session of a role cannot become its owner", async () => {
  const database = await openTestDatabase();
  try {
    for (const role of ["api", "ingest", "worker"] as const) {
      const client = await database[role].connect();
      const { rows } = await client.query(
        "SELECT session_user::text, current_user::text, rolsuper FROM pg_roles WHERE rolname = session_user",
      );
      assert.deepEqual(rows[0], {
        session_user: `openward_${role}`,
        current_user: `openward_${role}`,
        rolsuper: false,
      });
      await client.query("RESET ROLE");
      await client.query("SET ROLE NONE");
      await assert.rejects(client.query("DROP TABLE journal"), /must be owner/);
      await assert.rejects(client.query("SET ROLE openward"), /permission denied/);
      client.release(true);
    }
  } finally {
    await database.close();
  }
});
