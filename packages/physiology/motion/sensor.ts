import { type Accelerations, createFrames, FRAME_HZ } from "./frames.ts";
import { FrameWindow } from "./window.ts";

/**
 * What a sensor is good for: `ok`; `unknown` as long as it was never at rest; `silent`: no samples for five seconds;
 * `off scale`: at rest it does not say 1 g (wrong range, m/s² taken for g), so no limit in g holds; `stuck`: not the least
 * change for a minute, which no accelerometer manages.
 */
export type SensorState = "unknown" | "ok" | "silent" | "off scale" | "stuck";

export interface SensorCheckOptions {
  readonly rateHz: number;
  /** @param at seconds from the first sample */
  readonly onState: (state: SensorState, at: number) => void;
}

/** At rest within this of 1 g; offsets of ordinary sensors are below 0.1 g. */
const OFF_G = 0.2;
/** Moving no more than this for a second it is at rest; or than this part of what it says, whatever its unit is. */
const REST_G = 0.05;
const REST_PART = 0.04;
/** So many seconds of rest in a row have to agree. */
const RESTS = 2;
const SILENT_S = 5;
const STUCK_S = 60;

/** Whether a sensor may be believed. Delay: 2 s of rest, 5 s of silence, 60 s of being stuck. */
export function createSensorCheck({ rateHz, onState }: SensorCheckOptions): Accelerations {
  const window = new FrameWindow(FRAME_HZ + 1);
  let state: SensorState = "unknown";
  let rests = 0;
  let areGood = true;
  let missing = 0;
  let same = 0;
  function change(next: SensorState, n: number): void {
    if (next === state) return;
    state = next;
    onState(state, (n + 1) / FRAME_HZ);
  }
  function second(n: number): void {
    const { x, y, z, restlessness } = window.stretch(n - FRAME_HZ + 1, n + 1);
    const said = Math.hypot(x, y, z);
    const isRest = restlessness <= Math.max(REST_G, REST_PART * said);
    const isGood = Math.abs(said - 1) <= OFF_G;
    rests = !isRest ? 0 : isGood === areGood ? rests + 1 : 1;
    areGood = isGood;
    if (rests >= RESTS) change(isGood ? "ok" : "off scale", n);
  }
  return createFrames(rateHz, (frame) => {
    const { n } = frame;
    window.add(frame);
    missing = Number.isNaN(frame.x) ? missing + 1 : 0;
    same = window.distance(n, n - 1) === 0 ? same + 1 : 0;
    if (missing >= SILENT_S * FRAME_HZ) change("silent", n);
    else if (same >= STUCK_S * FRAME_HZ) change("stuck", n);
    else if (n % FRAME_HZ === FRAME_HZ - 1) {
      // After silence or being stuck it has to rest once before it is believed again.
      if (missing === 0 && same < FRAME_HZ && (state === "silent" || state === "stuck")) change("unknown", n);
      second(n);
    }
  });
}
