import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Runtime } from "@openward/runtime";
import {
  type CheckpointNote,
  createAuditTable,
  type OrganisationRows,
  openWriter,
  type SignedCheckpoint,
  signerOf,
  startKeeper,
  type Writer,
} from "./access/audit/index.ts";
import type { Config } from "./config.ts";
import type { Logger } from "./log.ts";
import { createPool } from "./store/database/connection.ts";
import type { Database } from "./store/database/ports.ts";
import { createSpool, folderDisk } from "./store/journal/index.ts";
import { type KeyStore, writeNewFile } from "./store/keys/index.ts";
import { statement } from "./store/registry/index.ts";

/** A statement that takes longer has no answer: its records go to the spool, and their ids tell whether it came through. */
const STATEMENT_MS = 5_000;
/** One that writes, one for what is looked after beside it. */
const CONNECTIONS = 2;
/** Records of some days at a few hundred bytes each. */
const SPOOL_BYTES = 256 * 1_000_000;

export type Audit = Awaited<ReturnType<typeof openAudit>>;

/** The audit log of a server: its chain, its spool in the data directory, and what signs it. */
export async function openAudit(options: {
  readonly config: Pick<Config, "dataDir">;
  readonly database: Pick<Database, "connectionConfig">;
  readonly keys: Pick<KeyStore, "auditSeed">;
  readonly runtime: Runtime;
  readonly log: Logger;
}) {
  const { config, database, keys, runtime, log } = options;
  const folder = join(config.dataDir, "audit");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const connection = { ...database.connectionConfig("worker"), query_timeout: STATEMENT_MS };
  let opened: Writer | undefined;
  const pool = createPool(connection, CONNECTIONS, (error) => {
    log.warn({ reason: error.message }, "a connection of the audit log was lost");
    opened?.lost();
  });
  try {
    const table = createAuditTable({ rows: (sql, values, name) => statement(pool, sql, values, name) });
    const signer = signerOf(keys.auditSeed());
    const writer = await openWriter({
      node: nodeOf(folder, runtime),
      table,
      spool: createSpool(folderDisk(join(folder, "spool")), SPOOL_BYTES, log),
      runtime,
      log,
    });
    opened = writer;
    const isWritable = () => writer.state === "ok";
    const keeper = startKeeper({ table, recorder: writer, isWritable, signer, note: noteIn(folder), runtime, log });
    return {
      writer,
      /** Reading the log finds all that was answered before. */
      read: (tables: OrganisationRows): OrganisationRows => ({
        async inOrganisation(asker, work) {
          await writer.flush();
          return tables.inOrganisation(asker, work);
        },
      }),
      async close(): Promise<void> {
        await keeper.close();
        await writer.close();
        await pool.end();
      },
    };
  } catch (error) {
    await pool.end();
    throw error;
  }
}

/** Of this data directory: where one is made anew from a backup, a new chain begins beside the old. */
function nodeOf(folder: string, { ids }: Pick<Runtime, "ids">): string {
  const path = join(folder, "node");
  if (!existsSync(path)) writeNewFile(path, Buffer.from(`${ids.uuid()}\n`));
  return readFileSync(path, "utf8").trim();
}

function noteIn(folder: string): CheckpointNote {
  const path = join(folder, "checkpoint.json");
  return {
    async load() {
      if (!existsSync(path)) return undefined;
      const { body, signature } = JSON.parse(readFileSync(path, "utf8")) as { body: string; signature: string };
      return { body, signature: Buffer.from(signature, "base64") } satisfies SignedCheckpoint;
    },
    async save({ body, signature }) {
      const text = JSON.stringify({ body, signature: Buffer.from(signature).toString("base64") });
      writeNewFile(path, Buffer.from(`${text}\n`));
    },
  };
}
