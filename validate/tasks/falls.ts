import { join } from "node:path";
import { openNamedModel } from "@openward/models";
import { FALL_CHANCE, isFallByRule } from "@openward/physiology/motion";
import { percentRow } from "../percent.ts";
import { umafallRecordings } from "../records/umafall.ts";
import { FALLS_FOLDER, impactsOf, isOffScale } from "../rows/falls.ts";
import type { Row, Task } from "../task.ts";

/** Where a detector is worn for falls: on the trunk, near the middle of the body. The others are told, without a target. */
const BEST = "WAIST";
const LEAST = 0.97;
const MODEL = "falls";

/** One recording by one sensor: a person wears one. */
interface Judged {
  readonly name: string;
  readonly subject: string;
  readonly movement: string;
  readonly position: string;
  readonly isFall: boolean;
  /** The greatest of its impacts; 0 without one. */
  readonly chance: number;
  readonly isFallByRule: boolean;
}

export const falls: Task = {
  id: "falls",
  title: "Falls, UMAFall: one accelerometer at a time, leave one person out",
  needs: [FALLS_FOLDER],
  published: "Fall detection",
  async run(dir) {
    const { judged, offScale } = await judgeAll(join(dir, FALLS_FOLDER));
    const positions = [...new Set(judged.map(({ position }) => position))].toSorted(
      (a, b) => Number(b === BEST) - Number(a === BEST) || a.localeCompare(b),
    );
    return {
      rows: positions.flatMap((position) => rowsOf(judged.filter((one) => one.position === position))),
      notes: [
        `Target: the ${BEST.toLowerCase()}, because hands and feet hit things without a fall and a phone is taken out of its pocket; everything else is told for comparison. One model for all positions, at 20 Hz (tags) and 200 Hz (phone); a verdict 3.5 s after the impact.`,
        `Each person is judged by a model that has not seen them. Shape of the trees and the features were chosen on all of these people together, and the limits of the rule too. Intervals are drawn by person; where all are right it is Clopper and Pearson's, of recordings.`,
        `Left out: ${offScale.length === 0 ? "nothing" : offScale.join(", ")} (at rest the tag does not say 1 g: a wrong range), and sensors without half of their samples.`,
        `Errors of the model: ${positions.map((position) => errorsOf(judged, position)).join("; ")}.`,
        "All falls are played, by healthy volunteers, onto mattresses, and activities last 15 s: false alarms of a day, and falls of old people (slower, against furniture), are not measured by this.",
      ],
      records: {
        head: ["recording", "sensor", "fall", "chance", "rule"],
        lines: judged.map((one) => [
          one.name,
          one.position,
          one.isFall ? "yes" : "no",
          one.chance.toFixed(3),
          one.isFallByRule ? "fall" : "",
        ]),
      },
    };
  },
};

async function judgeAll(folder: string) {
  const model = await openNamedModel(MODEL);
  const judged: Judged[] = [];
  const offScale: string[] = [];
  for (const { name, subject, movement, isFall, tracks } of umafallRecordings(folder)) {
    const unseen = await model.unseen(subject);
    for (const track of tracks) {
      const { position } = track;
      if (isOffScale(track)) {
        offScale.push(`${name} ${position}`);
        continue;
      }
      const impacts = impactsOf(track);
      const chances = await unseen.predict(Float32Array.from(impacts.flatMap(({ features }) => [...features])));
      judged.push({
        ...{ name, subject, movement, position, isFall },
        chance: Math.max(0, ...chances),
        isFallByRule: impacts.some(({ features }) => isFallByRule(features).isFall),
      });
    }
  }
  return { judged, offScale };
}

function rowsOf(all: readonly Judged[]): Row[] {
  const { position } = all[0] as Judged; // positions are of what was judged
  const people = [...new Set(all.map(({ subject }) => subject))].map((subject) =>
    all.filter((one) => one.subject === subject),
  );
  const isRight = {
    model: (one: Judged) => one.chance >= FALL_CHANCE === one.isFall,
    rule: (one: Judged) => one.isFallByRule === one.isFall,
  };
  return (["model", "rule"] as const).flatMap((by) =>
    [true, false].map((isFall) => {
      const part = (drawn: readonly (readonly Judged[])[]) => {
        const some = drawn.flat().filter((one) => one.isFall === isFall);
        return some.filter(isRight[by]).length / some.length;
      };
      const count = all.filter((one) => one.isFall === isFall).length;
      const measure = `${position.toLowerCase()}, ${by}: ${isFall ? `sensitivity, ${count} falls` : `specificity, ${count} activities`}`;
      const row = percentRow(measure, people, part, position === BEST && by === "model" ? LEAST : null);
      return withExact(row, part(people) === 1, count);
    }),
  );
}

/** Where all are right, drawing again tells nothing: Clopper and Pearson's interval does, of single recordings. */
function withExact(row: Row, isPerfect: boolean, count: number): Row {
  return isPerfect ? { ...row, interval: [`${(100 * 0.025 ** (1 / count)).toFixed(2)} %`, "100.00 %"] } : row;
}

function errorsOf(judged: readonly Judged[], position: string): string {
  const wrong = judged.filter((one) => one.position === position && one.chance >= FALL_CHANCE !== one.isFall);
  const texts = wrong.map((one) => `${one.isFall ? "missed" : "false"} ${one.movement} of ${one.subject}`);
  return `${position.toLowerCase()} ${texts.join(", ") || "none"}`;
}
