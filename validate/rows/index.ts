import { atrialFibrillation } from "./atrial-fibrillation.ts";
import { earlyBeats, ventricularBeats } from "./beats.ts";
import { deteriorationRows } from "./deterioration.ts";
import { falls } from "./falls.ts";
import { glucoseRows } from "./glucose.ts";
import { singleLeadRhythm } from "./single-lead-rhythm.ts";

/** A row to learn from. */
export interface TrainingRow {
  /** Subject or record: all of it is in one fold. */
  readonly group: string;
  /** A class of the recipe, or a number. */
  readonly label: string;
  readonly weight: number;
  readonly features: ArrayLike<number>;
}

export interface TrainingRows {
  readonly features: readonly string[];
  /** @param dir laid out like the folder of recordings */
  of(dir: string): AsyncIterable<TrainingRow>;
}

/** By the name of the model's folder; a line each. */
export const rowsOf: Readonly<Record<string, TrainingRows>> = {
  "beats-ventricular": ventricularBeats,
  "beats-early": earlyBeats,
  falls,
  deterioration: deteriorationRows("all"),
  "deterioration-vitals": deteriorationRows("vitals"),
  "glucose-30": glucoseRows(30),
  "glucose-60": glucoseRows(60),
  "atrial-fibrillation": atrialFibrillation,
  "single-lead-rhythm": singleLeadRhythm,
};
