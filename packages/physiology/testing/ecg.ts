/** A made ECG: sums of bells at P, Q, R, S and T, mV. After McSharry PE et al. IEEE Trans Biomed Eng 2003;50:289. */
const WAVES = [
  { at: -0.18, height: 0.12, width: 0.025 },
  { at: -0.03, height: -0.12, width: 0.01 },
  { at: 0, height: 1.1, width: 0.011 },
  { at: 0.03, height: -0.25, width: 0.01 },
  { at: 0.28, height: 0.3, width: 0.045 },
];

/** @param beats seconds @param seconds how long */
export function madeEcg(beats: readonly number[], seconds: number, rateHz: number, scale = 1): Float64Array {
  const samples = new Float64Array(Math.round(seconds * rateHz));
  for (const beat of beats)
    for (const { at, height, width } of WAVES) {
      const middle = (beat + at) * rateHz;
      const reach = Math.ceil(5 * width * rateHz);
      const from = Math.max(Math.round(middle) - reach, 0);
      for (let i = from; i <= Math.min(Math.round(middle) + reach, samples.length - 1); i++) {
        const off = (i - middle) / (width * rateHz);
        samples[i] = (samples[i] as number) + scale * height * Math.exp(-0.5 * off * off);
      }
    }
  return samples;
}
