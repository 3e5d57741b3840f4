/** A made pulse wave: a systolic and a dicrotic bell after each beat, in the unit of `height`. */
const WAVES = [
  { at: 0.18, height: 1, width: 0.07 },
  { at: 0.42, height: 0.35, width: 0.08 },
];

/** @param beats seconds @param seconds how long @param height of the pulse of each beat */
export function madePulse(
  beats: readonly number[],
  seconds: number,
  rateHz: number,
  height: (beat: number) => number = () => 1,
): Float64Array {
  const samples = new Float64Array(Math.round(seconds * rateHz));
  for (const beat of beats)
    for (const wave of WAVES) {
      const middle = (beat + wave.at) * rateHz;
      const reach = Math.ceil(5 * wave.width * rateHz);
      for (let i = Math.max(Math.round(middle) - reach, 0); i <= Math.round(middle) + reach && i < samples.length; i++)
        samples[i] =
          (samples[i] as number) +
          height(beat) * wave.height * Math.exp(-0.5 * ((i - middle) / (wave.width * rateHz)) ** 2);
    }
  return samples;
}
