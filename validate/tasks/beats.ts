import { join } from "node:path";
import { openNamedModel } from "@openward/models";
import { BEAT_FEATURES, type BeatClass, type ClassifiedBeat, classBy } from "@openward/physiology/ecg";
import { percentRow } from "../percent.ts";
import { classifiedBeats, interPatientRecords } from "../records/mitdb.ts";
import {
  added,
  type Confusion,
  cells,
  confusionOf,
  flutterOf,
  LEARNING_S,
  predictivityOf,
  referenceBeats,
  sensitivityOf,
  WINDOW_S,
} from "../scoring/ec57-classes.ts";
import type { Row, Task } from "../task.ts";

const FOLDER = "ecg/mitdb";

interface Found {
  readonly name: string;
  readonly learned: Confusion;
  readonly rule: Confusion;
}

export const beats: Task = {
  id: "beats",
  title: "Beat classes (AAMI EC57), inter-patient, MIT-BIH Arrhythmia Database, both leads",
  needs: [FOLDER],
  published: "Heartbeat classification",
  async run(dir) {
    const ventricular = await openNamedModel("beats-ventricular");
    const early = await openNamedModel("beats-early");
    const found: Found[] = [];
    for await (const { name, subject, recording, annotations } of interPatientRecords(join(dir, FOLDER))) {
      const { rateHz } = recording;
      const beatsFound = classifiedBeats(recording);
      const flutter = flutterOf(annotations);
      const isScored = (at: number) =>
        at >= LEARNING_S * rateHz && !flutter.some(([from, to]) => from <= at && at <= to);
      const score = (classes: readonly BeatClass[]) =>
        confusionOf(
          referenceBeats(annotations),
          beatsFound.map(({ at }, i) => ({ at, class: classes[i] ?? "Q" })),
          Math.round(WINDOW_S * rateHz),
          isScored,
        );
      const learned = await classesBy(await ventricular.unseen(subject), await early.unseen(subject), beatsFound);
      found.push({ name, learned: score(learned), rule: score(beatsFound.map((beat) => beat.class)) });
    }
    const all = added(found.map(({ learned }) => learned));
    return {
      rows: [...rowsOf(found, "learned", ""), ...rowsOf(found, "rule", ", the rule alone")],
      notes: [
        `${found.length} records; the beats are those of our own detector, matched within 150 ms: a beat that it misses counts as missed, one that it invents and that is called S or V counts against it. The first five minutes are for learning, ventricular flutter has no beats, paced records are left out, and fusions called V and unclassifiable beats called V or S are not counted (EC57).`,
        "Each record is classed by a model that has not seen this patient (folds by patient; records 201 and 202 are one man). A class is told two beats later. The chances from which a class is told, and which features the trees may ask, were chosen on these records together.",
        "What was wrong on the 22 records of DS1: early beats from above lie in few patients; in long runs, in atrial fibrillation, and from the junction without being early, they are missed, and early beats of fibrillation are called so. Normal beats called V are noise and aberrant conduction in fibrillation. Fusions are never told as such.",
        `All beats, a line for each class of the reference (called N, S, V, F, Q, missed): ${[..."NSVFQ"].map((of) => `${of} ${[..."NSVFQO"].map((as) => cells(all, [of + as])).join(" ")}`).join("; ")}.`,
      ],
      records: {
        head: [
          "record",
          "V",
          "V Se",
          "V PPV",
          "S",
          "S Se",
          "S PPV",
          "rule V Se",
          "rule V PPV",
          "rule S Se",
          "rule S PPV",
        ],
        lines: found.map(({ name, learned, rule }) => [
          name,
          ...figures(learned),
          ...figures(rule).filter((_, i) => i % 3 > 0),
        ]),
      },
    };
  },
};

/** @returns a class for each beat; the rule's Q stays where there is nothing to go by */
async function classesBy(ventricular: Asked, early: Asked, all: readonly ClassifiedBeat[]): Promise<BeatClass[]> {
  const rows = new Float32Array(all.length * BEAT_FEATURES.length);
  for (const [i, { features }] of all.entries()) rows.set(features, i * BEAT_FEATURES.length);
  const v = await ventricular.predict(rows);
  const s = await early.predict(rows);
  return all.map((beat, i) => classBy(beat.class, v[i] as number, s[i] as number));
}

interface Asked {
  predict(rows: Float32Array): Promise<Float32Array>;
}

function rowsOf(found: readonly Found[], by: "learned" | "rule", suffix: string): Row[] {
  const row = (measure: string, of: (counts: Confusion) => number, least: number) =>
    percentRow(`${measure}${suffix}`, found, (drawn) => of(added(drawn.map((one) => one[by]))), suffix ? null : least);
  return [
    row("V, sensitivity", (counts) => sensitivityOf(counts, "V"), 0.92),
    row("V, positive predictive value", (counts) => predictivityOf(counts, "V"), 0.92),
    row("S, sensitivity", (counts) => sensitivityOf(counts, "S"), 0.8),
    row("S, positive predictive value", (counts) => predictivityOf(counts, "S"), 0.7),
  ];
}

function figures(counts: Confusion): string[] {
  const percent = (part: number) => (Number.isNaN(part) ? "" : (100 * part).toFixed(1));
  return (["V", "S"] as const).flatMap((of) => [
    String(
      cells(
        counts,
        [..."NSVFQO"].map((as) => of + as),
      ),
    ),
    percent(sensitivityOf(counts, of)),
    percent(predictivityOf(counts, of)),
  ]);
}
