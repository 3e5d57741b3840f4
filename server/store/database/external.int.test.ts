import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { OutsideTrouble, RefusedInput } from "@openward/errors";
import { systemRuntime } from "@openward/runtime/system";
import pg from "pg";
import { lastingPort } from "../../../test/support/ports.ts";
import { openDatabase } from "./index.ts";
import { isRunning } from "./lock.ts";
import { systemUser } from "./system-user.ts";
import { openTestDatabase, quietLog, temporaryDataDir } from "./testing/database.ts";

/** The machine's own PostgreSQL, as an operator has it; 15 is the oldest that is supported. */
function installed(): { version: string; bin: string } | undefined {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).filter((version) => Number(version) >= 15) : [];
  const version = versions.sort((a, b) => Number(a) - Number(b))[0];
  return version === undefined ? undefined : { version, bin: join(root, version, "bin") };
}

const found = installed();

describe("an external PostgreSQL", {
  skip: found ? false : "no PostgreSQL from the system's packages is installed",
}, () => {
  const { version, bin } = found ?? { version: "", bin: "" };
  const user = systemUser("/no cluster yet");
  const as = user ? { uid: user.uid, gid: user.gid } : {};
  let folder: string;
  let dataDir: string;
  let port: number;
  let pid = 0;
  const url = (login: string, database = "openward") => `postgresql://${login}@127.0.0.1:${port}/${database}`;
  const open = (login: string) => openDatabase({ dataDir, url: url(login), runtime: systemRuntime, log: quietLog });
  const admin = async (sql: string, database = "postgres") => {
    const client = new pg.Client(url("admin", database));
    await client.connect();
    try {
      return await client.query(sql);
    } finally {
      await client.end();
    }
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "openward-test-pg-"));
    dataDir = temporaryDataDir();
    if (user) chownSync(folder, user.uid, user.gid);
    chmodSync(folder, 0o700);
    execFileSync(join(bin, "initdb"), ["-N", "-D", folder, "-U", "admin", "-A", "trust", "-E", "UTF8", "--locale=C"], {
      ...as,
      cwd: "/",
      stdio: "pipe",
    });
    port = await lastingPort();
    const child = spawn(
      join(bin, "postgres"),
      ["-D", folder, "-p", String(port), "-k", "", "-c", "listen_addresses=127.0.0.1"],
      { ...as, cwd: "/", stdio: "ignore" },
    );
    pid = child.pid ?? 0;
    for (const end = performance.now() + 120_000; ; ) {
      try {
        await admin("CREATE ROLE ward LOGIN CREATEROLE");
        break;
      } catch (error) {
        if (performance.now() > end) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    await admin("CREATE DATABASE openward OWNER ward");
  });

  after(async () => {
    if (pid) process.kill(pid, "SIGINT");
    while (pid && isRunning(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
    for (const dir of [folder, dataDir]) rmSync(dir, { recursive: true, force: true });
  });

  test(`version ${version}: an ordinary login that owns the database is enough`, async () => {
    const database = await open("ward");
    try {
      assert.ok(database.durability.version.startsWith(`${version}.`));
      assert.equal(database.embedded, null);
      assert.ok(database.migrated.length >= 1);
      for (const role of ["api", "ingest", "worker"] as const) {
        assert.deepEqual((await database[role].query("SELECT current_user AS role")).rows, [
          { role: `openward_${role}` },
        ]);
      }
      await assert.rejects(database.api.query("SELECT * FROM schema_migration"), /permission denied/);
    } finally {
      await database.close();
    }
  });

  test("a second start finds everything there, beside commands", async () => {
    const database = await open("ward");
    const command = await openDatabase({
      dataDir,
      url: url("ward"),
      mode: "command",
      runtime: systemRuntime,
      log: quietLog,
    });
    assert.deepEqual(database.migrated, []);
    await command.close();
    await database.close();
  });

  test("two data directories may start on it together", async () => {
    const other = temporaryDataDir();
    await admin("CREATE DATABASE race OWNER ward");
    const both = [dataDir, other].map((dir) =>
      openDatabase({ dataDir: dir, url: url("ward", "race"), runtime: systemRuntime, log: quietLog }),
    );
    const databases = await Promise.all(both);
    assert.equal(databases.filter(({ migrated }) => migrated.length > 0).length, 1);
    await Promise.all(databases.map((database) => database.close()));
    rmSync(other, { recursive: true });
  });

  test("a login that may neither make the roles nor has them is refused with what it needs", async () => {
    await admin("CREATE ROLE weak LOGIN; GRANT ALL ON DATABASE openward TO weak");
    await assert.rejects(open("weak"), (error: unknown) => {
      assert.ok(error instanceof RefusedInput && error.code === "CONFIG_INVALID", String(error));
      assert.match(error.message, /OPENWARD_DATABASE_URL.*openward_api/);
      return true;
    });
  });

  test("a database that does not answer is named by its setting, without the password", async () => {
    const nowhere = await lastingPort();
    await assert.rejects(
      openDatabase({
        dataDir,
        url: `postgresql://ward:geheim@127.0.0.1:${nowhere}/openward`,
        runtime: systemRuntime,
        log: quietLog,
      }),
      (error: unknown) => {
        assert.ok(error instanceof OutsideTrouble && error.code === "DATABASE_UNREACHABLE", String(error));
        assert.match(error.message, /OPENWARD_DATABASE_URL/);
        assert.doesNotMatch(error.message, /geheim/);
        return true;
      },
    );
  });

  test("one that is set not to flush for this login is refused", async () => {
    await admin("ALTER ROLE ward SET synchronous_commit = off");
    try {
      await assert.rejects(
        open("ward"),
        (error: unknown) => error instanceof OutsideTrouble && error.code === "DATABASE_NOT_DURABLE",
      );
    } finally {
      await admin("ALTER ROLE ward RESET synchronous_commit");
    }
  });
});

test("version 18: a login that made the roles itself may take them on", async () => {
  const [empty, dataDir] = [temporaryDataDir(), temporaryDataDir()];
  const cluster = await openTestDatabase({ migrations: empty });
  try {
    await cluster.owner.query("CREATE ROLE ward LOGIN CREATEROLE PASSWORD 'secret'");
    await cluster.owner.query("DROP ROLE openward_api");
    await cluster.owner.query("DROP ROLE openward_ingest, openward_worker");
    await cluster.owner.query("CREATE DATABASE ward OWNER ward");
    const host = encodeURIComponent(String(cluster.embedded?.login.host));
    const url = `postgresql:///ward?host=${host}&port=5432&user=ward&password=secret`;
    const database = await openDatabase({ dataDir, url, allowUndurable: true, runtime: systemRuntime, log: quietLog });
    assert.deepEqual((await database.api.query("SELECT current_user AS role")).rows, [{ role: "openward_api" }]);
    await database.close();
  } finally {
    await cluster.close();
    for (const dir of [empty, dataDir]) rmSync(dir, { recursive: true });
  }
});
