import { encode } from "cbor-x";
import { addBeds, apiOf, removeDataDir, startWard } from "../test/support/ward.ts";
import { BareClient } from "./load/bare-client.ts";
import { cpuMilliseconds, percentile, type Row, round, thousands } from "./support.ts";

const SIGNALS = [
  "heart-rate",
  "spo2",
  "respiratory-rate",
  "etco2",
  "art-mean",
  "art-systolic",
  "art-diastolic",
  "perfusion-index",
];
const PATIENTS = Number(process.env.OPENWARD_BENCH_PATIENTS ?? 200);
const SECONDS = 3_600;
const COLUMN = 900;
const ROUNDS = 1_500;
const WARM_UP = 300;

/** An hour of 200 patients with 8 signals each, sent as devices send it, then asked for as portals ask. */
export async function queries(): Promise<Row[]> {
  const ward = await startWard();
  const beds = await addBeds(ward, PATIENTS);
  const api = await apiOf(ward);
  const [{ id: wardId }] = (await api<{ id: string }[]>("GET", "/api/wards")) as [{ id: string }];
  // The hour that has just ended, whole: nobody measures ahead.
  const to = Math.floor(Date.now() / 60_000) * 60_000;
  const from = to - SECONDS * 1_000;
  let sent = 0;
  for (const [n, bed] of beds.entries()) {
    for (let first = 0; first < SECONDS; first += COLUMN) {
      const body = encode({
        t: Float64Array.from({ length: COLUMN }, (_, i) => from + (first + i) * 1_000),
        signals: Object.fromEntries(SIGNALS.map((signal, s) => [signal, column(n, s, first)])),
      });
      const response = await fetch(`${ward.url}/ingest/devices/${bed.deviceId}/readings`, {
        method: "POST",
        headers: {
          authorization: `Basic ${Buffer.from(`${bed.deviceId}:${bed.token}`).toString("base64")}`,
          "content-type": "application/cbor",
        },
        body,
      });
      const answer = (await response.json()) as { accepted: number; quarantined: unknown[] };
      if (response.status !== 200 || answer.accepted !== COLUMN * SIGNALS.length)
        throw new Error(JSON.stringify(answer).slice(0, 400));
      sent += answer.accepted;
    }
  }
  const patientId = beds[0]?.patientId;
  const streams = (
    await api<{ patients: { streams: { id: string; kind: string }[] }[] }>("GET", `/api/streams?patient=${patientId}`)
  ).patients[0]?.streams.map((stream) => stream.id) as string[];
  const { token } = await ward.json<{ token: string }>("token", "issue", "--role", "nurse");
  const asked = [
    ["last values of one patient", `/api/streams/latest?patient=${patientId}`],
    ["1 h raw, 3,600 readings", `/api/streams/readings?stream=${streams[0]}&from=${from}&to=${to}`],
    [
      `${streams.length} signals x 60 buckets`,
      `/api/streams/trend?stream=${streams.join()}&from=${from}&to=${to}&buckets=60`,
    ],
    [`ward view, ${PATIENTS} x ${streams.length}`, `/api/streams/latest?ward=${wardId}`],
  ] as const;
  const rows: Row[] = [];
  for (const type of ["application/json", "application/cbor"]) {
    const client = new BareClient(ward.httpPort, { authorization: `Bearer ${token}`, accept: type });
    for (const [what, path] of asked) {
      const times: number[] = [];
      let bytes = 0;
      let cpuBefore = 0;
      for (let n = -WARM_UP; n < ROUNDS; n++) {
        if (n === 0) cpuBefore = cpuMilliseconds(ward.process.pid as number);
        const began = performance.now();
        bytes = (await client.get(path)).length;
        if (n >= 0) times.push(performance.now() - began);
      }
      rows.push({
        what: `${what}, ${type.slice(12)}`,
        "p10 ms": round(percentile(times, 0.1), 3),
        "p50 ms": round(percentile(times, 0.5), 3),
        "p99 ms": round(percentile(times, 0.99), 3),
        // What a busy machine changes least; PostgreSQL's is not in it, sealing in the background is.
        "server CPU ms": round((cpuMilliseconds(ward.process.pid as number) - cpuBefore) / ROUNDS, 3),
        bytes: thousands(bytes),
      });
    }
    client.close();
  }
  console.error(`  ${thousands(sent)} readings were sent and accepted`);
  await ward.stop();
  removeDataDir(ward.dataDir);
  return rows;
}

function column(patient: number, signal: number, first: number): Float64Array {
  return Float64Array.from({ length: COLUMN }, (_, i) => {
    const n = first + i;
    return SIGNALS[signal] === "perfusion-index"
      ? ((n + patient) % 50) / 10 + 1
      : 30 + ((n * (signal + 1) + patient * 7) % 60);
  });
}
