import { randomUUID } from "node:crypto";
import type { Tile, WaveformChunk } from "@openward/api";
import type { FakePatient } from "./people.ts";

export const RATE = 250;

type Stream = Tile["streams"][number];

export interface FakeStream extends Stream {
  readonly base: number;
  readonly swing: number;
}

/** One beat of an ECG from a phase of 0 to 1: sums of Gaussians, enough for a screen. */
export function ecg(phase: number): number {
  const g = (at: number, width: number, height: number) => height * Math.exp(-(((phase - at) / width) ** 2));
  return (
    g(0.2, 0.025, 0.13) + g(0.36, 0.008, -0.12) + g(0.375, 0.009, 1.05) + g(0.395, 0.009, -0.24) + g(0.62, 0.045, 0.28)
  );
}

export function pleth(phase: number): number {
  const p = (phase + 0.55) % 1;
  return Math.exp(-(((p - 0.22) / 0.11) ** 2)) + 0.38 * Math.exp(-(((p - 0.52) / 0.12) ** 2));
}

export function resp(seconds: number, rate: number): number {
  return 0.5 * Math.sin((seconds * rate * 2 * Math.PI) / 60);
}

export function streamsOf(person: FakePatient): FakeStream[] {
  const monitor = `mon-${person.patient.mrn.toLowerCase()}`;
  const cuff = `cuff-${person.patient.mrn.toLowerCase()}`;
  const rows: [string, "numeric" | "waveform", string, string, number | null, number, number][] = [
    ["heart-rate", "numeric", "/min", monitor, 1_000, heartRate(person), 3],
    ["spo2", "numeric", "%", monitor, 1_000, person.scenario === "desaturation" ? 83 : 97, 1],
    ["respiratory-rate", "numeric", "/min", monitor, 2_000, person.scenario === "sepsis" ? 27 : 15, 2],
    ["nibp-systolic", "numeric", "mm[Hg]", cuff, null, person.scenario === "sepsis" ? 94 : 128, 0],
    ["nibp-diastolic", "numeric", "mm[Hg]", cuff, null, person.scenario === "sepsis" ? 51 : 76, 0],
    ["nibp-mean", "numeric", "mm[Hg]", cuff, null, person.scenario === "sepsis" ? 65 : 93, 0],
    ["body-temperature", "numeric", "Cel", cuff, null, person.scenario === "sepsis" ? 39.2 : 36.8, 0],
    ["ecg-lead-ii", "waveform", "mV", monitor, 1_000, 0, 0],
    ["pleth", "waveform", "1", monitor, 1_000, 0, 0],
    ["resp-waveform", "waveform", "Ohm", monitor, 1_000, 0, 0],
  ];
  const kept =
    person.scenario === "unknown" ? rows.filter(([s]) => s === "heart-rate" || s === "spo2" || s === "pleth") : rows;
  return kept.map(([signal, kind, unit, deviceId, expectedIntervalMs, base, swing]) => ({
    id: randomUUID(),
    signal,
    kind,
    unit,
    deviceId,
    expectedIntervalMs,
    base,
    swing,
  }));
}

export function heartRate(person: FakePatient): number {
  return { stable: 68, desaturation: 104, sepsis: 118, unknown: 84, standby: 72, offline: 77, tachycardia: 152 }[
    person.scenario
  ];
}

/** Samples of one waveform stream from `start`, `seconds` long. */
export function waveAt(
  person: FakePatient,
  stream: Stream,
  start: number,
  seconds: number,
): Omit<WaveformChunk, "patientId"> {
  const n = Math.round(seconds * RATE);
  const bpm = heartRate(person);
  const samples: (number | null)[] = [];
  for (let i = 0; i < n; i++) {
    const t = start / 1000 + i / RATE;
    const phase = ((t * bpm) / 60) % 1;
    const noise = (Math.sin(t * 997) + Math.sin(t * 1493)) * 0.008;
    const value =
      stream.signal === "ecg-lead-ii"
        ? ecg(phase) + 0.05 * Math.sin(t * 1.4) + noise
        : stream.signal === "pleth"
          ? pleth(phase) * (1 + 0.08 * Math.sin(t * 1.6))
          : resp(t, 15);
    // A loose contact now and then: a gap stays a gap.
    samples.push(person.scenario === "unknown" && t % 17 < 0.8 ? null : Math.round(value / 0.005));
  }
  return {
    streamId: stream.id,
    signal: stream.signal,
    unit: stream.unit,
    start,
    rateHz: RATE,
    scale: 0.005,
    origin: 0,
    samples,
  };
}
