import type { Random } from "@openward/runtime";
import type { Rhythm, Tachogram } from "./rhythm.ts";

export type EcgLead = "ecg-lead-ii" | "ecg-lead-v5";

/** A heart that runs sample by sample. */
export interface EcgModel {
  /** Advance by one sample and give its potential in mV, one per lead, base line included. */
  step(beat: BeatInput, out: Float64Array): void;
  /** Beats since the last call: time of the R peak (seconds since start) and the interval before it. */
  takeBeats(): readonly Beat[];
}

export interface BeatInput {
  readonly rhythm: Rhythm;
  readonly heartRate: number;
  readonly lungVolume: number;
}

export interface Beat {
  readonly atS: number;
  /** Interval since the beat before, seconds. */
  readonly rrS: number;
}

const NONE: readonly Beat[] = [];

/** Where P, Q, R, S and T stand on the cycle (radians) and how wide they are. @source McSharry 2003, table I */
const ANGLES = [-Math.PI / 3, -Math.PI / 12, 0, Math.PI / 12, Math.PI / 2];
const WIDTHS = [0.25, 0.1, 0.1, 0.1, 0.4];

/** Heights of P, Q, R, S, T in mV: the table's ratios a x b^2, drawn to the millivolts of an adult's leads. */
const HEIGHTS: Readonly<Record<EcgLead, readonly number[]>> = {
  "ecg-lead-ii": [0.15, -0.09, 1.15, -0.25, 0.3],
  "ecg-lead-v5": [0.09, -0.12, 1.45, -0.38, 0.38],
};

/** Sway of the base line with the breath, mV (z0 of the model). */
const BASELINE_SWAY_MV = 0.08;

/**
 * The dynamical ECG model: a point runs round the unit circle, one turn a beat, and is pulled up and down as it passes
 * the angles of P, Q, R, S and T. On the circle the model's first two equations are solved exactly by the angle; the
 * third is integrated with Simpson's rule, of fourth order as the paper's Runge-Kutta. The pull is scaled by the
 * angular speed, so that heights do not shrink as the heart speeds up; widths follow the square root of the rate
 * (Bazett), as in the authors' ECGSYN.
 *
 * In atrial fibrillation there is no P wave; fibrillatory waves of 4 to 9 Hz with harmonics take its place.
 *
 * @param size height of all waves relative to an adult's
 * @source McSharry, Clifford, Tarassenko, Smith: IEEE Trans Biomed Eng 50:289-294 (2003); f waves after Stridh and
 *   Sornmo, IEEE Trans Biomed Eng 48:105 (2001)
 */
export function createEcg(options: {
  random: Random;
  tachogram: Tachogram;
  leads: readonly EcgLead[];
  rateHz: number;
  size?: number;
}): EcgModel {
  const { random, tachogram, leads, rateHz } = options;
  const dt = 1 / rateHz;
  const size = (options.size ?? 1) * (0.9 + 0.2 * random.float());
  // Every person's ECG differs a little, and stays as it is.
  const heights = leads.map((lead) => HEIGHTS[lead].map((mv) => mv * size * (0.85 + 0.3 * random.float())));
  const fWave = { hz: 5 + 2.5 * random.float(), mv: 0.05 + 0.03 * random.float(), phase: 2 * Math.PI * random.float() };
  const z = new Float64Array(leads.length);
  const before = new Float64Array(leads.length);
  const middle = new Float64Array(leads.length);
  const after = new Float64Array(leads.length);
  const decay = Math.exp(-dt);
  const halfDecay = Math.exp(-dt / 2);
  const widths = WIDTHS.slice();
  const angles = ANGLES.slice();
  let theta = -Math.PI;
  let atS = 0;
  let rrS = 0;
  let lastPeakS = Number.NaN;
  let pWave = 1;
  let beats: Beat[] = [];

  const startBeat = (input: BeatInput) => {
    rrS = tachogram.nextRr(input.rhythm, 60 / input.heartRate, atS, input.lungVolume);
    pWave = input.rhythm === "sinus" ? 1 : 0;
    const factor = Math.sqrt(1 / rrS);
    const gentle = Math.sqrt(factor);
    for (let i = 0; i < 5; i++) widths[i] = WIDTHS[i]! * Math.min(1.6, factor);
    // At fast rates P and T move outwards on the circle, since in seconds they move less than the beat shrinks.
    angles[0] = ANGLES[0]! * Math.min(1.35, gentle);
    angles[1] = ANGLES[1]! * Math.min(1.6, factor);
    angles[3] = ANGLES[3]! * Math.min(1.6, factor);
    angles[4] = ANGLES[4]! * Math.min(1.35, gentle);
  };

  const pull = (at: number, omega: number, out: Float64Array) => {
    out.fill(0);
    for (let i = 0; i < 5; i++) {
      let delta = at - angles[i]!;
      if (delta > Math.PI) delta -= 2 * Math.PI;
      else if (delta < -Math.PI) delta += 2 * Math.PI;
      const b = widths[i]!;
      const u = delta / b;
      if (u > 6 || u < -6) continue;
      let g = (-omega * u * Math.exp(-0.5 * u * u)) / b;
      if (i === 0) g *= pWave;
      for (let lead = 0; lead < out.length; lead++) out[lead] = out[lead]! + g * heights[lead]![i]!;
    }
  };

  return {
    step(input, out) {
      if (rrS === 0) startBeat(input);
      const omega = (2 * Math.PI) / rrS;
      pull(theta, omega, before);
      pull(theta + (omega * dt) / 2, omega, middle);
      pull(theta + omega * dt, omega, after);
      const next = theta + omega * dt;
      if (theta < 0 && next >= 0) {
        const peakS = atS - theta / omega;
        beats.push({ atS: peakS, rrS: Number.isNaN(lastPeakS) ? rrS : peakS - lastPeakS });
        lastPeakS = peakS;
      }
      atS += dt;
      theta = next;
      if (theta >= Math.PI) {
        const leftS = (theta - Math.PI) / omega;
        startBeat(input);
        theta = -Math.PI + leftS * ((2 * Math.PI) / rrS);
      }
      const z0 = BASELINE_SWAY_MV * input.lungVolume;
      let fibrillation = 0;
      if (input.rhythm === "atrial-fibrillation") {
        // A sawtooth that swells and ebbs, its rate wavering by a tenth.
        const swell = 1 + 0.3 * Math.sin(2 * Math.PI * 0.12 * atS);
        const phase = 2 * Math.PI * fWave.hz * atS + 0.6 * Math.sin(2 * Math.PI * 0.35 * atS) + fWave.phase;
        fibrillation = fWave.mv * swell * (Math.sin(phase) + 0.4 * Math.sin(2 * phase) + 0.2 * Math.sin(3 * phase));
      }
      for (let lead = 0; lead < out.length; lead++) {
        const forced = (dt / 6) * (decay * before[lead]! + 4 * halfDecay * middle[lead]! + after[lead]!);
        z[lead] = z0 + (z[lead]! - z0) * decay + forced;
        out[lead] = z[lead]! + fibrillation;
      }
    },
    takeBeats() {
      if (beats.length === 0) return NONE;
      const taken = beats;
      beats = [];
      return taken;
    },
  };
}
