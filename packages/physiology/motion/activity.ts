import table from "./cut-points.json" with { type: "json" };
import { type Accelerations, G_MAX, RATE_HZ_MIN } from "./frames.ts";

export type Intensity = "inactive" | "light" | "moderate" | "vigorous";

export interface CutPoints {
  readonly id: string;
  readonly position: string;
  readonly ages: string;
  /** mg. */
  readonly light: number;
  readonly moderate: number;
  readonly vigorous: number | null;
  readonly source: string;
}

/** Published limits of intensity, by position and age. */
export const cutPoints: readonly CutPoints[] = table.cutPoints;

export interface ActivityEpoch {
  /** Seconds from the first sample to its end. */
  readonly at: number;
  /** Mean of what acceleration has above 1 g, mg; null when less than half of it was measured. */
  readonly enmo: number | null;
  readonly intensity: Intensity | null;
  /** 0 to 1. */
  readonly measured: number;
}

export interface ActivityOptions {
  readonly rateHz: number;
  readonly cutPoints: CutPoints;
  readonly onEpoch: (epoch: ActivityEpoch) => void;
  /** Left out: 5 s. */
  readonly epochS?: number;
}

const MEASURED_PART = 0.5;

/**
 * How much a body moves, epoch by epoch: Euclidean norm minus one, negative values taken as none. van Hees VT et al. PLoS ONE
 * 2013;8:e61691. A sensor that does not say 1 g at rest moves all of it: ask `createSensorCheck`. Delay: one epoch.
 *
 * @throws RangeError below 10 Hz
 */
export function createActivity({ rateHz, cutPoints: limits, onEpoch, epochS = 5 }: ActivityOptions): Accelerations {
  if (!(rateHz >= RATE_HZ_MIN && rateHz < Number.POSITIVE_INFINITY))
    throw new RangeError(`motion is judged from ${RATE_HZ_MIN} Hz on, and this is ${rateHz} Hz`);
  let samples = 0;
  let begun = 0;
  let epochs = 0;
  let found = 0;
  let sum = 0;
  return {
    push(x, y, z) {
      samples++;
      const magnitude = Math.sqrt(x * x + y * y + z * z);
      if (magnitude <= G_MAX) {
        found++;
        sum += Math.max(magnitude - 1, 0);
      }
      if (samples < Math.round((epochs + 1) * epochS * rateHz)) return;
      epochs++;
      const measured = found / (samples - begun);
      // To the microgravity: what adding up leaves in digits is no movement.
      const enmo = measured < MEASURED_PART ? null : Math.round((1e6 * sum) / found) / 1e3;
      onEpoch({ at: epochs * epochS, enmo, intensity: enmo === null ? null : intensityOf(enmo, limits), measured });
      begun = samples;
      found = sum = 0;
    },
  };
}

/** @param enmo mg */
export function intensityOf(enmo: number, { light, moderate, vigorous }: CutPoints): Intensity {
  if (vigorous !== null && enmo >= vigorous) return "vigorous";
  if (enmo >= moderate) return "moderate";
  return enmo >= light ? "light" : "inactive";
}
