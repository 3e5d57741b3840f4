import type { Random } from "@openward/runtime";
import type { Beat } from "./ecg.ts";
import { gaussian } from "./noise.ts";

/** The pulse wave at the finger, driven by the beats of the ECG. */
export interface PulseWave {
  /** A beat of the heart; the pulse arrives after the transit time. */
  beat(beat: Beat, perfusion: number): void;
  /** Advance to `atS` and give the wave, 0 to about 1. */
  at(atS: number, lungVolume: number): number;
  /** Pulses strong enough to be counted that arrived since the last call: seconds since start. */
  takePulses(): readonly number[];
}

interface Pulse {
  readonly arrivesS: number;
  readonly height: number;
  readonly stretch: number;
  counted: boolean;
}

/** From R peak to the foot of the pulse at the finger. */
export const TRANSIT_S = 0.2;
/** A beat weaker than this fills no finger: the pulse deficit of atrial fibrillation. */
const COUNTED_HEIGHT = 0.45;

/**
 * Each pulse is a systolic and a later, lower diastolic wave (two Gaussians), stretched with the square root of the
 * beat's length. A beat that comes early has filled less and is lower.
 */
export function createPulseWave(random: Random): PulseWave {
  const normal = gaussian(random);
  const notch = 0.3 + 0.15 * random.float();
  let active: Pulse[] = [];
  let arrived: number[] = [];
  let meanRrS = 0;

  return {
    beat({ atS, rrS }, perfusion) {
      meanRrS = meanRrS === 0 ? rrS : meanRrS + 0.1 * (rrS - meanRrS);
      const filling = Math.min(1.15, Math.max(0.15, (rrS / meanRrS) ** 1.3));
      active.push({
        arrivesS: atS + TRANSIT_S + 0.003 * normal(),
        height: perfusion * filling * (1 + 0.02 * normal()),
        stretch: Math.min(1.2, Math.max(0.5, Math.sqrt(rrS))),
        counted: false,
      });
    },
    at(atS, lungVolume) {
      let sum = 0;
      for (const pulse of active) {
        const age = atS - pulse.arrivesS;
        if (age < 0) continue;
        if (!pulse.counted) {
          pulse.counted = true;
          if (pulse.height >= COUNTED_HEIGHT) arrived.push(pulse.arrivesS);
        }
        const t = age / pulse.stretch;
        const systolic = (t - 0.17) / (t < 0.17 ? 0.06 : 0.11);
        const diastolic = (t - 0.42) / 0.12;
        sum += pulse.height * (Math.exp(-0.5 * systolic * systolic) + notch * Math.exp(-0.5 * diastolic * diastolic));
      }
      if (active[0] && atS - active[0].arrivesS > 1.4) active = active.filter((p) => atS - p.arrivesS <= 1.4);
      return 0.15 + 0.6 * sum * (1 + 0.05 * lungVolume) + 0.03 * lungVolume;
    },
    takePulses() {
      const taken = arrived;
      arrived = [];
      return taken;
    },
  };
}
