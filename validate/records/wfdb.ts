import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type Annotation, openRecord, readAnnotations, type WfdbFolder } from "@openward/codecs/files";
import { ABSENT_SAMPLE } from "@openward/model";

/** A whole record: each signal in its own unit, NaN where there is no sample. */
export interface Recording {
  readonly name: string;
  readonly rateHz: number;
  readonly signals: readonly { readonly name: string; readonly samples: Float64Array }[];
}

const BLOCK = 65_536;

/** @param folder that has NAME.hea and its files, plain or .gz */
export async function readRecording(folder: string, name: string): Promise<Recording> {
  const record = await openRecord(filesOf(folder), name);
  const parts: Float64Array[][] = record.signals.map(() => []);
  for await (const { channels } of record.blocks({ blockFrames: BLOCK }))
    for (const [i, { signal, samples }] of channels.entries()) {
      const { gain, baseline } = signal;
      parts[i]?.push(
        Float64Array.from(samples, (sample) => (sample === ABSENT_SAMPLE ? Number.NaN : (sample - baseline) / gain)),
      );
    }
  return {
    name,
    rateHz: record.frameRateHz,
    signals: record.signals.map((signal, i) => ({ name: signal.description, samples: joined(parts[i] ?? []) })),
  };
}

/** @param push a sample of each signal; the same array each time */
export function eachFrame({ signals }: Recording, push: (frame: Float64Array) => void): void {
  const frame = new Float64Array(signals.length);
  for (let i = 0; i < (signals[0]?.samples.length ?? 0); i++) {
    for (const [lead, { samples }] of signals.entries()) frame[lead] = samples[i] as number;
    push(frame);
  }
}

/** @param file with its ending, plain or .gz */
export function readBeats(file: string): readonly Annotation[] {
  const found = [file, `${file}.gz`].find(existsSync);
  if (found === undefined) throw new Error(`there is no ${file}`);
  const bytes = readFileSync(found);
  return [...readAnnotations(found.endsWith(".gz") ? gunzipSync(bytes) : bytes, 0)];
}

/** Sampling rate, as the header says. */
export function readRateHz(folder: string, name: string): number {
  const line = readFileSync(join(folder, `${name}.hea`), "utf8")
    .split(/\r?\n/)
    .find((each) => each.trim() !== "" && !each.startsWith("#"));
  return Number.parseFloat(line?.split(/\s+/)[2] ?? "");
}

function filesOf(folder: string): WfdbFolder {
  return {
    async open(name) {
      const found = [name, `${name}.gz`].map((each) => join(folder, each)).find(existsSync);
      if (found === undefined) return null;
      const bytes = found.endsWith(".gz") ? gunzipSync(readFileSync(found)) : readFileSync(found);
      return (async function* () {
        yield bytes;
      })();
    },
  };
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
