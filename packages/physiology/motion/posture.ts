import { type Accelerations, createFrames, FRAME_HZ } from "./frames.ts";
import { createSteps } from "./steps.ts";
import { angleBetween, FrameWindow } from "./window.ts";

export interface Direction {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

export type Posture =
  | { readonly at: number; readonly posture: "upright" | "lying"; readonly degrees: number }
  /** `not calibrated`: it is not known how the sensor sits, and nobody has walked with it yet. */
  | { readonly at: number; readonly posture: null; readonly why: "not calibrated" | "not measured" };

export interface PostureOptions {
  readonly rateHz: number;
  /** What the sensor says while its wearer stands; left out: learned whenever they walk. */
  readonly upright?: Direction;
  /** When it changes. `at` in seconds from the first sample, `degrees` from upright. */
  readonly onPosture: (posture: Posture) => void;
}

/** Lying from here on. Vähä-Ypyä H et al. Scand J Med Sci Sports 2018;28:1 (hip, against walking: all of their sitting and lying told apart). */
const LYING = 64.9;
/** Once lying it takes so much less to be upright again. */
const SLACK = 10;
const WINDOW_FRAMES = 2 * FRAME_HZ;
/** Who moves more than this is between two postures, g. */
const AT_REST_G = 0.15;
const SILENT_WINDOWS = 5;
/** So many steps tell how the sensor sits; each newer one moves that by a hundredth. */
const STEPS_TO_LEARN = 20;
const LEARNING = 0.01;

/**
 * Upright (sitting or standing: a sensor on the trunk cannot tell them apart) or lying, by where gravity points compared with
 * walking. For a sensor on trunk or waist. Delay 2 s of rest.
 *
 * @throws RangeError below 10 Hz
 */
export function createPosture({ rateHz, upright, onPosture }: PostureOptions): Accelerations {
  const window = new FrameWindow(WINDOW_FRAMES + 1);
  const learned = { x: 0, y: 0, z: 0 };
  let walked = 0;
  let silent = 0;
  let now: string | null | undefined;

  const steps = createSteps({
    rateHz,
    onStep() {
      const { x, y, z } = window.stretch(window.last - FRAME_HZ + 1, window.last + 1);
      if (Number.isNaN(x)) return;
      walked++;
      const part = Math.max(1 / walked, LEARNING);
      learned.x += part * (x - learned.x);
      learned.y += part * (y - learned.y);
      learned.z += part * (z - learned.z);
    },
  });

  function look(n: number): void {
    const mean = window.stretch(n - WINDOW_FRAMES + 1, n + 1);
    const at = (n + 1) / FRAME_HZ;
    silent = Number.isNaN(mean.x) ? silent + 1 : 0;
    if (silent > 0) {
      if (silent >= SILENT_WINDOWS) tell("not measured", { at, posture: null, why: "not measured" });
      return;
    }
    const up = upright ?? (walked >= STEPS_TO_LEARN ? learned : undefined);
    const degrees = up ? angleBetween(up, mean) : Number.NaN;
    if (Number.isNaN(degrees)) {
      tell("not calibrated", { at, posture: null, why: "not calibrated" });
      return;
    }
    if (mean.restlessness > AT_REST_G) return;
    const posture = degrees >= (now === "lying" ? LYING - SLACK : LYING) ? "lying" : "upright";
    tell(posture, { at, posture, degrees });
  }

  function tell(next: string, posture: Posture): void {
    if (next === now) return;
    now = next;
    onPosture(posture);
  }

  const frames = createFrames(rateHz, (frame) => {
    window.add(frame);
    if (frame.n % FRAME_HZ === FRAME_HZ - 1) look(frame.n);
  });
  return {
    push(x, y, z) {
      frames.push(x, y, z);
      steps.push(x, y, z);
    },
  };
}
