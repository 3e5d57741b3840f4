import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "@openward/runtime/manual";
import { percentile, round } from "../support.ts";
import { type EcgWorkload, ecgPieces } from "./ecg.ts";
import { BUCKETS, type OpenStore, type Prepared, type StoreSystem } from "./system.ts";
import { batchesOf, readingsOf, type Workload } from "./workload.ts";

export interface Measured {
  readonly name: string;
  readonly isDurable: boolean;
  readonly readingsPerSecond: number;
  readonly bytesPerReading: number;
  /** Medians, ms. */
  readonly latest: number;
  readonly raw: number;
  readonly trend: number;
  readonly ward: number;
  readonly ecgBytesPerSample: number | undefined;
  readonly ecgSamplesPerSecond: number | undefined;
  readonly note: string | undefined;
}

export interface MeasureOptions {
  readonly workload: Workload;
  readonly ecg: EcgWorkload;
  /** Readings of a batch. */
  readonly batch: number;
  /** Calls of each question. */
  readonly calls: number;
  readonly say: (line: string) => void;
}

/** One store from empty to its row of the table. @throws where it does not hold what it acknowledged */
export async function measure(system: StoreSystem, options: MeasureOptions): Promise<Measured> {
  const { workload, ecg, batch, say } = options;
  const folder = mkdtempSync(join(tmpdir(), "openward-bench-"));
  const store = await system.open(folder, workload);
  try {
    const prepared = batchesOf(workload, batch).map((each) => store.prepare(each));
    const seconds = await pump(prepared, store.connections);
    say(`${system.name}: ${Math.round(readingsOf(workload) / seconds)} readings/s; settling`);
    await store.settle();
    verify(system.name, "readings", await store.count(), readingsOf(workload));
    const bytes = await store.bytes();
    const times = await ask(store, options);
    const waveform = store.ecg && (await measureEcg(system.name, store, ecg));
    return {
      name: system.name,
      isDurable: system.isDurable,
      readingsPerSecond: readingsOf(workload) / seconds,
      bytesPerReading: bytes / readingsOf(workload),
      ...times,
      ecgBytesPerSample: waveform?.bytesPerSample,
      ecgSamplesPerSecond: waveform?.samplesPerSecond,
      note: store.note,
    };
  } finally {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns seconds until the last acknowledgement */
async function pump(prepared: readonly Prepared[], connections: number): Promise<number> {
  let next = 0;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async (_, connection) => {
      for (let one = prepared[next++]; one; one = prepared[next++]) await one.send(connection);
    }),
  );
  return (performance.now() - began) / 1000;
}

function verify(name: string, what: string, stored: number, sent: number): void {
  if (stored !== sent) throw new Error(`${name}: ${sent} ${what} were acknowledged, ${stored} can be read back`);
}

/** Of a program that is compiled while it runs the first hundred calls say what compiling costs; all systems get as many. */
const WARM_UP = 200;
/** A question that takes seconds is not asked two hundred times. */
const AT_MOST_MS = 60_000;
const AT_LEAST = 5;

async function ask({ queries }: OpenStore, { workload, calls }: MeasureOptions) {
  const random = seededRandom(workload.seed);
  const anyPatient = () => Math.floor(random.float() * workload.patients);
  const anyVital = () => Math.floor(random.float() * workload.vitals.length);
  const signals = workload.vitals.length;
  const median = async (name: string, expected: number, run: () => Promise<number>) => {
    const times: number[] = [];
    const until = performance.now() + AT_MOST_MS;
    for (let call = -Math.min(WARM_UP, calls); call < calls; call++) {
      if (performance.now() > until && times.length >= AT_LEAST) break;
      if (performance.now() > until && call < 0) call = 0;
      const began = performance.now();
      const got = await run();
      if (call >= 0) times.push(performance.now() - began);
      if (got !== expected) throw new Error(`${name}: ${got} values came back, ${expected} were asked for`);
    }
    return percentile(times, 0.5);
  };
  return {
    latest: await median("latest", signals, () => queries.latest(anyPatient())),
    raw: await median("raw", workload.rows, () => queries.raw(anyPatient(), anyVital())),
    trend: await median("trend", signals * BUCKETS, () => queries.trend(anyPatient())),
    ward: await median("ward", signals * workload.patients, () => queries.ward()),
  };
}

async function measureEcg(name: string, store: OpenStore, workload: EcgWorkload) {
  if (!store.ecg) return undefined;
  await store.ecg.begin(workload);
  const prepared = ecgPieces(workload).map((piece) => (store.ecg as NonNullable<OpenStore["ecg"]>).prepare(piece));
  const seconds = await pump(prepared, store.connections);
  await store.ecg.settle();
  const samples = workload.patients * workload.samplesEach;
  verify(name, "samples", await store.ecg.count(), samples);
  return { bytesPerSample: (await store.ecg.bytes()) / samples, samplesPerSecond: samples / seconds };
}

export const milliseconds = (value: number) => `${round(value, value < 1 ? 2 : 1)} ms`;
