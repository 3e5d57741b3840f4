import type { Random } from "@openward/runtime";
import { gaussian } from "./noise.ts";

/** Breathing: a phase that drives the waveform, sinus arrhythmia and the wander of the ECG's base line. */
export interface Respiration {
  /** Advance by `dtS` at `ratePerMin` (0: apnoea); returns lung volume, about -1 (out) to 1 (in). */
  step(dtS: number, ratePerMin: number): number;
  /** Rate measured over the last breaths, /min; null before the second breath or in apnoea. */
  measuredRate(): number | null;
}

/** Share of a breath that is inspiration; expiration is longer at rest. */
const INSPIRATION = 0.38;
const APNOEA_AFTER_S = 20;

/** @param variation 0 is a metronome; 1 is a resting adult */
export function createRespiration(random: Random, variation: number): Respiration {
  const normal = gaussian(random);
  let phase = random.float();
  let depth = 1;
  let pace = 1;
  let sinceBreathS = 0;
  let elapsedS = 0;
  const breaths: number[] = [];

  const startBreath = (overshootS: number) => {
    depth = Math.max(0.5, 1 + 0.12 * variation * normal());
    pace = Math.max(0.7, 1 + 0.06 * variation * normal());
    breaths.push(elapsedS - overshootS);
    if (breaths.length > 5) breaths.shift();
    sinceBreathS = 0;
  };

  return {
    step(dtS, ratePerMin) {
      elapsedS += dtS;
      sinceBreathS += dtS;
      const speed = (ratePerMin / 60) * pace;
      phase += speed * dtS;
      if (phase >= 1) {
        phase -= 1;
        startBreath(phase / speed);
      }
      // Inspiration rises as half a cosine; expiration falls faster at first, as a lung empties by itself.
      const volume =
        phase < INSPIRATION
          ? -Math.cos((Math.PI * phase) / INSPIRATION)
          : 2 * ((1 + Math.cos((Math.PI * (phase - INSPIRATION)) / (1 - INSPIRATION))) / 2) ** 1.4 - 1;
      // A deep breath goes further in; the resting end of all breaths is the same.
      return depth * (volume + 1) - 1;
    },
    measuredRate() {
      const first = breaths[0];
      const last = breaths.at(-1);
      if (first === undefined || last === undefined || breaths.length < 2 || last <= first) return null;
      if (sinceBreathS > APNOEA_AFTER_S) return 0;
      return (60 * (breaths.length - 1)) / (last - first);
    },
  };
}
