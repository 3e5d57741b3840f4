import { systemRuntime } from "@openward/runtime/system";
import pg from "pg";
import { openDatabase } from "../../../server/store/database/index.ts";
import { ecgTime } from "../ecg.ts";
import { BUCKETS, type Prepared, type StoreSystem } from "../system.ts";
import { timeOf, valueAt, type Workload } from "../workload.ts";

const CONNECTIONS = 16;
const quiet = { info: () => {}, warn: () => {}, error: () => {} };

interface Layout {
  readonly name: string;
  readonly tables: string;
  /** One statement, one commit; parameters of `values`. */
  readonly insert: string;
  values(workload: Workload, patient: number, first: number, rows: number): unknown[];
  readonly count: string;
  /** $1 patient */
  readonly latest: string;
  /** $1 patient; the vital by name where it is a column */
  raw(vital: number): { text: string; values: unknown[] };
  /** $1 patient, $2 start, $3 length of a bucket, ms; a row is a bucket of one signal, or of `perRow` signals */
  readonly trend: string;
  readonly perRow: number;
  readonly ward: string;
}

/** The PostgreSQL that Openward brings, flushing every commit, as a peer without Openward. */
function postgreSql(layoutOf: (workload: Workload) => Layout, name: string, hasEcg: boolean): StoreSystem {
  return {
    name,
    isDurable: true,
    missing: () => undefined,
    async open(folder, workload) {
      const settings = { shared_buffers: "512MB", max_wal_size: "4GB" };
      const database = await openDatabase({ dataDir: folder, runtime: systemRuntime, log: quiet, settings });
      const { owner } = database;
      const login = database.connectionConfig("worker");
      const { options: _, ...plain } = login;
      const clients = await Promise.all(
        Array.from({ length: CONNECTIONS }, async () => {
          const client = new pg.Client(plain);
          await client.connect();
          return client;
        }),
      );
      const layout = layoutOf(workload);
      await owner.query(layout.tables);
      await owner.query("GRANT ALL ON vitals TO PUBLIC");
      const prepared = (key: string, text: string, values: unknown[]): Prepared => ({
        async send(connection) {
          await clients[connection]?.query({ name: key, text, values });
        },
      });
      const ask = async (key: string, text: string, values: unknown[]) =>
        (await clients[0]?.query({ name: key, text, values, rowMode: "array" }))?.rows ?? [];
      const size = async (table: string) => {
        await owner.query(`VACUUM ${table}`);
        const { rows } = await owner.query(`SELECT pg_total_relation_size('${table}') AS bytes`);
        return Number(rows[0]?.bytes);
      };
      const number = async (sql: string) => Number(Object.values((await owner.query(sql)).rows[0] ?? {})[0]);
      let ecgStart = 0;

      return {
        connections: CONNECTIONS,
        prepare: ({ patient, first, rows }) =>
          prepared("insert", layout.insert, layout.values(workload, patient, first, rows)),
        settle: async () => void (await owner.query("VACUUM ANALYZE vitals")),
        count: () => number(layout.count),
        bytes: () => size("vitals"),
        queries: {
          latest: async (patient) => valuesIn(await ask("latest", layout.latest, [patient]), layout.perRow),
          async raw(patient, vital) {
            const { text, values } = layout.raw(vital);
            return (await ask(`raw${text.length}${vital}`, text, [patient, ...values])).length;
          },
          async trend(patient) {
            const step = (workload.rows * 1000) / BUCKETS;
            return (await ask("trend", layout.trend, [patient, workload.start, step])).length * layout.perRow;
          },
          ward: async () => valuesIn(await ask("ward", layout.ward, []), layout.perRow),
        },
        ...(hasEcg && {
          ecg: {
            async begin(ecg) {
              ecgStart = ecg.start;
              await owner.query(
                "CREATE TABLE ecg (patient int, t bigint, sample smallint, PRIMARY KEY (patient, t)); GRANT ALL ON ecg TO PUBLIC",
              );
            },
            prepare({ patient, first, samples }) {
              const times = Array.from(samples, (_, i) => ecgTime({ start: ecgStart }, first + i));
              const text = "INSERT INTO ecg SELECT $1, * FROM unnest($2::bigint[], $3::smallint[])";
              return prepared("ecg", text, [patient, times, Array.from(samples)]);
            },
            settle: async () => void (await owner.query("VACUUM ANALYZE ecg")),
            count: () => number("SELECT count(*) FROM ecg"),
            bytes: () => size("ecg"),
          },
        }),
        async close() {
          await Promise.all(clients.map((client) => client.end()));
          await database.close();
        },
      };
    },
  };
}

