import { type Row, round, table, thousands } from "../support.ts";
import { createEcgWorkload } from "./ecg.ts";
import { type Measured, measure, milliseconds } from "./measure.ts";
import { openwardCbor, openwardJson } from "./openward/openward.ts";
import type { StoreOptions } from "./options.ts";
import { clickHouse } from "./peers/clickhouse.ts";
import { duckDb } from "./peers/duckdb.ts";
import { influxDb } from "./peers/influxdb.ts";
import { postgreSqlRows, postgreSqlWide } from "./peers/postgresql.ts";
import { sqlite } from "./peers/sqlite.ts";
import { victoriaMetrics } from "./peers/victoria-metrics.ts";
import { ARTERIAL_VITALS, createWorkload, readingsOf, VITALS } from "./workload.ts";

const systems = [
  victoriaMetrics,
  duckDb,
  clickHouse,
  influxDb,
  postgreSqlRows,
  postgreSqlWide,
  sqlite,
  openwardJson,
  openwardCbor,
];

const GOAL: Row = {
  what: "**Openward, goal**",
  "durable on ack": "**yes**",
  "readings/s": "**>= 2,000,000**",
  "bytes/reading": "**<= 0.14**",
  "last values of one patient": "**<= 0.3 ms**",
  "1 h raw": "**<= 0.5 ms**",
  "8 signals x 60 buckets": "**<= 0.5 ms**",
  "ward view": "**<= 1 ms**",
  "ECG bytes/sample": "**<= 0.5**",
  "ECG samples/s": "",
};

const HOUR_MS = 3_600_000;
const DAYS_AGO = 3;

export async function storeTable(options: StoreOptions, say: (line: string) => void): Promise<string> {
  const { seed, patients, seconds, ecgPatients, ecgSeconds, batch, calls } = options;
  // The past, so that every store may close what it keeps open for the present.
  const start = (Math.floor(Date.now() / HOUR_MS) - DAYS_AGO * 24) * HOUR_MS;
  const vitals = options.isArterial ? ARTERIAL_VITALS : VITALS;
  const workload = createWorkload({ seed, patients, rows: seconds, start, vitals });
  const ecg = createEcgWorkload({ seed, patients: Math.min(ecgPatients, patients), seconds: ecgSeconds, start });
  const rows: Row[] = [];
  const notes: string[] = [];
  for (const system of systems) {
    if (options.only !== undefined && !system.name.toLowerCase().includes(options.only)) continue;
    const missing = system.missing();
    if (missing !== undefined) {
      notes.push(`${system.name}: not installed (${missing})`);
      continue;
    }
    say(`${system.name} ...`);
    try {
      const measured = await measure(system, { workload, ecg, batch, calls, say });
      rows.push(rowOf(measured));
      if (measured.note !== undefined) notes.push(`${system.name}: ${measured.note}`);
    } catch (error) {
      notes.push(`${system.name}: failed: ${(error as Error).message}`);
    }
  }
  notes.push("TimescaleDB: no package of Debian; not measured");
  const what =
    `${patients} patients x ${vitals.length} numerics (${vitals.map(({ signal }) => signal).join(", ")}) once a second for ` +
    `${seconds} s: ${thousands(readingsOf(workload))} distinct readings in batches of ${batch}; ECG ${ecg.patients} x ${ecgSeconds} s, 250 Hz; seed ${seed}; ` +
    `medians of ${calls} calls`;
  return [what, "", table([...rows, GOAL]), "", ...notes].join("\n");
}

function rowOf(measured: Measured): Row {
  const { ecgBytesPerSample, ecgSamplesPerSecond } = measured;
  return {
    what: measured.name,
    "durable on ack": measured.isDurable ? "yes" : "no",
    "readings/s": thousands(measured.readingsPerSecond),
    "bytes/reading": round(measured.bytesPerReading, measured.bytesPerReading < 10 ? 2 : 0),
    "last values of one patient": milliseconds(measured.latest),
    "1 h raw": milliseconds(measured.raw),
    "8 signals x 60 buckets": milliseconds(measured.trend),
    "ward view": milliseconds(measured.ward),
    "ECG bytes/sample": ecgBytesPerSample === undefined ? "-" : round(ecgBytesPerSample, 2),
    "ECG samples/s": ecgSamplesPerSecond === undefined ? "-" : thousands(ecgSamplesPerSecond),
  };
}
