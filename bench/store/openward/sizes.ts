import { setTimeout as wait } from "node:timers/promises";
import { systemRuntime } from "@openward/runtime/system";
import type { Pool } from "pg";
import { type OpenedDatabase, openDatabase } from "../../../server/store/database/index.ts";

const quiet = { info: () => {}, warn: () => {}, error: () => {} };

export interface TableSizes {
  /** Blocks, rollups and their indexes: what telemetry costs for good. */
  readonly telemetry: number;
  /** What was accepted in the last days, as it came. */
  readonly journal: number;
  /** Everything else: people, devices, alarms. */
  readonly rest: number;
  readonly byTable: Readonly<Record<string, number>>;
}

/** The database of a running server, beside it. */
export interface Inspection {
  readonly owner: Pool;
  /** By pg_total_relation_size, after VACUUM. */
  sizes(): Promise<TableSizes>;
  /**
   * Resolves when a run of the sealer that began after now is over.
   *
   * @param quietMs longer than the minute between two runs: whatever follows is over as well
   */
  sealed(quietMs?: number): Promise<void>;
  /** Is a sealing transaction under way? */
  isSealing(): Promise<boolean>;
  close(): Promise<void>;
}

const TELEMETRY = /^(block|rollup|overview|segment|day|pyramid)/;
const QUIET_MS = 5_000;
/** Longer than the minute between two runs: then none was needed, since one that began before saw everything. */
const NOTHING_MORE_MS = 75_000;
const SEALED_WITHIN_MS = 30 * 60_000;

export async function inspect(dataDir: string): Promise<Inspection> {
  const database: OpenedDatabase = await openDatabase({
    dataDir,
    mode: "command",
    runtime: systemRuntime,
    log: quiet,
  });
  const { owner } = database;
  const one = async (sql: string) => Number(Object.values((await owner.query(sql)).rows[0] ?? {})[0] ?? 0);
  const isSealing = async () =>
    (await one(
      `SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
        WHERE c.relname = 'block' AND l.granted AND l.mode = 'RowExclusiveLock'`,
    )) > 0;
  return {
    owner,
    isSealing,
    async sizes() {
      const { rows: tables } = await owner.query<{ name: string }>(
        `SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE c.relkind = 'r' AND n.nspname = 'public'`,
      );
      const byTable: Record<string, number> = {};
      for (const { name } of tables) {
        if (TELEMETRY.test(name)) await owner.query(`VACUUM ${name}`);
        byTable[name] = await one(`SELECT pg_total_relation_size('${name}')`);
      }
      const sum = (fits: (name: string) => boolean) =>
        Object.entries(byTable).reduce((all, [name, bytes]) => all + (fits(name) ? bytes : 0), 0);
      return {
        telemetry: sum((name) => TELEMETRY.test(name)),
        journal: sum((name) => name.startsWith("journal")),
        rest: sum((name) => !TELEMETRY.test(name) && !name.startsWith("journal")),
        byTable,
      };
    },
    async sealed(quietMs = QUIET_MS) {
      const from = Date.now();
      const until = from + SEALED_WITHIN_MS;
      let quietSince = Date.now();
      let last = "";
      while (Date.now() < until) {
        await wait(500);
        const { rows } = await owner.query("SELECT count(*) AS n, max(sealed_at) AS at FROM block");
        const now = JSON.stringify(rows);
        if (now !== last || (await isSealing())) {
          last = now;
          quietSince = Date.now();
        }
        const quietFor = Date.now() - quietSince;
        if (quietFor > NOTHING_MORE_MS || (Number(rows[0]?.at) >= from && quietFor > quietMs)) return;
      }
      throw new Error("the sealer is not done");
    },
    close: () => database.close(),
  };
}
