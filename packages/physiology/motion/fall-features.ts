import { FRAME_HZ } from "./frames.ts";
import { angleBetween, type FrameWindow } from "./window.ts";

/** What is asked of an impact; times are seconds from its peak. In the order of the model's inputs. */
export const fallFeatures = [
  /** Greatest sample, g. */
  "peak",
  /** Least magnitude in the second before: in free fall nothing is felt. */
  "least-before",
  /** Sum over the last second of what was missing of 1 g, in g s: about the speed it falls with. */
  "unloaded",
  /** Greatest change from one frame to the next, within 0.5 s, g. */
  "jerk",
  /** Root mean square distance from the mean within 1 s, g. */
  "shaken",
  /** Angle between where down was from -2.5 to -1 s and where it is from 1.5 to 3.5 s, degrees. */
  "turned",
  /** Movement from -4 to -1 s and from 1.5 to 3.5 s, g. */
  "restless-before",
  "restless-after",
  /** The highest more than a second away, before and after, as part of the peak: running and hopping have many peaks. */
  "rival-before",
  "rival-after",
  /** Greatest from 1.5 to 3.5 s, g. */
  "top-after",
  /** Turned from before to the half second after the impact, degrees. */
  "turned-at-once",
] as const;

export type FallFeature = (typeof fallFeatures)[number];

const at = (seconds: number) => Math.round(seconds * FRAME_HZ);

/** @param n frame of the peak @returns by `fallFeatures`, NaN where it was not measured */
export function featuresOf(window: FrameWindow, n: number): Float32Array {
  const stretch = (from: number, to: number) => window.stretch(n + at(from), n + at(to));
  const highest = (from: number, to: number) => extreme(from, to, (i) => window.top(i), Math.max);
  function extreme(from: number, to: number, of: (i: number) => number, better: (a: number, b: number) => number) {
    let best = Number.NaN;
    for (let i = n + at(from); i < n + at(to); i++) {
      const value = of(i);
      if (!Number.isNaN(value)) best = Number.isNaN(best) ? value : better(best, value);
    }
    return best;
  }
  const peak = window.top(n);
  const before = stretch(-2.5, -1);
  const after = stretch(1.5, 3.5);
  let unloaded = 0;
  for (let i = n - at(1); i < n; i++) unloaded += Math.max(1 - (window.magnitude(i) || 1), 0) / FRAME_HZ;
  const values: Readonly<Record<FallFeature, number>> = {
    peak,
    "least-before": extreme(-1, 0, (i) => window.magnitude(i), Math.min),
    unloaded,
    jerk: extreme(-0.5, 0.5, (i) => window.distance(i, i - 1), Math.max),
    shaken: stretch(-1, 1).restlessness,
    turned: angleBetween(before, after),
    "restless-before": stretch(-4, -1).restlessness,
    "restless-after": after.restlessness,
    "rival-before": highest(-4, -1) / peak,
    "rival-after": highest(1, 3.5) / peak,
    "top-after": highest(1.5, 3.5),
    "turned-at-once": angleBetween(before, stretch(0.5, 1)),
  };
  return Float32Array.from(fallFeatures, (name) => values[name]);
}
