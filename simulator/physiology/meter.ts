/** A rate as a monitor shows it: the mean over the last beats. */
export interface RateMeter {
  beat(atS: number): void;
  /** /min; null before three beats; 0 when there was none for four seconds. */
  rate(nowS: number): number | null;
}

const WINDOW_S = 10;
const BEATS_MIN = 3;
const SILENCE_S = 4;

export function createRateMeter(): RateMeter {
  let beats: number[] = [];
  return {
    beat(atS) {
      beats.push(atS);
    },
    rate(nowS) {
      beats = beats.filter((atS, i) => nowS - atS <= WINDOW_S || i >= beats.length - BEATS_MIN);
      const first = beats[0];
      const last = beats.at(-1);
      if (first === undefined || last === undefined || beats.length < BEATS_MIN || last <= first) return null;
      if (nowS - last > SILENCE_S) return 0;
      return (60 * (beats.length - 1)) / (last - first);
    },
  };
}
