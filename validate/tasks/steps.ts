import { join } from "node:path";
import { createSteps } from "@openward/physiology/motion";
import { percentRow } from "../percent.ts";
import { type MotionTrack, umafallRecordings } from "../records/umafall.ts";
import { FALLS_FOLDER } from "../rows/falls.ts";
import type { Task } from "../task.ts";

/** What people walk and jog at, /min. */
const CADENCE = [90, 180] as const;
/** Of a walk of 15 s that begins and ends standing. */
const LEAST_STEPS = 10;
const GAIT: ReadonlySet<string> = new Set(["Walking", "Jogging"]);
/** Hopping and stairs are neither: hops are no steps, and of stairs there are a few. */
const NO_GAIT: ReadonlySet<string> = new Set([
  ...["Bending", "LyingDown_OnABed", "Sitting_GettingUpOnAChair"],
  ...["Aplausing", "HandsUp", "MakingACall", "OpeningDoor"],
]);
/** One leg makes strides, half as many as steps. */
const LEG = "ANKLE";

interface Found {
  readonly name: string;
  readonly subject: string;
  readonly movement: string;
  readonly position: string;
  readonly steps: number;
  readonly cadence: number;
}

export const steps: Task = {
  id: "steps",
  title: "Steps, UMAFall: no count is there to compare with, so whether they are possible",
  needs: [FALLS_FOLDER],
  published: null,
  async run(dir) {
    const found: Found[] = [];
    for (const { name, subject, movement, isFall, tracks } of umafallRecordings(join(dir, FALLS_FOLDER)))
      if (!isFall)
        for (const track of tracks)
          if (track.position !== LEG)
            found.push({ name, subject, movement, position: track.position, ...stepsOf(track) });
    const isPossible = ({ steps, cadence }: Found) =>
      steps >= LEAST_STEPS && cadence >= CADENCE[0] && cadence <= CADENCE[1];
    const part = (is: (one: Found) => boolean) => (drawn: readonly Found[]) => drawn.filter(is).length / drawn.length;
    const walks = found.filter(({ movement }) => GAIT.has(movement));
    const others = found.filter(({ movement }) => NO_GAIT.has(movement));
    const wrist = (is: boolean) => others.filter(({ position }) => (position === "WRIST") === is);
    const none = part((one) => one.steps === 0);
    return {
      rows: [
        percentRow(
          `walking and jogging: ${LEAST_STEPS} steps or more at ${CADENCE.join(" to ")}/min, ${walks.length} tracks`,
          walks,
          part(isPossible),
          null,
        ),
        percentRow(
          `no step in other activities, trunk and pocket, ${wrist(false).length} tracks`,
          wrist(false),
          none,
          null,
        ),
        percentRow(`no step in other activities, wrist, ${wrist(true).length} tracks`, wrist(true), none, null),
      ],
      notes: [
        "Nobody counted the steps of these recordings: this says what is impossible, not what is exact. Counts are compared with made gaits in the tests.",
        `Errors: ${errorsOf(walks, (one) => !isPossible(one))}; ${errorsOf(others, (one) => one.steps > 0)}.`,
        `Hopping and stairs are in the lines of records alone; the ankle is left out, whose strides are half as many.`,
      ],
      records: {
        head: ["recording", "sensor", "movement", "steps", "median cadence, /min"],
        lines: found.map(({ name, position, movement, steps: many, cadence }) => [
          ...[name, position, movement, `${many}`],
          many === 0 ? "" : cadence.toFixed(0),
        ]),
      },
    };
  },
};

const errorsOf = (all: readonly Found[], isWrong: (one: Found) => boolean): string =>
  all
    .filter(isWrong)
    .map(
      ({ subject, movement, position, steps: many }) =>
        `${movement} of ${subject} at ${position.toLowerCase()} ${many}`,
    )
    .join(", ") || "none";

function stepsOf({ rateHz, x, y, z }: MotionTrack): { steps: number; cadence: number } {
  const cadences: number[] = [];
  const counter = createSteps({ rateHz, onStep: ({ cadence }) => cadences.push(cadence) });
  for (let i = 0; i < x.length; i++) counter.push(x[i] as number, y[i] as number, z[i] as number);
  cadences.sort((a, b) => a - b);
  return { steps: cadences.length, cadence: cadences[cadences.length >> 1] ?? 0 };
}
