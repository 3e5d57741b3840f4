import { encode } from "cbor-x";
import { removeDataDir } from "../../../test/support/ward.ts";
import { openHttpSocket } from "../../load/http-socket.ts";
import { ECG_RATE_HZ, ECG_SCALE_MV, ecgTime } from "../ecg.ts";
import type { OpenStore, Prepared, StoreSystem } from "../system.ts";
import { type Batch, timeOf, valueAt, type Workload } from "../workload.ts";
import { wardOfBeds } from "./beds.ts";
import { columnsBody, ingestHead } from "./bodies.ts";
import { openQuestions } from "./questions.ts";
import { inspect } from "./sizes.ts";

const CONNECTIONS = 16;

/** Openward with everything on, over its own HTTP. */
const openward = (name: string, form: "cbor" | "json"): StoreSystem => ({
  name,
  isDurable: true,
  missing: () => undefined,
  async open(_folder, workload): Promise<OpenStore> {
    const { ward, beds } = await wardOfBeds(workload.patients);
    const database = await inspect(ward.dataDir);
    const { token } = await ward.json<{ token: string }>("token", "issue", "--role", "administrator");
    const sockets = await Promise.all(Array.from({ length: CONNECTIONS }, () => openHttpSocket(ward.httpPort)));
    const questions = await openQuestions(ward.httpPort, token, { ...workload, beds });
    const start = workload.start;
    const end = timeOf(workload, workload.rows);
    let ecgSpan = { from: 0, to: 0, patients: 0, before: 0 };

    const post = (patient: number, kind: string, type: string, body: Uint8Array): Prepared => {
      const bed = beds[patient];
      if (!bed) throw new Error("no such bed");
      const head = ingestHead(bed, kind, type, body.length);
      return {
        async send(connection) {
          const answer = await sockets[connection]?.send(head, body);
          if (answer?.status !== 200 || !answer.body.includes('"quarantined":[]')) {
            throw new Error(`${answer?.status}: ${answer?.body.toString().slice(0, 300)}`);
          }
        },
      };
    };

    return {
      connections: CONNECTIONS,
      prepare(batch) {
        const type = form === "cbor" ? "application/cbor" : "application/json";
        const body = form === "cbor" ? columnsOf(workload, batch) : jsonOf(workload, batch);
        return post(batch.patient, "readings", type, body);
      },
      settle: () => database.sealed(),
      async count() {
        let sum = 0;
        for (let patient = 0; patient < workload.patients; patient++)
          sum += await questions.countOf(patient, start, end);
        return sum;
      },
      bytes: async () => (await database.sizes()).telemetry,
      queries: questions,
      note: `answers by ${questions.by}`,
      ecg: {
        async begin(ecg) {
          const seconds = ecg.samplesEach / ECG_RATE_HZ;
          const before = (await database.sizes()).telemetry;
          ecgSpan = { from: ecg.start, to: ecg.start + seconds * 1000, patients: ecg.patients, before };
        },
        prepare({ patient, first, samples }) {
          const body = encode({
            signal: "ecg-lead-ii",
            start: ecgTime({ start: ecgSpan.from }, first),
            rate: ECG_RATE_HZ,
            unit: "mV",
            scale: ECG_SCALE_MV,
            origin: 0,
            samples: new Int16Array(samples),
          });
          return post(patient, "waveform", "application/cbor", body);
        },
        settle: () => database.sealed(),
        async count() {
          let sum = 0;
          for (let patient = 0; patient < ecgSpan.patients; patient++) {
            sum += await questions.samplesOf(patient, ecgSpan.from, ecgSpan.to);
          }
          return sum;
        },
        bytes: async () => (await database.sizes()).telemetry - ecgSpan.before,
      },
      async close() {
        questions.close();
        for (const socket of sockets) socket.close();
        await database.close();
        await ward.stop();
        removeDataDir(ward.dataDir);
      },
    };
  },
});

function columnsOf(workload: Workload, { patient, first, rows }: Batch): Buffer {
  const body = columnsBody(workload.vitals, rows);
  for (let i = 0; i < rows; i++) body.setTime(i, timeOf(workload, first + i));
  workload.values[patient]?.forEach((values, vital) => void body.fill(vital, values, first));
  return body.bytes;
}

function jsonOf(workload: Workload, { patient, first, rows }: Batch): Buffer {
  const items = Array.from({ length: rows }, (_, i) => ({
    at: timeOf(workload, first + i),
    values: Object.fromEntries(
      workload.vitals.map(({ signal }, vital) => [signal, valueAt(workload, patient, vital, first + i)]),
    ),
  }));
  return Buffer.from(JSON.stringify(items));
}

export const openwardCbor = openward("**Openward**, CBOR columns over HTTP", "cbor");
export const openwardJson = openward("Openward, JSON over HTTP", "json");
