import { seededRandom } from "@openward/runtime/manual";
import { createEcg } from "../../simulator/physiology/ecg.ts";
import { gaussian } from "../../simulator/physiology/noise.ts";
import { createTachogram } from "../../simulator/physiology/rhythm.ts";

export const ECG_RATE_HZ = 250;
/** Millivolts of one step: 12 bits over 20 mV. */
export const ECG_SCALE_MV = 0.005;
/** Amplifier and muscle noise, RMS. */
const NOISE_MV = 0.01;
/** Four seconds: the thousand samples of a batch. */
export const ECG_PIECE = 1000;

export interface EcgWorkload {
  readonly patients: number;
  readonly samplesEach: number;
  /** ms UTC of the first sample, a full hour. */
  readonly start: number;
  /** Lead II of each patient in steps of ECG_SCALE_MV. */
  readonly samples: readonly Int16Array[];
}

/** The simulator's heart, patient by patient, with the noise that every amplifier adds. */
export function createEcgWorkload(options: {
  seed: number;
  patients: number;
  seconds: number;
  start: number;
}): EcgWorkload {
  const random = seededRandom(options.seed);
  const normal = gaussian(random);
  const samplesEach = options.seconds * ECG_RATE_HZ;
  const samples = Array.from({ length: options.patients }, (_, patient) => {
    const tachogram = createTachogram(random, 0.05);
    const ecg = createEcg({ random, tachogram, leads: ["ecg-lead-ii"], rateHz: ECG_RATE_HZ });
    const heartRate = 55 + 50 * random.float();
    const breathHz = 0.2 + 0.15 * random.float();
    // One heart in ten fibrillates.
    const rhythm = patient % 10 === 9 ? "atrial-fibrillation" : "sinus";
    const out = new Float64Array(1);
    return Int16Array.from({ length: samplesEach }, (_, i) => {
      const lungVolume = Math.sin((2 * Math.PI * breathHz * i) / ECG_RATE_HZ);
      ecg.step({ rhythm, heartRate, lungVolume }, out);
      ecg.takeBeats();
      return Math.round(((out[0] ?? 0) + NOISE_MV * normal()) / ECG_SCALE_MV);
    });
  });
  return { patients: options.patients, samplesEach, start: options.start, samples };
}

export interface EcgPiece {
  readonly patient: number;
  readonly first: number;
  readonly samples: Int16Array;
}

export function ecgPieces({ patients, samplesEach, samples }: EcgWorkload): EcgPiece[] {
  const pieces: EcgPiece[] = [];
  for (let first = 0; first < samplesEach; first += ECG_PIECE) {
    for (let patient = 0; patient < patients; patient++) {
      const piece = samples[patient]?.subarray(first, first + ECG_PIECE) ?? new Int16Array();
      pieces.push({ patient, first, samples: piece });
    }
  }
  return pieces;
}

export const ecgTime = ({ start }: Pick<EcgWorkload, "start">, index: number) => start + (index * 1000) / ECG_RATE_HZ;
