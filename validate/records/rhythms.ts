import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Annotation } from "@openward/codecs/files";
import { BEAT_CODES } from "../scoring/ec57-classes.ts";
import { readBeats, readRateHz } from "./wfdb.ts";

export type RhythmDatabase = "afdb" | "mitdb" | "cpsc2021" | "nsr2db";

/** Beats of a record by somebody else, and the rhythm at each. */
export interface RhythmRecord {
  readonly database: RhythmDatabase;
  readonly name: string;
  /** Whose it is, for folds: all of one person are in one. */
  readonly subject: string;
  /** Seconds, ascending. */
  readonly beats: Float64Array;
  /** Of each beat, as the annotators write it without its bracket: "N", "AFIB", "AFL", "B", "VT" ... */
  readonly rhythms: readonly string[];
}

const RHYTHM_CHANGE = 28;
const AFDB_RATE_HZ = 250;

export const recordNames = (folder: string, ending: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((file) => file.endsWith(ending))
        .map((file) => file.slice(0, -ending.length))
        .sort()
    : [];

/** MIT-BIH Atrial Fibrillation Database: beats of a machine, rhythms of people. */
export function readAfdb(folder: string, name: string): RhythmRecord {
  const beats = lines(gunzipSync(readFileSync(join(folder, `${name}.beats.csv.gz`)))).map(Number);
  const changes = lines(readFileSync(join(folder, `${name}.rhythm.csv`))).map((line): [number, string] => {
    const [sample, rhythm] = line.split(",") as [string, string];
    return [Number(sample), rhythm];
  });
  return recordOf("afdb", name, AFDB_RATE_HZ, beats, changes);
}

/** A WFDB record with its annotations. */
export function readRhythms(database: RhythmDatabase, folder: string, name: string): RhythmRecord {
  const annotations = readBeats(join(folder, `${name}.atr`));
  const beats = annotations.filter(({ code }) => BEAT_CODES.has(code)).map(({ sample }) => sample);
  return recordOf(database, name, readRateHz(folder, name), beats, rhythmChanges(annotations));
}

/** Normal Sinus Rhythm RR Interval Database: beats alone. */
export function readSinusRhythm(folder: string, name: string): RhythmRecord {
  const beats = readBeats(join(folder, `${name}.ecg`)).map(({ sample }) => sample);
  return recordOf("nsr2db", name, readRateHz(folder, name), beats, [[0, "N"]]);
}

/** Sample and name of each change of rhythm. */
export const rhythmChanges = (annotations: readonly Annotation[]): [number, string][] =>
  annotations.flatMap(({ code, sample, aux }): [number, string][] =>
    code === RHYTHM_CHANGE && aux.startsWith("(") ? [[sample, aux.slice(1).replace(/\0.*$/, "")]] : [],
  );

/** @param beats @param changes samples, ascending; each change lasts until the next, and the first from the beginning */
export function recordOf(
  database: RhythmDatabase,
  name: string,
  rateHz: number,
  beats: readonly number[],
  changes: readonly (readonly [number, string])[],
): RhythmRecord {
  let change = -1;
  const rhythms = beats.map((sample) => {
    while (change + 1 < changes.length && (changes[change + 1]?.[0] as number) <= sample) change++;
    return changes[Math.max(change, 0)]?.[1] ?? "";
  });
  const seconds = Float64Array.from(beats, (sample) => sample / rateHz);
  return { database, name, subject: `${database}-${SUBJECT[database](name)}`, beats: seconds, rhythms };
}

const SUBJECT: Readonly<Record<RhythmDatabase, (name: string) => string>> = {
  afdb: (name) => name,
  // 201 and 202 are of one person.
  mitdb: (name) => (name === "202" ? "201" : name),
  // data_PATIENT_RECORD
  cpsc2021: (name) => name.split("_")[1] ?? name,
  nsr2db: (name) => name,
};

/** Without the head. */
const lines = (bytes: Uint8Array): string[] => Buffer.from(bytes).toString().trim().split(/\r?\n/).slice(1);
