import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Annotation } from "@openward/codecs/files";
import { type ClassifiedBeat, createBeatStream, createQrsDetector } from "@openward/physiology/ecg";
import { isPaced } from "../scoring/ec57-classes.ts";
import { eachFrame, type Recording, readBeats, readRecording } from "./wfdb.ts";

export interface Annotated {
  readonly name: string;
  /** Two records of one person have one. */
  readonly subject: string;
  readonly recording: Recording;
  readonly annotations: readonly Annotation[];
}

/** Told by the database's directory: record 202 is of the same man as 201. */
const SAME_SUBJECT: Readonly<Record<string, string>> = { 202: "201" };

/**
 * Records of the inter-patient set that the folder holds most of (summary.json says which each is of), paced ones left out: EC57.
 * Without a summary all that are not paced.
 */
export async function* interPatientRecords(folder: string): AsyncGenerator<Annotated> {
  const names = readdirSync(folder).flatMap((file) => (file.endsWith(".hea") ? [file.slice(0, -4)] : []));
  const sets = setsOf(folder);
  const count = (set: string | undefined) => names.filter((name) => sets[name]?.set === set).length;
  const most = names.map((name) => sets[name]?.set).reduce((a, b) => (count(b) > count(a) ? b : a), undefined);
  for (const name of names.sort()) {
    const annotations = readBeats(join(folder, `${name}.atr`));
    if (isPaced(annotations) || sets[name]?.set !== most) continue;
    yield { name, subject: SAME_SUBJECT[name] ?? name, recording: await readRecording(folder, name), annotations };
  }
}

function setsOf(folder: string): Readonly<Record<string, { readonly set?: string }>> {
  const file = join(folder, "summary.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
}

/** By our own QRS detector, in order of time. */
export function classifiedBeats(recording: Recording): ClassifiedBeat[] {
  const { rateHz } = recording;
  const found: ClassifiedBeat[] = [];
  const leads = recording.signals.length;
  const stream = createBeatStream({ rateHz, leads, onBeat: (beat) => found.push(beat) });
  const detector = createQrsDetector({ rateHz, leads, onBeat: (beat) => stream.beat(beat) });
  eachFrame(recording, (frame) => {
    stream.push(frame);
    detector.push(frame);
  });
  detector.finish();
  stream.finish();
  return found;
}
