import { seededRandom } from "@openward/runtime/manual";

/** P, Q, R, S and T of a usual beat, and of one from a ventricle: seconds from R, mV, seconds. */
const USUAL = [
  [-0.18, 0.12, 0.025],
  [-0.03, -0.12, 0.01],
  [0, 1.1, 0.011],
  [0.03, -0.25, 0.01],
  [0.28, 0.3, 0.045],
] as const;
const VENTRICULAR = [
  [0.0, 1.5, 0.03],
  [0.07, -0.5, 0.03],
  [0.3, -0.4, 0.06],
] as const;

/**
 * A minute of a heart that is never quite even, with an early beat now and then, drift, mains and muscles; it goes round.
 *
 * @returns a row of samples a lead, mV
 */
export function madeMinutes(seed: number, seconds: number, rateHz: number, leads: number): Float32Array[] {
  const random = seededRandom(seed).float;
  const all = Array.from({ length: leads }, () => new Float32Array(seconds * rateHz));
  const rate = 0.65 + 0.4 * random();
  for (let at = 0.5; at < seconds; ) {
    const draw = random();
    const early = draw < 0.04;
    for (const [lead, samples] of all.entries())
      add(samples, at, draw < 0.02 ? VENTRICULAR : USUAL, (lead % 2 ? -0.6 : 1) * (1 + 0.1 * lead), rateHz);
    at += rate * (early ? 0.65 : 1 + 0.05 * (random() - 0.5));
  }
  for (const samples of all)
    for (let i = 0; i < samples.length; i++) {
      const t = i / rateHz;
      const drift = 0.2 * Math.sin(2 * Math.PI * 0.2 * t) + 0.03 * Math.sin(2 * Math.PI * 50 * t);
      samples[i] = (samples[i] as number) + drift + 0.03 * (random() - 0.5);
    }
  return all;
}

function add(
  samples: Float32Array,
  beat: number,
  waves: readonly (readonly [number, number, number])[],
  by: number,
  rateHz: number,
) {
  for (const [at, height, width] of waves) {
    const from = Math.max(Math.round((beat + at - 4 * width) * rateHz), 0);
    const to = Math.min(Math.round((beat + at + 4 * width) * rateHz), samples.length - 1);
    for (let i = from; i <= to; i++)
      samples[i] = (samples[i] as number) + by * height * Math.exp(-0.5 * ((i / rateHz - beat - at) / width) ** 2);
  }
}
