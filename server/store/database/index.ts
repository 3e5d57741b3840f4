import { existsSync } from "node:fs";
import { join } from "node:path";
import { OutsideTrouble, RefusedInput } from "@openward/errors";
import type { Runtime, Timers } from "@openward/runtime";
import type { ClientConfig, Pool } from "pg";
import { clientConfig, createPool, type Login, loginFromUrl } from "./connection.ts";
import { ensureDataDirectory, takeDataDirectory } from "./data-directory.ts";
import { type Durability, readDurability, refuseUndurable } from "./durability.ts";
import { attachEmbedded, type EmbeddedServer, startEmbedded } from "./embedded.ts";
import { lockHolder } from "./lock.ts";
import { migrate } from "./migrate.ts";
import type { Database, Log } from "./ports.ts";
import { until } from "./postmaster.ts";
import { ensureRoles } from "./roles.ts";

export { ensureDataDirectory } from "./data-directory.ts";
export type { Durability } from "./durability.ts";
export { stopLeftover } from "./embedded.ts";
export { lockHolder } from "./lock.ts";
export { type Migration, readMigrations } from "./migrate.ts";

export interface DatabaseOptions {
  readonly dataDir: string;
  /** The operator's own PostgreSQL; left out or null: the embedded one in the data directory. */
  readonly url?: string | null;
  /**
   * "serve" holds the data directory for this process alone. "command" is the command line: it uses the server that
   * runs there, or starts one for as long as it takes.
   */
  readonly mode?: "serve" | "command";
  readonly runtime: Runtime;
  readonly log: Log;
  /** Only for tests: accept a database that does not flush. */
  readonly allowUndurable?: boolean;
  /** Settings of the embedded PostgreSQL over ours. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Another folder of migrations, for tests. */
  readonly migrations?: string;
  /** This is the restore that the directory waits for; the schema goes up to this version. */
  readonly restoring?: { readonly schemaVersion: number };
}

export interface OpenedDatabase extends Database {
  /** For a client of its own under the login that owns the tables. */
  readonly ownerConfig: ClientConfig;
  /** The embedded server, when we run it. */
  readonly embedded: EmbeddedServer | null;
  readonly durability: Durability;
  /** Names of the migrations that this start applied. */
  readonly migrated: readonly string[];
}

const POOL_SIZE = { api: 12, ingest: 4, worker: 10, owner: 2 } as const;

/**
 * The database, started where it is ours to start, checked for durability, with its roles and the newest schema.
 *
 * @throws OutsideTrouble DATA_DIR_UNWRITABLE, DATA_DIR_IN_USE, DATA_DIR_NEWER, DATABASE_UNREACHABLE, DATABASE_NOT_DURABLE,
 *   MIGRATION_CHANGED; RefusedInput CONFIG_INVALID, RESTORE_UNFINISHED
 */
export async function openDatabase(options: DatabaseOptions): Promise<OpenedDatabase> {
  const { dataDir, runtime, log, mode = "serve" } = options;
  const url = options.url || null;
  if (!options.restoring) refuseUnfinished(dataDir);
  if (mode === "command") {
    const login = url ? loginFromUrl(url) : await findServer(dataDir, runtime.timers);
    if (login) return connect(login, null, options, async () => {});
  }
  ensureDataDirectory(dataDir);
  const lock = await takeDataDirectory(dataDir, mode, runtime.timers);
  let embedded: EmbeddedServer | null = null;
  const stop = async () => {
    await embedded?.close();
    lock.release();
  };
  try {
    if (!url) embedded = await startEmbedded({ dataDir, runtime, log, settings: options.settings ?? {} });
    const login = embedded?.login ?? loginFromUrl(url as string);
    return await connect(login, embedded, options, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A restore that was cut off has left half of what there was: it would pass for everything. */
function refuseUnfinished(dataDir: string): void {
  if (!existsSync(join(dataDir, RESTORE_UNFINISHED))) return;
  const expected = "the same `openward restore` again, or an empty folder";
  throw new RefusedInput("RESTORE_UNFINISHED", { at: "OPENWARD_DATA_DIR", expected, received: dataDir });
}

/** The file that a restore leaves last. */
export const RESTORE_UNFINISHED = "restore.unfinished";

const STARTING_MS = 10_000;

// Where a server has just taken the directory, its PostgreSQL is a moment away.
function findServer(dataDir: string, timers: Timers): Promise<Login | null> {
  return until(timers, STARTING_MS, () => {
    const isServing = lockHolder(dataDir)?.mode === "serve";
    return attachEmbedded(dataDir) ?? (isServing ? undefined : null);
  });
}

async function connect(
  login: Login,
  embedded: EmbeddedServer | null,
  options: DatabaseOptions,
  stop: () => Promise<void>,
): Promise<OpenedDatabase> {
  const { log } = options;
  let isClosing = false;
  // The error itself carries the client with its password: only its words go into the log.
  const onLost = (error: Error) => {
    if (!isClosing) log.warn({ reason: error.message }, "a connection to PostgreSQL was lost");
  };
  const owner = createPool(clientConfig(login), POOL_SIZE.owner, onLost);
  const pools: Pool[] = [owner];
  const poolOf = (role: "api" | "ingest" | "worker") => {
    const pool = createPool(clientConfig(login, role), POOL_SIZE[role], onLost);
    pools.push(pool);
    return pool;
  };
  const close = async () => {
    isClosing = true;
    await Promise.all(pools.map((pool) => pool.end()));
    await stop();
  };
  try {
    const durability = await readDurability(owner);
    if (!options.allowUndurable) refuseUndurable(durability);
    await ensureRoles(owner, login.roleSecret);
    const migrated = await migrate(owner, options.migrations, options.restoring?.schemaVersion);
    if (migrated.length > 0) log.info({ migrated }, "the schema is up to date");
    return {
      api: poolOf("api"),
      ingest: poolOf("ingest"),
      worker: poolOf("worker"),
      owner,
      connectionConfig: (role) => clientConfig(login, role),
      ownerConfig: clientConfig(login),
      embedded,
      durability,
      migrated,
      close,
    };
  } catch (error) {
    await Promise.all(pools.map((pool) => pool.end().catch(() => {})));
    throw explain(error, options);
  }
}

function explain(error: unknown, options: DatabaseOptions): unknown {
  if (error instanceof OutsideTrouble || error instanceof RefusedInput) return error;
  const code = (error as { code?: string }).code ?? "";
  const isConnection =
    /^(E[A-Z]+|08...|28...|3D000|57P0.)$/.test(code) || /timeout|terminated/i.test((error as Error).message ?? "");
  if (!isConnection) return error;
  const at = options.url ? "OPENWARD_DATABASE_URL" : "embedded PostgreSQL";
  return new OutsideTrouble("DATABASE_UNREACHABLE", true, { at, received: code }, { cause: error });
}
