import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { ecgTime } from "../ecg.ts";
import { folderBytes } from "../process.ts";
import { BUCKETS, type StoreSystem } from "../system.ts";
import { timeOf, valueAt } from "../workload.ts";

/** In this process; a transaction a batch, its write-ahead log flushed at each commit. */
export const sqlite: StoreSystem = {
  name: "SQLite (in process)",
  isDurable: true,
  missing: () => undefined,
  async open(folder, workload) {
    const db = new DatabaseSync(join(folder, "ward.sqlite"));
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -262144");
    db.exec(`CREATE TABLE reading (patient INTEGER, vital INTEGER, t INTEGER, value REAL, PRIMARY KEY (patient, vital, t)) WITHOUT ROWID;
      CREATE TABLE ecg (patient INTEGER, t INTEGER, sample INTEGER, PRIMARY KEY (patient, t)) WITHOUT ROWID`);
    const insert = db.prepare("INSERT INTO reading VALUES (?, ?, ?, ?)");
    const insertEcg = db.prepare("INSERT INTO ecg VALUES (?, ?, ?)");
    const { vitals, rows, start, patients } = workload;
    const latest = db.prepare("SELECT t, value FROM reading WHERE patient = ? AND vital = ? ORDER BY t DESC LIMIT 1");
    const raw = db.prepare("SELECT t, value FROM reading WHERE patient = ? AND vital = ? ORDER BY t");
    const trend =
      db.prepare(`SELECT vital, (t - ${start}) / ${(rows * 1000) / BUCKETS} AS bucket, min(value), max(value), avg(value) FROM reading
      WHERE patient = ? GROUP BY vital, bucket`);
    const count = (table: string) => Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n);
    const size = () => {
      db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      return folderBytes(folder);
    };
    const newestOf = (patient: number) => vitals.filter((_, v) => latest.get(patient, v) !== undefined).length;
    const transaction = (make: () => void) => {
      db.exec("BEGIN");
      make();
      db.exec("COMMIT");
    };
    let ecgStart = 0;
    let before = 0;

    return {
      connections: 1,
      prepare({ patient, first, rows: many }) {
        const tuples: SQLInputValue[][] = [];
        for (let v = 0; v < vitals.length; v++) {
          for (let i = 0; i < many; i++) {
            tuples.push([patient, v, timeOf(workload, first + i), valueAt(workload, patient, v, first + i)]);
          }
        }
        return {
          async send() {
            transaction(() => {
              for (const [a = 0, b = 0, c = 0, d = 0] of tuples) insert.run(a, b, c, d);
            });
          },
        };
      },
      settle: async () => void size(),
      count: async () => count("reading"),
      bytes: async () => size(),
      queries: {
        latest: async (patient) => newestOf(patient),
        raw: async (patient, v) => raw.all(patient, v).length,
        trend: async (patient) => trend.all(patient).length,
        async ward() {
          let found = 0;
          for (let patient = 0; patient < patients; patient++) found += newestOf(patient);
          return found;
        },
      },
      ecg: {
        async begin(ecg) {
          ecgStart = ecg.start;
          before = size();
        },
        prepare: ({ patient, first, samples }) => ({
          async send() {
            transaction(() => {
              for (let i = 0; i < samples.length; i++) {
                insertEcg.run(patient, ecgTime({ start: ecgStart }, first + i), samples[i] ?? 0);
              }
            });
          },
        }),
        settle: async () => {},
        count: async () => count("ecg"),
        bytes: async () => size() - before,
      },
      close: async () => db.close(),
    };
  },
};
