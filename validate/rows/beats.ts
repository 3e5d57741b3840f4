import { join } from "node:path";
import { BEAT_FEATURES, type BeatClass } from "@openward/physiology/ecg";
import { classifiedBeats, interPatientRecords } from "../records/mitdb.ts";
import { matchBeats } from "../scoring/ec57.ts";
import { flutterOf, referenceBeats, WINDOW_S } from "../scoring/ec57-classes.ts";
import type { TrainingRows } from "./index.ts";

/** Until then too little of the patient is known. */
const FROM_S = 60;
/** How much all beats of a class count together, however many there are of it. */
type Weights = Readonly<Partial<Record<BeatClass, number>>>;
/** Of beats that neither come early nor look odd one in so many is as good as all. */
const PLAIN_OF = 8;
const EARLY = 0.9;
const ODD = 0.85;

/** From a ventricle, or not: fusions are both, and teach neither. */
export const ventricularBeats = rows("V", { N: 1, S: 0.5, V: 1 });
/** Early from above the ventricles, or not, among those that are not from a ventricle. */
export const earlyBeats = rows("S", { N: 1, S: 1 });

/** Beats that our own detector found, with the class of the annotation that they match. */
function rows(target: BeatClass, weights: Weights): TrainingRows {
  return {
    features: BEAT_FEATURES,
    async *of(dir) {
      for await (const { subject, recording, annotations } of interPatientRecords(join(dir, "ecg/mitdb"))) {
        const { rateHz } = recording;
        const found = new Map(classifiedBeats(recording).map((beat) => [beat.at, beat]));
        const reference = new Map(referenceBeats(annotations).map((beat) => [beat.at, beat.class]));
        const flutter = flutterOf(annotations);
        const { pairs } = matchBeats([...reference.keys()], [...found.keys()], Math.round(WINDOW_S * rateHz));
        const usable = pairs.flatMap(([at, other]) => {
          const beat = found.get(other);
          const label = reference.get(at);
          const isLeftOut = at < FROM_S * rateHz || flutter.some(([from, to]) => from <= at && at <= to);
          return !beat || !label || !weights[label] || beat.reason || isLeftOut
            ? []
            : [{ label, features: beat.features }];
        });
        // A patient with a thousand alike tells little more than one with thirty.
        const weightOf = (label: BeatClass) =>
          (weights[label] ?? 0) / Math.sqrt(usable.filter((one) => one.label === label).length);
        const each: Weights = { N: weightOf("N"), S: weightOf("S"), V: weightOf("V") };
        for (const [i, { label, features }] of usable.entries()) {
          const isPlain = label === "N" && !isConspicuous(features);
          if (isPlain && i % PLAIN_OF !== 0) continue;
          const weight = (each[label] ?? 0) * (isPlain ? PLAIN_OF : 1);
          yield { group: subject, label: label === target ? "1" : "0", weight, features };
        }
      }
    },
  };
}

function isConspicuous(features: Float32Array): boolean {
  const of = (name: string) => features[BEAT_FEATURES.indexOf(name)] as number;
  return of("before-over-short") < EARLY || of("before-over-steady") < EARLY || of("like-usual") < ODD;
}
