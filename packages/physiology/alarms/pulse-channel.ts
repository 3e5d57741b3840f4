import { createPulseDetector } from "../pulse/index.ts";
import { BeatRing } from "./beat-ring.ts";

/** One pulse wave: pressure in an artery, or a plethysmogram. */
export interface PulseChannel {
  readonly beats: BeatRing;
  readonly kind: "pressure" | "plethysmogram";
  push(sample: number): void;
}

/** mm[Hg]: less is a line that is closed or breathing, not a pulse. */
const LEAST_PRESSURE = 8;

export function createPulseChannel(kind: PulseChannel["kind"], rateHz: number): PulseChannel {
  const beats = new BeatRing();
  const detector = createPulseDetector({
    rateHz,
    onPulse({ at, quality, amplitude }) {
      const isPulse = kind === "plethysmogram" || amplitude >= LEAST_PRESSURE;
      beats.add({ time: at / rateHz, like: isPulse ? quality : 0, likeBefore: Number.NaN, size: amplitude });
    },
  });
  return { beats, kind, push: (sample) => detector.push(sample) };
}
