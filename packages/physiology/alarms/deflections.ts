import { correlation, median } from "../statistics.ts";
import type { ChannelBeat } from "./beat-ring.ts";
import { WAVE_HZ } from "./lead.ts";
import { withoutDrift } from "./waveform.ts";

/** A large deflection is half as high as usual beats are. */
const HIGH = 0.5;
const APART_S = 0.22;
const AROUND = Math.round(0.2 * WAVE_HZ);
const ALIGN = Math.round(0.1 * WAVE_HZ);
const DRIFT_S = 1.2;
const USUAL_ALIKE = 0.85;
const FEWEST_USUAL = 8;

/**
 * Whatever is as large as a beat, and how much it looks like the usual ones: a QRS detector asks for steepness and rhythm,
 * and passes over wide beats that come early.
 *
 * @param wave at WAVE_HZ, of which the first sample is at `begin` seconds @param beats of the same lead, some of them usual
 * @returns nothing where there are too few usual beats to compare with
 */
export function deflections(wave: Float64Array, begin: number, beats: readonly ChannelBeat[]): ChannelBeat[] {
  const flat = withoutDrift(
    wave.map((sample) => (Number.isFinite(sample) ? sample : 0)),
    DRIFT_S,
  );
  const usual = new Float64Array(2 * AROUND + 1);
  const heights: number[] = [];
  for (const { time, like } of beats) {
    const at = highest(flat, Math.round((time - begin) * WAVE_HZ), ALIGN);
    if (!(like > USUAL_ALIKE) || at < AROUND || at + AROUND >= flat.length) continue;
    heights.push(Math.abs(flat[at] as number));
    for (let i = -AROUND; i <= AROUND; i++)
      usual[i + AROUND] = (usual[i + AROUND] as number) + (flat[at + i] as number);
  }
  if (heights.length < FEWEST_USUAL) return [];
  const height = median(heights);
  const found: ChannelBeat[] = [];
  let before: Float64Array | undefined;
  for (const at of peaks(flat, HIGH * height)) {
    const own = flat.slice(at - AROUND, at + AROUND + 1);
    found.push({
      time: begin + at / WAVE_HZ,
      like: correlation(own, usual),
      likeBefore: before ? correlation(own, before) : Number.NaN,
      size: Math.abs(flat[at] as number),
    });
    before = own;
  }
  return found;
}

function peaks(flat: Float64Array, least: number): number[] {
  const apart = Math.round(APART_S * WAVE_HZ);
  const found: number[] = [];
  for (let i = AROUND; i + AROUND < flat.length; i++)
    if (Math.abs(flat[i] as number) >= least && highest(flat, i, apart) === i) found.push(i);
  return found;
}

/** Where it is furthest from the line, within so many samples. */
function highest(flat: Float64Array, middle: number, reach: number): number {
  let best = middle;
  for (let i = Math.max(middle - reach, 0); i <= Math.min(middle + reach, flat.length - 1); i++)
    if (Math.abs(flat[i] as number) > Math.abs(flat[best] as number)) best = i;
  return best;
}
