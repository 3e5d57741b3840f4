import { featuresOf } from "./fall-features.ts";
import { type Accelerations, createFrames, FRAME_HZ } from "./frames.ts";
import { FrameWindow } from "./window.ts";

/** Something hit something. Whether a person fell is for a rule (`isFallByRule`) or a model to say of its features. */
export interface Impact {
  /** Seconds from the first sample to its peak. */
  readonly at: number;
  /** By `fallFeatures`; NaN where one could not be told. */
  readonly features: Float32Array;
}

export interface ImpactFinder extends Accelerations {
  /** What is still open at the end of a recording. */
  finish(): void;
}

export interface ImpactOptions {
  /** 10 Hz at least; from 20 Hz on a peak is not missed between two samples. */
  readonly rateHz: number;
  /** In order of time, 3.5 s after the peak: by then the person lies still or does not. */
  readonly onImpact: (impact: Impact) => void;
}

/** Less does not hurt: sitting down reaches it, a fall onto a mattress always does. g. */
const IMPACT_G = 1.5;
/** It is the highest for so long before and after. */
const APART_FRAMES = 2 * FRAME_HZ;
export const BEFORE_FRAMES = 5 * FRAME_HZ;
export const AFTER_FRAMES = 3.5 * FRAME_HZ;

/** Impacts as they come, with what was before and after. Delay 3.5 s. */
export function createImpactFinder({ rateHz, onImpact }: ImpactOptions): ImpactFinder {
  const window = new FrameWindow(BEFORE_FRAMES + AFTER_FRAMES + 1);
  const frames = createFrames(rateHz, (frame) => {
    window.add(frame);
    look(frame.n - AFTER_FRAMES);
  });

  function look(n: number): void {
    if (window.top(n) >= IMPACT_G && isHighest(n))
      onImpact({ at: (n + 0.5) / FRAME_HZ, features: featuresOf(window, n) });
  }

  function isHighest(n: number): boolean {
    const top = window.top(n);
    for (let i = 1; i <= APART_FRAMES; i++) if (window.top(n - i) >= top || window.top(n + i) > top) return false;
    return true;
  }

  return {
    push: frames.push,
    finish() {
      for (let n = Math.max(window.last - AFTER_FRAMES + 1, 0); n <= window.last; n++) look(n);
    },
  };
}
