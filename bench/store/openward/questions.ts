import { findSignal } from "@openward/signals";
import { decode } from "cbor-x";
import { openHttpSocket } from "../../load/http-socket.ts";
import { BUCKETS, type StoreQueries } from "../system.ts";
import { timeOf, type Workload } from "../workload.ts";
import type { Bed } from "./beds.ts";

export interface Questions extends StoreQueries {
  /** Which routes answer: /api/streams where the server has it, else what the portals and FHIR use. */
  readonly by: string;
  /** Readings of a patient from `from` to `to`, counted by the server over memory and blocks. */
  countOf(patient: number, from: number, to: number): Promise<number>;
  /** Samples of a patient's only waveform that can be read back. */
  samplesOf(patient: number, from: number, to: number): Promise<number>;
  close(): void;
}

interface StreamInfo {
  readonly id: string;
  readonly signal: string;
  readonly kind: string;
  readonly latest: unknown;
}
interface TrendAnswer {
  readonly count: ArrayLike<number>;
}

const WAVEFORM_MS = 60_000;

/** The server's answers as a client of its API gets them: over one connection, with a token. */
export async function openQuestions(
  port: number,
  token: string,
  beds: readonly Bed[],
  workload: Pick<Workload, "vitals" | "rows" | "start">,
): Promise<Questions> {
  const socket = await openHttpSocket(port);
  const get = async (path: string, accept = "application/json") => {
    const head = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nAccept: ${accept}\r\n\r\n`;
    return socket.send(head);
  };
  const ask = async <T>(path: string, accept?: string): Promise<T> => {
    const { status, body } = await get(path, accept);
    if (status !== 200) throw new Error(`${path}: ${status} ${body.toString().slice(0, 300)}`);
    return (accept === CBOR ? decode(body) : JSON.parse(body.toString())) as T;
  };
  const patientOf = (patient: number) => beds[patient]?.patientId ?? "";
  const known = new Map<number, readonly StreamInfo[]>();
  const streamsOf = async (patient: number) => {
    let streams = known.get(patient);
    if (!streams) {
      streams = await ask<StreamInfo[]>(`/api/patients/${patientOf(patient)}/streams`);
      known.set(patient, streams);
    }
    return streams;
  };
  const numericsOf = async (patient: number) => (await streamsOf(patient)).filter(({ kind }) => kind === "numeric");
  const { start, rows, vitals } = workload;
  const span = `from=${start}&to=${timeOf(workload, rows)}`;
  const trend = (patient: number, from: number, to: number, buckets: number) =>
    ask<TrendAnswer[]>(`/api/patients/${patientOf(patient)}/trend?from=${from}&to=${to}&buckets=${buckets}`);
  const hasStreams = (await get(`/api/streams/latest?patient=${patientOf(0)}`)).status === 200;

  const shared = {
    async countOf(patient: number, from: number, to: number) {
      let sum = 0;
      for (const { count } of await trend(patient, from, to, 1)) for (const each of Array.from(count)) sum += each;
      return sum;
    },
    async samplesOf(patient: number, from: number, to: number) {
      const stream = (await ask<StreamInfo[]>(`/api/patients/${patientOf(patient)}/streams`)).find(
        ({ kind }) => kind === "waveform",
      );
      let sum = 0;
      for (let at = from; stream && at < to; at += WAVEFORM_MS) {
        const path = `/api/patients/${patientOf(patient)}/waveform?stream=${stream.id}&from=${at}&to=${Math.min(to, at + WAVEFORM_MS)}`;
        for (const piece of await ask<{ samples: (number | null)[] }[]>(path)) {
          sum += piece.samples.filter((sample) => sample !== null).length;
        }
      }
      return sum;
    },
    close: () => socket.close(),
  };

  if (hasStreams) {
    const everybody = beds.map(({ patientId }) => patientId).join(",");
    return {
      by: "/api/streams, CBOR",
      ...shared,
      latest: async (patient) => valuesIn(await ask(`/api/streams/latest?patient=${patientOf(patient)}`, CBOR)),
      async raw(patient, vital) {
        const signal = vitals[vital]?.signal;
        const id = (await streamsOf(patient)).find((stream) => stream.signal === signal)?.id;
        return valuesIn(await ask(`/api/streams/readings?stream=${id}&${span}&limit=${rows}`, CBOR));
      },
      async trend(patient) {
        const ids = (await numericsOf(patient)).map(({ id }) => id).join(",");
        const answer = await ask(`/api/streams/trend?stream=${ids}&${span}&buckets=${BUCKETS}`, CBOR);
        return valuesIn(answer, "mean");
      },
      ward: async () => valuesIn(await ask(`/api/streams/latest?patient=${everybody}`, CBOR)),
    };
  }
  return {
    by: "the portals' routes and FHIR, JSON",
    ...shared,
    async latest(patient) {
      const streams = await ask<StreamInfo[]>(`/api/patients/${patientOf(patient)}/streams`);
      return streams.filter(({ latest, kind }) => kind === "numeric" && latest !== null).length;
    },
    async raw(patient, vital) {
      const code = findSignal(vitals[vital]?.signal ?? "")?.loinc?.[0]?.code;
      const [from, to] = [start, timeOf(workload, rows)].map((time) => new Date(time).toISOString());
      let path = `/fhir/Observation?patient=${patientOf(patient)}&combo-code=${code}&date=ge${from}&date=lt${to}&_count=1000`;
      let sum = 0;
      while (path !== "") {
        const bundle = await ask<Bundle>(path, "application/fhir+json");
        sum += bundle.entry?.length ?? 0;
        const next = bundle.link?.find(({ relation }) => relation === "next")?.url;
        path = next === undefined ? "" : next.slice(next.indexOf("/fhir/"));
      }
      return sum;
    },
    async trend(patient) {
      const trends = await trend(patient, start, timeOf(workload, rows), BUCKETS);
      return trends.reduce((sum, { count }) => sum + Array.from(count).filter((n) => n > 0).length, 0);
    },
    async ward() {
      let sum = 0;
      for (let patient = 0; patient < beds.length; patient++) {
        const streams = await ask<StreamInfo[]>(`/api/patients/${patientOf(patient)}/streams`);
        sum += streams.filter(({ latest, kind }) => kind === "numeric" && latest !== null).length;
      }
      return sum;
    },
  };
}

const CBOR = "application/cbor";

interface Bundle {
  readonly entry?: readonly unknown[];
  readonly link?: readonly { readonly relation: string; readonly url: string }[];
}

/** How many numbers stand under `name`, singly or in columns, wherever that is in the answer. */
function valuesIn(answer: unknown, name = "value"): number {
  if (Array.isArray(answer)) return answer.reduce((sum: number, each) => sum + valuesIn(each, name), 0);
  if (typeof answer !== "object" || answer === null || ArrayBuffer.isView(answer)) return 0;
  let sum = 0;
  for (const [key, part] of Object.entries(answer)) {
    if (key !== name && key !== `${name}s`) sum += valuesIn(part, name);
    else if (typeof part === "number") sum++;
    else if (Array.isArray(part) || ArrayBuffer.isView(part)) {
      sum += Array.from(part as ArrayLike<number>).filter((each) => Number.isFinite(each)).length;
    }
  }
  return sum;
}
