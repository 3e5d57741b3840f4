import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ecgTime } from "../ecg.ts";
import { findProgram, folderBytes, freePort, startServer } from "../process.ts";
import { BUCKETS, type StoreSystem } from "../system.ts";
import { timeOf, valueAt } from "../workload.ts";
import { isAnswering, openHttpPeer, PEER_CONNECTIONS } from "./http-peer.ts";
import { steady } from "./victoria-metrics.ts";

const PROGRAM = findProgram("/usr/bin/influxd", "/usr/local/bin/influxd");
// The cold snapshot is what turns its log into compacted files; its default of ten minutes is only waited for longer.
const COLD_S = 3;

interface Answer {
  readonly results: readonly { readonly series?: readonly { readonly values: readonly unknown[][] }[] }[];
}

/** One measurement, a tag for the patient, a field for each signal. */
export const influxDb: StoreSystem = {
  name: "InfluxDB 1.6",
  // wal-fsync-delay = 0s, its default: the log is flushed before each answer (seen with strace).
  isDurable: true,
  missing: () => (PROGRAM ? undefined : "apt install influxdb"),
  async open(folder, workload) {
    const port = await freePort();
    const rpc = await freePort();
    for (const name of ["meta", "data", "wal"]) mkdirSync(join(folder, name));
    const config = join(folder, "influxdb.conf");
    writeFileSync(config, configuration(folder, port, rpc));
    const server = await startServer(PROGRAM as string, ["-config", config], isAnswering(port, "/ping"));
    const peer = await openHttpPeer(port);
    const { vitals, rows, start } = workload;
    const end = timeOf(workload, rows);

    const ask = async (query: string): Promise<Answer> => {
      const path = `/query?db=ward&epoch=ms&q=${encodeURIComponent(query)}`;
      return JSON.parse((await peer.ask("GET", path)).toString()) as Answer;
    };
    await peer.ask("POST", `/query?q=${encodeURIComponent('CREATE DATABASE "ward" WITH SHARD DURATION 168h')}`);
    const settle = () => steady(() => folderBytes(join(folder, "data")), (COLD_S + 5) * 1000);
    const size = () => folderBytes(join(folder, "data"));
    const names = vitals.map(({ signal }) => `"${signal}"`);
    const span = `time >= ${start}ms AND time < ${end}ms`;
    const cells = ({ results }: Answer) =>
      (results[0]?.series ?? []).reduce(
        (sum, { values }) =>
          sum + values.reduce((n, row) => n + row.slice(1).filter((cell) => cell !== null).length, 0),
        0,
      );
    const newest = names.map((name) => `last(${name})`).join(",");
    let ecgStart = 0;
    let ecgBefore = 0;

    return {
      connections: PEER_CONNECTIONS,
      prepare({ patient, first, rows: count }) {
        const lines = Array.from({ length: count }, (_, i) => {
          const fields = vitals.map(({ signal, perUnit }, v) => {
            const value = valueAt(workload, patient, v, first + i);
            return `${signal}=${perUnit === 1 ? `${value}i` : value}`;
          });
          return `vitals,patient=${patient} ${fields.join(",")} ${timeOf(workload, first + i)}`;
        });
        return peer.post("/write?db=ward&precision=ms", Buffer.from(lines.join("\n")));
      },
      settle,
      async count() {
        const { results } = await ask(`SELECT ${names.map((name) => `count(${name})`).join(",")} FROM vitals`);
        const row = results[0]?.series?.[0]?.values[0] ?? [];
        return row.slice(1).reduce<number>((sum, each) => sum + Number(each), 0);
      },
      bytes: async () => size(),
      queries: {
        latest: async (patient) => cells(await ask(`SELECT ${newest} FROM vitals WHERE patient='${patient}'`)),
        raw: async (patient, v) =>
          cells(await ask(`SELECT ${names[v]} FROM vitals WHERE patient='${patient}' AND ${span}`)),
        async trend(patient) {
          const functions = names.flatMap((name) => [`min(${name})`, `max(${name})`, `mean(${name})`]).join(",");
          const step = `${(rows * 1000) / BUCKETS}ms`;
          const query = `SELECT ${functions} FROM vitals WHERE patient='${patient}' AND ${span} GROUP BY time(${step}, 0s)`;
          return cells(await ask(query)) / 3;
        },
        ward: async () => cells(await ask(`SELECT ${newest} FROM vitals GROUP BY patient`)),
      },
      ecg: {
        async begin(ecg) {
          ecgStart = ecg.start;
          ecgBefore = size();
        },
        prepare({ patient, first, samples }) {
          const lines = Array.from(
            samples,
            (sample, i) => `ecg,patient=${patient} ii=${sample}i ${ecgTime({ start: ecgStart }, first + i)}`,
          );
          return peer.post("/write?db=ward&precision=ms", Buffer.from(lines.join("\n")));
        },
        settle,
        count: async () => Number((await ask("SELECT count(ii) FROM ecg")).results[0]?.series?.[0]?.values[0]?.[1]),
        bytes: async () => size() - ecgBefore,
      },
      async close() {
        peer.close();
        await server.stop();
      },
    };
  },
};

function configuration(folder: string, port: number, rpc: number): string {
  return `reporting-disabled = true
bind-address = "127.0.0.1:${rpc}"
[meta]
  dir = "${join(folder, "meta")}"
[data]
  dir = "${join(folder, "data")}"
  wal-dir = "${join(folder, "wal")}"
  cache-snapshot-write-cold-duration = "${COLD_S}s"
  compact-full-write-cold-duration = "${COLD_S}s"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:${port}"
  log-enabled = false
  max-row-limit = 0
`;
}
