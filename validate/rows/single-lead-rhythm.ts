import { readFileSync } from "node:fs";
import { join } from "node:path";
import { STRIP_FEATURES, type StripRhythm, stripFeatures } from "@openward/physiology/strip";
import { readRecording } from "../records/wfdb.ts";
import type { TrainingRow, TrainingRows } from "./index.ts";

const FOLDER = "ecg/challenge2017";

/** Letters of the Challenge 2017, and what they stand for. */
export const STRIP_CLASSES: readonly StripRhythm[] = ["N", "A", "O", "~"];

export interface LabelledStrip {
  readonly name: string;
  readonly label: StripRhythm;
  readonly features: Float32Array | null;
}

/** Records of which DIR has the label and the samples. */
export async function* labelledStrips(dir: string): AsyncGenerator<LabelledStrip> {
  const folder = join(dir, FOLDER);
  const lines = readFileSync(join(folder, "REFERENCE.csv"), "utf8").trim().split(/\r?\n/);
  for (const line of lines) {
    const [name, label] = line.split(",") as [string, string];
    if (!isClass(label)) continue;
    const { rateHz, signals } = await readRecording(folder, name);
    yield { name, label, features: stripFeatures(signals[0]?.samples ?? [], rateHz) };
  }
}

const isClass = (label: string): label is StripRhythm => STRIP_CLASSES.some((each) => each === label);

async function* of(dir: string): AsyncGenerator<TrainingRow> {
  for await (const { name, label, features } of labelledStrips(dir))
    if (features) yield { group: name, label, weight: 1, features };
}

export const singleLeadRhythm: TrainingRows = { features: STRIP_FEATURES, of };
