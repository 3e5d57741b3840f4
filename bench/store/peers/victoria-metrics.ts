import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { ECG_RATE_HZ, ecgTime } from "../ecg.ts";
import { findProgram, folderBytes, freePort, startServer } from "../process.ts";
import { BUCKETS, type EcgStore, type StoreSystem } from "../system.ts";
import { timeOf, valueAt } from "../workload.ts";
import { type HttpPeer, isAnswering, openHttpPeer, PEER_CONNECTIONS } from "./http-peer.ts";

const PROGRAM = findProgram("/usr/bin/victoria-metrics", "/usr/local/bin/victoria-metrics");

interface Series {
  readonly values: readonly number[];
}

/** Columns of values and times per series: its JSON import, the form nearest to our own batches. */
export const victoriaMetrics: StoreSystem = {
  name: "VictoriaMetrics",
  // Its manual: data is written to the disk every few seconds; an acknowledged sample was gone after kill -9.
  isDurable: false,
  missing: () => (PROGRAM ? undefined : "apt install victoria-metrics"),
  async open(folder, workload) {
    const port = await freePort();
    const data = join(folder, "data");
    const server = await startServer(
      PROGRAM as string,
      [
        `-storageDataPath=${data}`,
        `-httpListenAddr=127.0.0.1:${port}`,
        "-retentionPeriod=100y",
        // A question about the newest values is answered from the data, and not from an answer given before.
        "-search.disableCache",
        "-search.latencyOffset=0s",
      ],
      isAnswering(port, "/health"),
    );
    const peer = await openHttpPeer(port);
    const { vitals, rows } = workload;
    const end = timeOf(workload, rows - 1);

    const settle = async () => {
      await peer.ask("GET", "/internal/force_flush");
      await peer.ask("GET", "/internal/force_merge");
      await steady(() => folderBytes(data));
    };
    const counted = async (name: string, at: number, over: string) => {
      const query = encodeURIComponent(`sum(count_over_time(${name}[${over}]))`);
      const answer = await peer.ask("GET", `/api/v1/query?query=${query}&time=${at / 1000}`);
      const parsed = JSON.parse(answer.toString()) as { data: { result: { value: [number, string] }[] } };
      return Number(parsed.data.result[0]?.value[1] ?? 0);
    };
    const newest = async (selector: string) => {
      const query = encodeURIComponent(`last_over_time(${selector}[5m])`);
      const answer = await peer.ask("GET", `/api/v1/query?query=${query}&time=${end / 1000}`);
      return (JSON.parse(answer.toString()) as { data: { result: unknown[] } }).data.result.length;
    };
    const ofPatient = (patient: number) => `${VITAL}{patient="${patient}"}`;

    return {
      connections: PEER_CONNECTIONS,
      prepare({ patient, first, rows: count }) {
        const times = Array.from({ length: count }, (_, i) => timeOf(workload, first + i)).join(",");
        const lines = vitals.map(({ signal }, v) => {
          const values = Array.from({ length: count }, (_, i) => valueAt(workload, patient, v, first + i));
          return line(VITAL, `${patient}","signal":"${signal}`, values, times);
        });
        return peer.post("/api/v1/import", Buffer.from(lines.join("\n")));
      },
      settle,
      count: () => counted(VITAL, end, `${rows + 1}s`),
      bytes: async () => folderBytes(data),
      queries: {
        latest: (patient) => newest(ofPatient(patient)),
        async raw(patient, v) {
          const match = encodeURIComponent(`${VITAL}{patient="${patient}",signal="${vitals[v]?.signal}"}`);
          const path = `/api/v1/export?match[]=${match}&start=${workload.start / 1000}&end=${end / 1000}`;
          const answer = (await peer.ask("GET", path)).toString().trim();
          return (JSON.parse(answer) as Series).values.length;
        },
        async trend(patient) {
          const step = rows / BUCKETS;
          const functions = '("min_over_time","max_over_time","avg_over_time")';
          const query = encodeURIComponent(`aggr_over_time(${functions}, ${ofPatient(patient)}[${step}s])`);
          const from = (workload.start + step * 1000 - 1000) / 1000;
          const path = `/api/v1/query_range?query=${query}&start=${from}&end=${end / 1000}&step=${step}s`;
          const { data } = JSON.parse((await peer.ask("GET", path)).toString()) as { data: { result: Series[] } };
          return data.result.reduce((sum, { values }) => sum + values.length, 0) / 3;
        },
        ward: () => newest(VITAL),
      },
      ecg: ecgStore(peer, settle, () => folderBytes(data), counted),
      async close() {
        peer.close();
        await server.stop();
      },
    };
  },
};

const VITAL = "vital";

function line(name: string, patient: number | string, values: ArrayLike<number>, times: string): string {
  return `{"metric":{"__name__":"${name}","patient":"${patient}"},"values":[${Array.from(values).join(",")}],"timestamps":[${times}]}`;
}

function ecgStore(
  peer: HttpPeer,
  settle: () => Promise<void>,
  bytesNow: () => number,
  counted: (name: string, at: number, over: string) => Promise<number>,
): EcgStore {
  let before = 0;
  let seconds = 0;
  let start = 0;
  return {
    async begin(workload) {
      before = bytesNow();
      seconds = workload.samplesEach / ECG_RATE_HZ;
      start = workload.start;
    },
    prepare({ patient, first, samples }) {
      const times = Array.from(samples, (_, i) => ecgTime({ start }, first + i)).join(",");
      return peer.post("/api/v1/import", Buffer.from(line("ecg_lead_ii", patient, samples, times)));
    },
    settle,
    count: () => counted("ecg_lead_ii", start + seconds * 1000, `${seconds + 1}s`),
    bytes: async () => bytesNow() - before,
  };
}

/** Waits until something has stayed the same for a while: merges go on in the background. */
export async function steady(read: () => number, forMs = 2000, atMostMs = 60_000): Promise<void> {
  const until = performance.now() + atMostMs;
  let last = read();
  let since = performance.now();
  while (performance.now() - since < forMs && performance.now() < until) {
    await wait(250);
    const now = read();
    if (now !== last) {
      last = now;
      since = performance.now();
    }
  }
}
