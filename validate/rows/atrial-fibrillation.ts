import { join } from "node:path";
import { AF_FEATURES, createIntervalRows, INTERVALS_PER_ROW, type IntervalRow } from "@openward/physiology/rhythm";
import {
  type RhythmDatabase,
  type RhythmRecord,
  readAfdb,
  readRhythms,
  readSinusRhythm,
  recordNames,
} from "../records/rhythms.ts";
import type { TrainingRow, TrainingRows } from "./index.ts";

/** Rows beside one another have nearly all of their windows in common: every so many of a record are enough to know it. */
const EVERY: Readonly<Record<RhythmDatabase, number>> = { afdb: 5, mitdb: 2, cpsc2021: 2, nsr2db: 40 };
/** What is asked first is ten hours of those who have it now and then; the others show what else there is. */
const WEIGHTS: Readonly<Record<RhythmDatabase, number>> = { afdb: 1, mitdb: 0.5, cpsc2021: 0.5, nsr2db: 1 };

/** Rows of all intervals of a record, in order. */
export function intervalRows({ beats }: RhythmRecord): IntervalRow[] {
  const rows: IntervalRow[] = [];
  const watch = createIntervalRows((row) => rows.push(row));
  for (let i = 1; i < beats.length; i++) watch.push((beats[i] as number) - (beats[i - 1] as number));
  watch.finish();
  return rows;
}

/** Every record that says which beats are in atrial fibrillation. */
export function* rhythmRecords(dir: string): Generator<RhythmRecord> {
  const ecg = (folder: string) => join(dir, "ecg", folder);
  for (const name of recordNames(ecg("afdb"), ".beats.csv.gz")) yield readAfdb(ecg("afdb"), name);
  for (const name of recordNames(ecg("mitdb"), ".hea")) yield readRhythms("mitdb", ecg("mitdb"), name);
  for (const name of recordNames(ecg("cpsc2021-af"), ".hea")) yield readRhythms("cpsc2021", ecg("cpsc2021-af"), name);
  for (const name of recordNames(ecg("rr-intervals"), ".hea")) yield readSinusRhythm(ecg("rr-intervals"), name);
}

export const isFibrillation = (rhythm: string | undefined): boolean => rhythm === "AFIB";

async function* of(dir: string): AsyncGenerator<TrainingRow> {
  for (const record of rhythmRecords(dir))
    for (const [i, { at, features }] of intervalRows(record).entries()) {
      if (!features || i % EVERY[record.database] !== 0) continue;
      let fibrillating = 0;
      for (let k = 0; k < INTERVALS_PER_ROW; k++)
        if (isFibrillation(record.rhythms[at - INTERVALS_PER_ROW / 2 + k + 1])) fibrillating++;
      const label = String(Number(2 * fibrillating > INTERVALS_PER_ROW));
      yield { group: record.subject, label, weight: WEIGHTS[record.database], features };
    }
}

export const atrialFibrillation: TrainingRows = { features: AF_FEATURES, of };
