import { type Accelerations, createFrames, FRAME_HZ } from "./frames.ts";
import { createSteps } from "./steps.ts";
import { angleBetween, FrameWindow, type Stretch } from "./window.ts";

/**
 * What was seen after a fall. `no response`: still for as long as was asked. `not measured`: ten seconds without samples, so
 * that nothing is known of the wearer. `walks`: steps, and turned from how they lay; watched no longer. `over`: a quarter of an hour has
 * passed; they moved, and did not walk.
 */
export type AfterFall = "no response" | "not measured" | "walks" | "over";

export interface ResponseWatch extends Accelerations {
  /** Somebody fell: from now on it is watched what they do. Another fall begins it anew. */
  fell(): void;
}

export interface ResponseOptions {
  readonly rateHz: number;
  /** Seconds of stillness; left out: 30. */
  readonly stillS?: number;
  /** Each but `walks` and `over` may come more than once, when it ended in between. @param at seconds from the first sample */
  readonly onOutcome: (outcome: AfterFall, at: number) => void;
}

/** Breathing and a pulse move a trunk by less; g within one second. */
const STILL_G = 0.06;
/** Of the seconds of stillness so many may move: a twitch is no answer. */
const TWITCHES = 2;
const SILENT_S = 10;
/** Steps alone do not calm: who rocks or convulses on the floor makes as many, and lies as before. */
const WALKED_STEPS = 10;
const TURNED = 45;
const WATCHED_S = 900;

/**
 * Whether somebody who fell moves. Limits are working practice: no recording of people who lay after a fall was at hand. A
 * sensor that fell off its wearer is still too, and that is told as no response. Delay: none beyond the stillness.
 *
 * @throws RangeError below 10 Hz, or stillness of less than 5 s
 */
export function createResponseWatch({ rateHz, stillS = 30, onOutcome }: ResponseOptions): ResponseWatch {
  if (!(stillS >= 5 && stillS <= WATCHED_S)) throw new RangeError(`stillness of ${stillS} s tells nothing`);
  const window = new FrameWindow(FRAME_HZ + 1);
  /** Of the last seconds: 1 moved. */
  const moved = new Uint8Array(Math.round(stillS));
  let since = -1;
  let measured = 0;
  let silent = 0;
  let told: AfterFall | undefined;
  let lay: Stretch | undefined;
  let walked = 0;

  const lastSecond = () => window.stretch(window.last - FRAME_HZ + 1, window.last + 1);
  const steps = createSteps({
    rateHz,
    onStep({ at }) {
      if (since < 0 || at < since || !lay) return;
      walked = angleBetween(lay, lastSecond()) >= TURNED ? walked + 1 : 0;
      if (walked >= WALKED_STEPS) end("walks");
    },
  });

  function end(outcome: "walks" | "over"): void {
    since = -1;
    onOutcome(outcome, (window.last + 1) / FRAME_HZ);
  }

  function second(n: number): void {
    const at = (n + 1) / FRAME_HZ;
    const { restlessness } = lastSecond();
    if (Number.isNaN(restlessness)) {
      // What was seen before the silence does not count as stillness afterwards.
      measured = 0;
      if (++silent >= SILENT_S) tell("not measured", at);
    } else {
      silent = 0;
      const isMoving = restlessness > STILL_G;
      moved[measured % moved.length] = isMoving ? 1 : 0;
      measured++;
      const twitches = moved.reduce((sum, one) => sum + one, 0);
      if (measured >= moved.length && twitches <= TWITCHES) tell("no response", at);
      else if (isMoving || told === "not measured") told = undefined;
    }
    if (at - since >= WATCHED_S) end("over");
  }

  function tell(outcome: AfterFall, at: number): void {
    if (told === outcome) return;
    told = outcome;
    onOutcome(outcome, at);
  }

  const frames = createFrames(rateHz, (frame) => {
    window.add(frame);
    if (since >= 0 && frame.n % FRAME_HZ === FRAME_HZ - 1) second(frame.n);
  });
  return {
    push(x, y, z) {
      frames.push(x, y, z);
      steps.push(x, y, z);
    },
    fell() {
      since = Math.max(window.last + 1, 0) / FRAME_HZ;
      lay = lastSecond();
      walked = 0;
      measured = 0;
      silent = 0;
      told = undefined;
      moved.fill(0);
    },
  };
}