const valuesIn = (rows: readonly unknown[], perRow: number) => rows.length * perRow;

const narrow = (workload: Workload): Layout => ({
  name: "row",
  tables: "CREATE TABLE vitals (patient int, vital smallint, t bigint, value real, PRIMARY KEY (patient, vital, t))",
  insert: "INSERT INTO vitals SELECT $1, * FROM unnest($2::smallint[], $3::bigint[], $4::real[])",
  values({ vitals }, patient, first, rows) {
    const n = rows * vitals.length;
    const row = (i: number) => first + Math.floor(i / vitals.length);
    return [
      patient,
      Array.from({ length: n }, (_, i) => i % vitals.length),
      Array.from({ length: n }, (_, i) => timeOf(workload, row(i))),
      Array.from({ length: n }, (_, i) => valueAt(workload, patient, i % vitals.length, row(i))),
    ];
  },
  count: "SELECT count(*) FROM vitals",
  latest: `SELECT v, l.t, l.value FROM generate_series(0, ${workload.vitals.length - 1}) v,
    LATERAL (SELECT t, value FROM vitals WHERE patient = $1 AND vital = v ORDER BY t DESC LIMIT 1) l`,
  raw: (vital) => ({
    text: "SELECT t, value FROM vitals WHERE patient = $1 AND vital = $2 ORDER BY t",
    values: [vital],
  }),
  trend: `SELECT vital, (t - $2::bigint) / $3::bigint AS bucket, min(value), max(value), avg(value) FROM vitals
    WHERE patient = $1 AND t >= $2 GROUP BY 1, 2 ORDER BY 1, 2`,
  perRow: 1,
  ward: `SELECT p, v, l.t, l.value FROM generate_series(0, ${workload.patients - 1}) p,
    generate_series(0, ${workload.vitals.length - 1}) v,
    LATERAL (SELECT t, value FROM vitals WHERE patient = p AND vital = v ORDER BY t DESC LIMIT 1) l`,
});

const wide = (workload: Workload): Layout => {
  const names = workload.vitals.map((_, v) => `v${v}`);
  const arrays = names.map((_, v) => `$${v + 3}::real[]`).join(", ");
  const statistics = names.map((name) => `min(${name}), max(${name}), avg(${name})`).join(", ");
  return {
    name: "wide",
    tables: `CREATE TABLE vitals (patient int, t bigint, ${names.map((name) => `${name} real`).join(", ")}, PRIMARY KEY (patient, t))`,
    insert: `INSERT INTO vitals SELECT $1, * FROM unnest($2::bigint[], ${arrays})`,
    values(_, patient, first, rows) {
      const times = Array.from({ length: rows }, (__, i) => timeOf(workload, first + i));
      const columns = names.map((__, v) =>
        Array.from({ length: rows }, (___, i) => valueAt(workload, patient, v, first + i)),
      );
      return [patient, times, ...columns];
    },
    count: `SELECT count(*) * ${names.length} FROM vitals`,
    latest: "SELECT * FROM vitals WHERE patient = $1 ORDER BY t DESC LIMIT 1",
    raw: (vital) => ({ text: `SELECT t, v${vital} FROM vitals WHERE patient = $1 ORDER BY t`, values: [] }),
    trend: `SELECT (t - $2::bigint) / $3::bigint AS bucket, ${statistics} FROM vitals
      WHERE patient = $1 AND t >= $2 GROUP BY 1 ORDER BY 1`,
    perRow: names.length,
    ward: `SELECT l.* FROM generate_series(0, ${workload.patients - 1}) p,
      LATERAL (SELECT * FROM vitals WHERE patient = p ORDER BY t DESC LIMIT 1) l`,
  };
};

export const postgreSqlRows = postgreSql(narrow, "PostgreSQL 18, a row per reading", true);
export const postgreSqlWide = postgreSql(wide, "PostgreSQL 18, wide row per patient-second", false);
