import type { Timers } from "@openward/runtime";
import type { DataKeys } from "../keys/ports.ts";
import type { Connect, SqlConnection, SqlStatement } from "./connection.ts";
import type { JournalLog } from "./ports.ts";
import { type JournalRow, journalStatement, type PlacedEntry, projectionInserts, type RawRow } from "./projections.ts";

/** Writes batches to PostgreSQL, each in one commit, over connections of its own. */
export interface Committer {
  /**
   * Resolves when committed. A rejection says nothing about whether it was: the outcome is unknown. Doing it again is
   * harmless.
   *
   * @param waitMs for an answer, instead of the usual time
   */
  commit(work: Commit, waitMs?: number): Promise<void>;
  /** Resolves when PostgreSQL answers. */
  probe(): Promise<void>;
  close(): Promise<void>;
}

/** What is committed together. */
export interface Commit {
  readonly rows: readonly JournalRow[];
  readonly raws: readonly RawRow[];
  readonly placed: readonly PlacedEntry[];
}

export interface CommitterOptions {
  readonly connect: Connect;
  readonly timers: Timers;
  /** For what is encrypted in the tables too. */
  readonly keys: DataKeys;
  readonly log: JournalLog;
  /** No answer within this time: the connection is given up. */
  readonly timeoutMs: number;
}

// 22 and 23: PostgreSQL refuses the content of a row. It would refuse it again.
const REFUSED_CONTENT = /^(22|23)/;

export function createCommitter({ connect, timers, keys, log, timeoutMs }: CommitterOptions): Committer {
  const idle: SqlConnection[] = [];
  const open = new Set<SqlConnection>();
  let isClosed = false;

  const take = async (): Promise<SqlConnection> => {
    for (let connection = idle.pop(); connection; connection = idle.pop()) {
      if (!connection.isLost()) return connection;
      open.delete(connection);
    }
    const connection = await connect();
    if (isClosed) {
      connection.destroy();
      throw new Error("the journal is closed");
    }
    open.add(connection);
    return connection;
  };

  /** Work on a connection; without an answer in time, or with an error, the connection is not used again. */
  const using = (work: (connection: SqlConnection) => Promise<void>, waitMs = timeoutMs): Promise<void> =>
    new Promise((resolve, reject) => {
      let connection: SqlConnection | undefined;
      let isOver = false;
      const finish = (error?: unknown) => {
        if (isOver) return;
        isOver = true;
        timer.cancel();
        if (error === undefined) {
          if (connection) idle.push(connection);
          resolve();
          return;
        }
        if (connection) {
          open.delete(connection);
          connection.destroy();
        }
        reject(error);
      };
      const timer = timers.after(waitMs, () => finish(new Error(`PostgreSQL gave no answer within ${waitMs} ms`)));
      take()
        .then((taken) => {
          connection = taken;
          if (isOver) {
            // The answer to connecting came too late, but the connection is good.
            idle.push(taken);
            return undefined;
          }
          return work(taken).then(() => finish());
        })
        .catch((error: unknown) => finish(error ?? new Error("PostgreSQL refused")));
    });

  const oneStatement = (statement: SqlStatement, waitMs?: number) =>
    using(async (connection) => {
      await connection.query(statement);
    }, waitMs);

  return {
    async commit({ rows, raws, placed }, waitMs) {
      try {
        await oneStatement(journalStatement(rows, raws, placed, keys), waitMs);
      } catch (error) {
        if (placed.length === 0 || !REFUSED_CONTENT.test((error as { code?: string }).code ?? "")) throw error;
        await using((connection) => commitOneByOne(connection, { rows, raws, placed }, { keys, log }), waitMs);
      }
    },
    probe: () => oneStatement({ text: "SELECT 1" }),
    async close() {
      isClosed = true;
      await Promise.all([...open].map((connection) => connection.close().catch(() => connection.destroy())));
    },
  };
}

/**
 * One entry that a table refuses does not keep the others out, nor the batch out of the journal, where the entry stands
 * as it was said.
 */
async function commitOneByOne(
  connection: SqlConnection,
  { rows, raws, placed: entries }: Commit,
  { keys, log }: Pick<CommitterOptions, "keys" | "log">,
): Promise<void> {
  await connection.query({ text: "BEGIN" });
  await connection.query(journalStatement(rows, raws, [], keys));
  for (const placed of entries) {
    const { inserts, values } = projectionInserts([placed], 1, keys);
    for (const text of inserts) {
      await connection.query({ text: "SAVEPOINT entry" });
      try {
        await connection.query({ text, values });
        await connection.query({ text: "RELEASE SAVEPOINT entry" });
      } catch (error) {
        const code = (error as { code?: string }).code ?? "";
        if (!REFUSED_CONTENT.test(code)) throw error;
        await connection.query({ text: "ROLLBACK TO SAVEPOINT entry" });
        log.error(
          { kind: placed.entry.kind, position: placed.position, ordinal: placed.ordinal, code },
          "a table refused an entry; it is in the journal alone",
        );
      }
    }
  }
  await connection.query({ text: "COMMIT" });
}
