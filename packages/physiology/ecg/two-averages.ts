import { highPass, lowPass } from "./biquad.ts";

/** Of a QRS, of a beat, and between two beats. */
const QRS_S = 0.097;
const BEAT_S = 0.611;
const BAND_HZ = [8, 20] as const;
const OFFSET = 0.08;
const REFRACTORY_S = 0.25;
const MEAN_S = 4;
/** mV², of the mean over the width of a QRS: less is no beat, but what is left of a line without any. */
const LEAST = 1e-4;

export interface SecondDetector {
  /** @param sample mV, NaN: none */
  push(sample: number): void;
}

/**
 * QRS complexes of one lead, found by another way than `createQrsDetector`: where the square of the band is higher over the
 * width of a QRS than over that of a beat. Not for counting beats, but for asking whether two ways agree (quality.ts).
 * Elgendi M. PLoS ONE 2013;8:e73557, with the mean of the last seconds in place of that of the record.
 *
 * @param onBeat frame about the middle of the QRS; up to half a second late
 */
export function createTwoAverages(rateHz: number, onBeat: (at: number) => void): SecondDetector {
  const high = highPass(BAND_HZ[0], rateHz);
  const low = lowPass(BAND_HZ[1], rateHz);
  const narrow = createAverage(Math.max(Math.round(QRS_S * rateHz), 1));
  const wide = createAverage(Math.max(Math.round(BEAT_S * rateHz), 1));
  const delay = Math.round((QRS_S / 2 + 0.02) * rateHz);
  // The wide window is centred on the narrow one: what is compared with it waits for half of the difference.
  const wait = new Float64Array(Math.max(Math.round(((BEAT_S - QRS_S) / 2) * rateHz), 1));
  let n = -1;
  let level = 0;
  let isKnown = false;
  let since = -1;
  let best = 0;
  let bestAt = 0;
  let last = Number.NEGATIVE_INFINITY;

  function close(): void {
    if (n - since >= QRS_S * rateHz * 0.8 && bestAt - last > REFRACTORY_S * rateHz) {
      last = bestAt;
      onBeat(Math.max(bestAt - wait.length - delay, 0));
    }
    since = -1;
    best = 0;
  }

  return {
    push(sample) {
      n++;
      const value = Number.isFinite(sample) ? sample : Number.NaN;
      if (Number.isNaN(value)) isKnown = false;
      else if (!isKnown) {
        low.settle(high.settle(value));
        isKnown = true;
      }
      const band = isKnown && !Number.isNaN(value) ? low.next(high.next(value)) : 0;
      const energy = band * band;
      level += (energy - level) / Math.min(n + 1, MEAN_S * rateHz);
      const height = narrow.next(energy);
      const around = wide.next(energy);
      const at = n % wait.length;
      const then = wait[at] as number;
      wait[at] = height;
      if (then > around + OFFSET * level && then > LEAST) {
        if (since < 0) since = n;
        if (then > best) {
          best = then;
          bestAt = n;
        }
      } else if (since >= 0) close();
    },
  };
}

function createAverage(width: number): { next(value: number): number } {
  const kept = new Float64Array(width);
  let sum = 0;
  let n = -1;
  return {
    next(value) {
      n++;
      const at = n % width;
      sum += value - (kept[at] as number);
      kept[at] = value;
      // Once around, it is added up anew: what rounding leaves behind must not grow.
      if (at === width - 1) {
        sum = 0;
        for (let i = 0; i < width; i++) sum += kept[i] as number;
      }
      return Math.max(sum / width, 0);
    },
  };
}
