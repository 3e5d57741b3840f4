import { findSignal } from "@openward/signals";
import { BUCKETS } from "../system.ts";
import { timeOf } from "../workload.ts";
import type { Asked, Client, Questions, StreamInfo } from "./questions.ts";

interface Trend {
  readonly count: readonly number[];
}
interface Piece {
  readonly samples: readonly (number | null)[];
}
interface Bundle {
  readonly entry?: readonly unknown[];
  readonly link?: readonly { readonly relation: string; readonly url: string }[];
}

const WAVEFORM_MS = 60_000;

/** Through the portals' routes, and FHIR for reading by reading, in JSON: for a server without /api/streams. */
export function askPortal({ json }: Client, asked: Asked): Questions {
  const { beds, vitals, rows, start } = asked;
  const end = timeOf(asked, rows);
  const path = (patient: number, rest: string) => `/api/patients/${beds[patient]?.patientId}/${rest}`;
  const streamsOf = (patient: number) => json<StreamInfo[]>(path(patient, "streams"));
  const countsOf = async (patient: number, from: number, to: number, buckets: number) =>
    (await json<Trend[]>(path(patient, `trend?from=${from}&to=${to}&buckets=${buckets}`))).flatMap(
      ({ count }) => count,
    );
  const latest = async (patient: number) =>
    (await streamsOf(patient)).filter(({ latest, kind }) => kind === "numeric" && latest !== null).length;

  return {
    by: "the portals' routes and FHIR, JSON",
    latest,
    async raw(patient, vital) {
      const code = findSignal(vitals[vital]?.signal ?? "")?.loinc?.[0]?.code;
      const [from, to] = [start, end].map((time) => new Date(time).toISOString());
      const query = `patient=${beds[patient]?.patientId}&combo-code=${code}&date=ge${from}&date=lt${to}&_count=1000`;
      let sum = 0;
      for (let next: string | undefined = `/fhir/Observation?${query}`; next !== undefined; ) {
        const bundle: Bundle = await json<Bundle>(next, "application/fhir+json");
        sum += bundle.entry?.length ?? 0;
        const url = bundle.link?.find(({ relation }) => relation === "next")?.url;
        next = url?.slice(url.indexOf("/fhir/"));
      }
      return sum;
    },
    trend: async (patient) => (await countsOf(patient, start, end, BUCKETS)).filter((count) => count > 0).length,
    async ward() {
      let sum = 0;
      for (let patient = 0; patient < beds.length; patient++) sum += await latest(patient);
      return sum;
    },
    countOf: async (patient, from, to) => (await countsOf(patient, from, to, 1)).reduce((sum, count) => sum + count, 0),
    async samplesOf(patient, from, to) {
      const id = (await streamsOf(patient)).find(({ kind }) => kind === "waveform")?.id;
      let sum = 0;
      for (let at = from; at < to; at += WAVEFORM_MS) {
        const until = Math.min(to, at + WAVEFORM_MS);
        const pieces = await json<Piece[]>(path(patient, `waveform?stream=${id}&from=${at}&to=${until}`));
        for (const { samples } of pieces) sum += samples.filter((sample) => sample !== null).length;
      }
      return sum;
    },
  };
}
