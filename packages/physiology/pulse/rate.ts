/** Beats a minute from when beats came. */
export interface RateMeter {
  /** @param time seconds, ascending; one that is not trusted ends no interval and begins none */
  beat(time: number, isTrusted?: boolean): void;
  /** @param now seconds @returns /min over the last ten seconds; null where less than half of them lie between trusted beats */
  at(now: number): number | null;
}

const WINDOW_S = 10;
const LEAST_COVERED = 0.5;
const FEWEST = 3;
/** 20 to 240/min: anything else is no interval of a heart. */
const INTERVAL_S = [0.25, 3] as const;
/** At 240/min, and those that came after `now` was asked for. */
const MOST = 64;

/** The mean of the intervals that end in the last ten seconds, as monitors have it. */
export function createRateMeter(): RateMeter {
  const ends = new Float64Array(MOST);
  const lengths = new Float64Array(MOST);
  let count = 0;
  let before = Number.NaN;
  return {
    beat(time, isTrusted = true) {
      const length = time - before;
      before = isTrusted ? time : Number.NaN;
      if (!isTrusted || !(length >= INTERVAL_S[0] && length <= INTERVAL_S[1])) return;
      ends[count % MOST] = time;
      lengths[count++ % MOST] = length;
    },
    at(now) {
      let [sum, many] = [0, 0];
      for (let i = Math.max(count - MOST, 0); i < count; i++) {
        const end = ends[i % MOST] as number;
        if (end <= now - WINDOW_S || end > now) continue;
        sum += lengths[i % MOST] as number;
        many++;
      }
      return many < FEWEST || sum < LEAST_COVERED * WINDOW_S ? null : (60 * many) / sum;
    },
  };
}
