import type { OutsideTrouble } from "@openward/errors";
import type { Runtime } from "@openward/runtime";
import { createAccess } from "./access/index.ts";
import type { Config } from "./config.ts";
import type { Logger } from "./log.ts";
import { openDatabase } from "./store/database/index.ts";
import { becomeOnlyWriter, type OnlyWriter } from "./store/database/only-writer.ts";
import { createRegistry, createTables, openDirectory } from "./store/registry/index.ts";

/** What the server and the command line both stand on: database, registries, who is allowed what. */
export type Foundation = Awaited<ReturnType<typeof openFoundation>>;

export async function openFoundation(options: {
  config: Config;
  mode: "serve" | "command";
  runtime: Runtime;
  log: Logger;
  /** Another server writes to the database now: this one must stop. */
  onSuperseded?: (error: OutsideTrouble) => void;
}) {
  const { config, mode, runtime, log, onSuperseded = () => {} } = options;
  const database = await openDatabase({
    dataDir: config.dataDir,
    url: config.databaseUrl,
    mode,
    runtime,
    log,
    allowUndurable: config.undurable === "yes",
  });
  let writer: OnlyWriter | undefined;
  try {
    const { worker, owner } = database;
    if (mode === "serve") writer = await becomeOnlyWriter({ owner, timers: runtime.timers, log, onSuperseded });
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
        writer?.release();
        await database.close();
      },
    };
  } catch (error) {
    writer?.release();
    await database.close();
    throw error;
  }
}
