import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { openNamedModel } from "@openward/models";
import { BEAT_FEATURES, createEcgMonitor, type EcgMonitor } from "@openward/physiology/ecg";
import { type Row, round } from "../support.ts";
import { madeMinutes } from "./ecg.ts";

const SEED = 20_261_128;
const RATE_HZ = 250;
const LEADS = 2;
/** Live at once, each with its own second in turn, as a server hears them: caches are cold for each. */
const PATIENTS = 100;
const SECONDS = 30;
/** Before it is measured: averages and histories are full, and the compiler is done. */
const WARM_S = 330;
const MINUTE_S = 60;
const SIGNALS = 16;

/** What the complete ECG of one patient costs: QRS, classes by rule and by model, waves, QT and ST, HRV of five minutes. */
export async function physiology(): Promise<Row[]> {
  console.log(`seed ${SEED}; ${PATIENTS} patients, ${LEADS} leads at ${RATE_HZ} Hz\n`);
  const models = [(await openNamedModel("beats-ventricular")).whole, (await openNamedModel("beats-early")).whole];
  const signals = Array.from({ length: SIGNALS }, (_, i) => madeMinutes(SEED + i, MINUTE_S, RATE_HZ, LEADS));
  const before = memory();
  let told = 0;
  let rows = new Float32Array(0);
  const asked: Float32Array[] = [];
  const patients = Array.from({ length: PATIENTS }, () =>
    createEcgMonitor({
      ...{ rateHz: RATE_HZ, leads: LEADS, mainsHz: 50 },
      onBeat: ({ features }) => asked.push(features),
      onWaves: () => told++,
      onSummary: () => told++,
    }),
  );
  const frame = new Float64Array(LEADS);
  const second = (patient: EcgMonitor, which: number, at: number) => {
    const leads = signals[which % SIGNALS] as Float32Array[];
    const from = (at % MINUTE_S) * RATE_HZ;
    for (let i = from; i < from + RATE_HZ; i++) {
      for (let lead = 0; lead < LEADS; lead++) frame[lead] = leads[lead]?.[i] as number;
      patient.push(frame);
    }
  };
  const beatsOfAll = async () => {
    // All beats of one second of everybody are asked at once.
    if (rows.length < asked.length * BEAT_FEATURES.length)
      rows = new Float32Array(2 * asked.length * BEAT_FEATURES.length);
    for (const [i, features] of asked.entries()) rows.set(features, i * BEAT_FEATURES.length);
    for (const model of models) await model.predict(rows.slice(0, asked.length * BEAT_FEATURES.length));
    asked.length = 0;
  };
  for (let at = 0; at < WARM_S; at++) {
    for (const [which, patient] of patients.entries()) second(patient, which, at);
    await beatsOfAll();
  }
  const bytes = memory() - before;
  let signalMs = 0;
  let modelMs = 0;
  for (let at = WARM_S; at < WARM_S + SECONDS; at++) {
    let began = process.cpuUsage();
    for (const [which, patient] of patients.entries()) second(patient, which, at);
    signalMs += spentMs(began);
    began = process.cpuUsage();
    await beatsOfAll();
    modelMs += spentMs(began);
  }
  const each = (ms: number) => round((1_000 * ms) / PATIENTS / SECONDS, 1);
  return [
    {
      what: "complete ECG, 2 leads, 250 Hz",
      "patients a core": Math.floor((PATIENTS * SECONDS * 1_000) / (signalMs + modelMs)),
      "µs a second of a patient": each(signalMs + modelMs),
      "of which the models": each(modelMs),
      "kB a patient": round(bytes / PATIENTS / 1_000, 1),
      "pieces equal whole": piecesEqualWhole(signals[0] as Float32Array[], signals[1] as Float32Array[]),
      told,
    },
  ];
}

const spentMs = (began: NodeJS.CpuUsage) => {
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1_000;
};

/** Of everything that is held, after what is not has been collected. */
function memory(): number {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  for (let i = 0; i < 3; i++) collect();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + Math.max(external, arrayBuffers);
}

/** A minute alone in one go, and in pieces between which another patient is fed. */
function piecesEqualWhole(mine: readonly Float32Array[], other: readonly Float32Array[]): string {
  const start = () => {
    const said: unknown[] = [];
    const tell = (what: unknown) => said.push(what);
    const options = { rateHz: RATE_HZ, leads: LEADS, mainsHz: 50 as const };
    return { said, monitor: createEcgMonitor({ ...options, onBeat: tell, onWaves: tell, onSummary: tell }) };
  };
  const feed = (monitor: EcgMonitor, leads: readonly Float32Array[], from: number, to: number) => {
    for (let i = from; i < to; i++) monitor.push(leads.map((lead) => lead[i] as number));
  };
  const length = mine[0]?.length ?? 0;
  const [whole, inPieces, stranger] = [start(), start(), start()];
  feed(whole.monitor, mine, 0, length);
  for (let at = 0, size = 1; at < length; at += size, size = (size * 7) % 911) {
    feed(inPieces.monitor, mine, at, Math.min(at + size, length));
    feed(stranger.monitor, other, at, Math.min(at + size, length));
  }
  const text = ({ said, monitor }: ReturnType<typeof start>) => {
    monitor.finish();
    return JSON.stringify(said, (_, value) => (value instanceof Float32Array ? [...value].map(String) : value));
  };
  return text(whole) === text(inPieces) && whole.said.length > 100 ? "yes" : "NO";
}
