import type { Random } from "@openward/runtime";

export type Rhythm = "sinus" | "atrial-fibrillation";

/** Gives the length of each next beat. */
export interface Tachogram {
  /**
   * @param meanRrS mean beat length wanted, seconds
   * @param atS time since start, seconds
   * @param lungVolume -1 to 1; inspiration shortens the beat
   */
  nextRr(rhythm: Rhythm, meanRrS: number, atS: number, lungVolume: number): number;
}

/** Mayer waves: components about 0.1 Hz, Gaussian weights of width 0.01 Hz (McSharry 2003, f1 and c1). */
const MAYER_HZ = 0.1;
const MAYER_WIDTH_HZ = 0.01;
const MAYER_COMPONENTS = 8;
/** Ratio of low to high frequency power, LF/HF (McSharry 2003). */
const LF_HF = 0.5;

/**
 * Beat lengths with the two bands of a resting tachogram: Mayer waves as a sum of components with random phases, and
 * respiratory sinus arrhythmia locked to the breathing itself. In atrial fibrillation each beat is drawn anew.
 *
 * @param relativeSd standard deviation of sinus beats, as a share of their mean; 0 is a metronome
 * @source McSharry et al., IEEE Trans Biomed Eng 50:289 (2003), section II-A
 */
export function createTachogram(random: Random, relativeSd: number): Tachogram {
  const components: { hz: number; weight: number; phase: number }[] = [];
  let power = 0;
  for (let i = 0; i < MAYER_COMPONENTS; i++) {
    const offset = ((i + 0.5) / MAYER_COMPONENTS - 0.5) * 4;
    const weight = Math.exp((-offset * offset) / 4);
    power += (weight * weight) / 2;
    components.push({ hz: MAYER_HZ + offset * MAYER_WIDTH_HZ, weight, phase: 2 * Math.PI * random.float() });
  }
  const lfSd = relativeSd * Math.sqrt(LF_HF / (1 + LF_HF));
  const hfSd = relativeSd * Math.sqrt(1 / (1 + LF_HF));
  const lfScale = lfSd / Math.sqrt(power);

  return {
    nextRr(rhythm, meanRrS, atS, lungVolume) {
      if (rhythm === "atrial-fibrillation") return Math.max(0.24, meanRrS * irregular(random));
      let mayer = 0;
      for (const { hz, weight, phase } of components) mayer += weight * Math.sin(2 * Math.PI * hz * atS + phase);
      return meanRrS * (1 + lfScale * mayer - hfSd * Math.SQRT2 * lungVolume);
    },
  };
}

/**
 * A ventricle driven by a fibrillating atrium: a refractory floor plus a gamma-distributed wait (shape 4). Mean 1,
 * coefficient of variation 0.22, about that of untreated patients.
 */
function irregular(random: Random): number {
  let product = 1;
  for (let i = 0; i < 4; i++) product *= 1 - random.float();
  return 0.56 - 0.11 * Math.log(product);
}
