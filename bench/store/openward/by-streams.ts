import { ABSENT_SAMPLE } from "@openward/model";
import { BUCKETS } from "../system.ts";
import { timeOf } from "../workload.ts";
import type { Asked, Client, Questions, StreamInfo } from "./questions.ts";

type Column = ArrayLike<number>;
interface Newest {
  readonly rows: string;
  readonly values: Column;
}
interface Raw {
  readonly streams: readonly { readonly pieces: readonly { readonly values: Column }[] }[];
}
interface Trend {
  readonly streams: readonly { readonly count: Column }[];
}
interface Pieces {
  readonly pieces: readonly { readonly samples: Column }[];
}

/** Through /api/streams, in CBOR columns. */
export async function askStreams({ cbor, json }: Client, asked: Asked): Promise<Questions> {
  const { beds, vitals, rows, start } = asked;
  const span = `from=${start}&to=${timeOf(asked, rows)}`;
  const [ward] = await json<{ id: string }[]>("/api/wards");
  const known = new Map<number, readonly StreamInfo[]>();
  const streamsOf = async (patient: number) => {
    const found = known.get(patient);
    if (found) return found;
    const { patients } = await json<{ patients: { streams: StreamInfo[] }[] }>(
      `/api/streams?patient=${beds[patient]?.patientId}`,
    );
    const streams = patients[0]?.streams ?? [];
    known.set(patient, streams);
    return streams;
  };
  const numericsOf = async (patient: number) =>
    (await streamsOf(patient)).flatMap(({ id, kind }) => (kind === "numeric" ? [id] : [])).join(",");
  // Names of the rows are said once, as a screen that asks every few seconds would have it.
  const rowsOf = new Map<string, string>();
  const newest = async (whose: string) => {
    const { rows, values } = await cbor<Newest>(`/api/streams/latest?${whose}&rows=${rowsOf.get(whose) ?? ""}`);
    rowsOf.set(whose, rows);
    return values.length;
  };
  const countsOf = async (patient: number, query: string) =>
    (await cbor<Trend>(`/api/streams/trend?stream=${await numericsOf(patient)}&${query}`)).streams.flatMap(
      ({ count }) => Array.from(count),
    );

  return {
    by: "/api/streams, CBOR",
    latest: (patient) => newest(`patient=${beds[patient]?.patientId}`),
    async raw(patient, vital) {
      const id = (await streamsOf(patient)).find(({ signal }) => signal === vitals[vital]?.signal)?.id;
      const { streams } = await cbor<Raw>(`/api/streams/readings?stream=${id}&${span}&limit=${rows}`);
      return streams.flatMap(({ pieces }) => pieces).reduce((sum, { values }) => sum + values.length, 0);
    },
    trend: async (patient) =>
      (await countsOf(patient, `${span}&buckets=${BUCKETS}`)).filter((count) => count > 0).length,
    ward: () => newest(`ward=${ward?.id}`),
    countOf: async (patient, from, to) =>
      (await countsOf(patient, `from=${from}&to=${to}&buckets=1`)).reduce((sum, count) => sum + count, 0),
    async samplesOf(patient, from, to) {
      // A waveform is newer than what was asked for first.
      known.delete(patient);
      const id = (await streamsOf(patient)).find(({ kind }) => kind === "waveform")?.id;
      const { pieces } = await cbor<Pieces>(`/api/streams/waveform?stream=${id}&from=${from}&to=${to}`);
      let sum = 0;
      for (const { samples } of pieces) {
        for (let i = 0; i < samples.length; i++) if (samples[i] !== ABSENT_SAMPLE) sum++;
      }
      return sum;
    },
  };
}
