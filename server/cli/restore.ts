import { OutsideTrouble, RefusedInput } from "@openward/errors";
import { systemRuntime } from "@openward/runtime/system";
import type { Command } from "commander";
import type { Pool } from "pg";
import { type Config, readConfig } from "../config.ts";
import { createLog } from "../log.ts";
import { type Backup, findBackup, finishRestore, restoreBackup } from "../store/backup/index.ts";
import { lockHolder, openDatabase, readMigrations, stopLeftover } from "../store/database/index.ts";
import { boundStore, openKeyStore, readStoreHeader, replayErasures, restoreKeyStore } from "../store/keys/index.ts";
import { print, tell } from "./output.ts";

export function addRestoreCommand(program: Command): void {
  program
    .command("restore <backup>")
    .description(
      "put a backup, or the newest of a folder of them, into an empty data directory (and an empty database)",
    )
    .option("--keys <folder>", "a copy of the key store, made by `keys backup`, that is put into place first")
    .option("--json", "print one JSON object")
    .action(restore);
}

async function restore(path: string, options: { keys?: string; json?: boolean }): Promise<void> {
  const config = readConfig(process.env);
  const { dataDir, keyDir } = config;
  const isJson = options.json ?? false;
  const holder = lockHolder(dataDir);
  if (holder) {
    const expected = "a data directory that nobody uses";
    throw new OutsideTrouble("DATA_DIR_IN_USE", true, { at: dataDir, expected, received: `process ${holder.pid}` });
  }
  const backup = findBackup(path);
  refuseOtherKeys(backup, options.keys ?? keyDir);
  let erased = 0;
  const { takenAt, backups, rows, bytes } = await restoreBackup({
    backup,
    dataDir,
    keyDir,
    isEmbedded: config.databaseUrl === null,
    migrations: await readMigrations(),
    progress: (text) => !isJson && tell(`openward: ${text}`),
    beforeFilling: async () => {
      // Of a restore that was killed PostgreSQL may still run.
      await stopLeftover(dataDir, systemRuntime);
    },
    async withDatabase(schemaVersion, work) {
      const database = await openDatabase({
        dataDir,
        url: config.databaseUrl,
        runtime: systemRuntime,
        log: createLog("silent"),
        restoring: { schemaVersion },
      });
      try {
        await work(database.ownerConfig);
        if (options.keys) restoreKeyStore(options.keys, keyDir);
        erased = await eraseAgain(database.worker, config);
      } finally {
        await database.close();
      }
    },
  });
  await finishRestore(dataDir);
  print(
    isJson,
    { ok: true, folder: backup.folder, takenAt, backups, rows, bytes, erased, archive: backup.archive.length },
    [
      `${backup.folder} (of ${new Date(takenAt).toISOString()}, ${backups} in its chain) is in ${dataDir}: ${rows} rows.`,
      `${erased} rows of patients who were erased since are deleted again.`,
      ...(backup.archive.length > 0
        ? [`${backup.archive.length} files of the archive belong to it and are not in it.`]
        : []),
      "Start the server, then `openward store verify`.",
    ],
  );
}

/** Before anything is touched: without its keys nothing of it can be read. */
function refuseOtherKeys({ keyStore }: Backup, place: string): void {
  if (!keyStore) return;
  const found = readStoreHeader(place);
  if (found?.id === keyStore.id) return;
  throw new RefusedInput("KEY_STORE_MISSING", {
    at: "--keys",
    expected: `a copy of key store ${keyStore.id}, or the store itself in ${place}`,
    received: found ? `key store ${found.id}` : "no key store",
  });
}

/** Whoever was erased since the backup is erased again, before anything is served (docs/adr/0015-keys-and-erasure.md). */
async function eraseAgain(worker: Pool, { keyDir }: Config): Promise<number> {
  const boundTo = await boundStore(worker);
  if (!boundTo) return 0;
  const keys = await openKeyStore({
    folder: keyDir,
    kms: null,
    boundTo,
    runtime: systemRuntime,
    log: createLog("warn"),
  });
  try {
    return await replayErasures(worker, keys, systemRuntime.clock.now());
  } finally {
    keys.close();
  }
}
