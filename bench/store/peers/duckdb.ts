import { join } from "node:path";
import {
  BIGINT,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBInstance,
  type DuckDBType,
  type DuckDBValue,
  FLOAT,
  INTEGER,
  SMALLINT,
  UTINYINT,
} from "@duckdb/node-api";
import { ecgTime } from "../ecg.ts";
import { BUCKETS, type StoreSystem } from "../system.ts";
import { timeOf, valueAt } from "../workload.ts";

/** In this process, through its appender; a transaction a batch, flushed at each commit. */
export const duckDb: StoreSystem = {
  name: "DuckDB 1.5 (in process)",
  isDurable: true,
  missing: () => undefined,
  async open(folder, workload) {
    const file = join(folder, "ward.duckdb");
    const instance = await DuckDBInstance.create(file, { threads: "2" });
    const db = await instance.connect();
    const { vitals, rows, start } = workload;
    await db.run("CREATE TABLE reading (patient INTEGER, vital UTINYINT, t BIGINT, value FLOAT)");
    await db.run("CREATE TABLE ecg (patient INTEGER, t BIGINT, sample SMALLINT)");
    const rowsOf = async (sql: string) => (await db.runAndReadAll(sql)).getRows();
    const number = async (sql: string) => Number((await rowsOf(sql))[0]?.[0]);
    /** Sorted and written anew: what it packs best, as one would keep it. */
    const settle = async (table: string, order: string) => {
      await db.run(`CREATE TABLE sorted AS SELECT * FROM ${table} ORDER BY ${order}`);
      await db.run(`DROP TABLE ${table}`);
      await db.run(`ALTER TABLE sorted RENAME TO ${table}`);
      await db.run("CHECKPOINT");
    };
    const used = async () => {
      const [row] = await rowsOf("SELECT block_size * used_blocks FROM pragma_database_size()");
      return Number(row?.[0]);
    };
    const newest = "SELECT patient, vital, arg_max(value, t), max(t) FROM reading";
    const readings = await appendingTo(db, "reading", [INTEGER, UTINYINT, BIGINT, FLOAT]);
    const waveforms = await appendingTo(db, "ecg", [INTEGER, BIGINT, SMALLINT]);
    let ecgStart = 0;
    let before = 0;

    return {
      connections: 1,
      prepare({ patient, first, rows: many }) {
        const columns: DuckDBValue[][] = [[], [], [], []];
        for (let v = 0; v < vitals.length; v++) {
          for (let i = 0; i < many; i++) {
            columns[0]?.push(patient);
            columns[1]?.push(v);
            columns[2]?.push(BigInt(timeOf(workload, first + i)));
            columns[3]?.push(valueAt(workload, patient, v, first + i));
          }
        }
        return { send: async () => readings.append(columns) };
      },
      settle() {
        readings.close();
        return settle("reading", "patient, vital, t");
      },
      count: () => number("SELECT count(*) FROM reading"),
      bytes: used,
      queries: {
        latest: async (patient) => (await rowsOf(`${newest} WHERE patient = ${patient} GROUP BY ALL`)).length,
        raw: async (patient, v) =>
          (await rowsOf(`SELECT t, value FROM reading WHERE patient = ${patient} AND vital = ${v} ORDER BY t`)).length,
        async trend(patient) {
          const bucket = `(t - ${start}) // ${(rows * 1000) / BUCKETS}`;
          const sql = `SELECT vital, ${bucket} AS bucket, min(value), max(value), avg(value) FROM reading
            WHERE patient = ${patient} GROUP BY ALL ORDER BY ALL`;
          return (await rowsOf(sql)).length;
        },
        ward: async () => (await rowsOf(`${newest} GROUP BY ALL`)).length,
      },
      ecg: {
        async begin(ecg) {
          ecgStart = ecg.start;
          before = await used();
        },
        prepare({ patient, first, samples }) {
          const patients = Array.from(samples, () => patient);
          const times = Array.from(samples, (_, i) => BigInt(ecgTime({ start: ecgStart }, first + i)));
          return { send: async () => waveforms.append([patients, times, Array.from(samples)]) };
        },
        settle() {
          waveforms.close();
          return settle("ecg", "patient, t");
        },
        count: () => number("SELECT count(*) FROM ecg"),
        bytes: async () => (await used()) - before,
      },
      async close() {
        db.closeSync();
        instance.closeSync();
      },
    };
  },
};

interface Appending {
  append(columns: readonly (readonly DuckDBValue[])[]): void;
  close(): void;
}

/** An appender that stays open; each flush is a transaction of its own. */
async function appendingTo(db: DuckDBConnection, table: string, types: readonly DuckDBType[]): Promise<Appending> {
  const appender = await db.createAppender(table);
  return {
    append(columns) {
      const chunk = DuckDBDataChunk.create(types);
      chunk.setColumns(columns);
      appender.appendDataChunk(chunk);
      appender.flushSync();
    },
    close: () => appender.closeSync(),
  };
}
