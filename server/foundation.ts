import { OutsideTrouble } from "@openward/errors";
import type { Runtime } from "@openward/runtime";
import { createAccess } from "./access/index.ts";
import type { Config } from "./config.ts";
import type { Logger } from "./log.ts";
import { openDatabase } from "./store/database/index.ts";
import type { Database } from "./store/database/ports.ts";
import { createRegistry, createTables, openDirectory } from "./store/registry/index.ts";

/** What the server and the command line both stand on: database, registries, who is allowed what. */
export type Foundation = Awaited<ReturnType<typeof openFoundation>>;

export async function openFoundation(options: {
  config: Config;
  mode: "serve" | "command";
  runtime: Runtime;
  log: Logger;
}) {
  const { config, mode, runtime, log } = options;
  const database = await openDatabase({
    dataDir: config.dataDir,
    url: config.databaseUrl,
    mode,
    runtime,
    log,
    allowUndurable: config.undurable === "yes",
  });
  try {
    const { worker } = database;
    const writer = mode === "serve" ? await becomeOnlyWriter(database, runtime) : undefined;
    const directory = await openDirectory({ worker, listen: database.connectionConfig("worker"), runtime, log });
    const registry = createRegistry({ api: database.api, worker, runtime, changed: directory.changed });
    const access = createAccess({
      tables: createTables(database),
      changes: directory,
      people: registry.people,
      runtime,
      isSecure: config.publicUrl?.startsWith("https:") ?? false,
      log,
    });
    return {
      database,
      directory,
      access,
      ...registry,
      async close() {
        access.close();
        await directory.close();
        writer?.release(true);
        await database.close();
      },
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Any number; the same in every Openward. */
const WRITER_LOCK = 7_077_234;
const TRIES = 50;
const TRY_EVERY_MS = 100;

/**
 * Tails and the journal's watermark are one process's: a second server on the same database, with a data directory of
 * its own, is refused. The session of a server that was killed may take a moment to end.
 *
 * @throws OutsideTrouble DATA_DIR_IN_USE
 */
async function becomeOnlyWriter({ owner }: Database, { timers }: Runtime) {
  const client = await owner.connect();
  // The lock is held as long as the session; when that is lost, the database has restarted and others are out as well.
  client.on("error", () => {});
  for (let tries = 0; tries < TRIES; tries++) {
    const { rows } = await client.query<{ locked: boolean }>("SELECT pg_try_advisory_lock($1) AS locked", [
      WRITER_LOCK,
    ]);
    if (rows[0]?.locked) return client;
    await new Promise<void>((resolve) => void timers.after(TRY_EVERY_MS, resolve));
  }
  client.release();
  throw new OutsideTrouble("DATA_DIR_IN_USE", true, {
    at: "OPENWARD_DATABASE_URL",
    expected: "a database that no other Openward uses",
  });
}
