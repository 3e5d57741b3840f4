import { join } from "node:path";
import {
  createImpactFinder,
  createSensorCheck,
  type FallFeature,
  fallFeatures,
  type Impact,
} from "@openward/physiology/motion";
import { type MotionTrack, umafallRecordings } from "../records/umafall.ts";
import type { TrainingRow, TrainingRows } from "./index.ts";

export const FALLS_FOLDER = "falls/umafall";
/** Each impact is learned from as it is known so long after it as well: recordings end, and sensors fall silent. */
const CUTS_S = [0.5, 1.5];
const CUT_WEIGHT = 0.25;

export const falls: TrainingRows = {
  features: fallFeatures,
  async *of(dir) {
    for (const { subject, isFall, tracks } of umafallRecordings(join(dir, FALLS_FOLDER)))
      for (const track of tracks.filter((one) => !isOffScale(one))) {
        const found = impactsOf(track);
        // Of a fall the one that shakes most; what came before and after in the same recording is neither.
        const used = isFall ? found.toSorted((a, b) => of(b, "shaken") - of(a, "shaken")).slice(0, 1) : found;
        for (const impact of used) {
          const row: Omit<TrainingRow, "features" | "weight"> = { group: subject, label: isFall ? "fall" : "other" };
          yield { ...row, weight: 1, features: impact.features };
          for (const cut of CUTS_S) {
            const known = impactsOf(track, impact.at + cut).find(({ at }) => at === impact.at);
            if (known) yield { ...row, weight: CUT_WEIGHT, features: known.features };
          }
        }
      }
  },
};

const of = ({ features }: Impact, name: FallFeature) => features[fallFeatures.indexOf(name)] || 0;

/** @param until seconds */
export function impactsOf({ rateHz, x, y, z }: MotionTrack, until = Number.POSITIVE_INFINITY): Impact[] {
  const found: Impact[] = [];
  const finder = createImpactFinder({ rateHz, onImpact: (impact) => found.push(impact) });
  for (let i = 0; i < Math.min(x.length, Math.round(until * rateHz)); i++)
    finder.push(x[i] as number, y[i] as number, z[i] as number);
  finder.finish();
  return found;
}

/** At rest it says anything but 1 g: a tag with the wrong range set. What it says of impacts means nothing. */
export function isOffScale({ rateHz, x, y, z }: MotionTrack): boolean {
  let isOff = false;
  const check = createSensorCheck({
    rateHz,
    onState: (state) => {
      isOff ||= state === "off scale";
    },
  });
  for (let i = 0; i < x.length; i++) check.push(x[i] as number, y[i] as number, z[i] as number);
  return isOff;
}
