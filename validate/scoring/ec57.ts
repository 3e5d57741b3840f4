/** What a detector's beats are against the reference's. */
export interface BeatMatch {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  /** Reference and found, frames. */
  readonly pairs: readonly (readonly [number, number])[];
  /** Frames. */
  readonly missed: readonly number[];
  readonly extra: readonly number[];
}

/**
 * One to one, nearest first in time, within the window. ANSI/AAMI EC57 (150 ms).
 *
 * @param reference @param found frames, ascending @param window frames
 */
export function matchBeats(reference: readonly number[], found: readonly number[], window: number): BeatMatch {
  const missed: number[] = [];
  const extra: number[] = [];
  const pairs: [number, number][] = [];
  let j = 0;
  for (let i = 0; i < reference.length; i++) {
    const at = reference[i] as number;
    while (j < found.length && (found[j] as number) < at - window) extra.push(found[j++] as number);
    const one = found[j];
    if (one === undefined || one > at + window) {
      missed.push(at);
      continue;
    }
    // The next one may be nearer to this beat, and this one to none; or the next beat nearer to this one.
    const next = found[j + 1];
    if (next !== undefined && Math.abs(next - at) < Math.abs(one - at)) {
      const following = reference[i + 1];
      if (following === undefined || Math.abs(next - at) < Math.abs(next - following)) {
        extra.push(one);
        j++;
      }
    }
    pairs.push([at, found[j++] as number]);
  }
  while (j < found.length) extra.push(found[j++] as number);
  return {
    ...{ truePositives: pairs.length, falsePositives: extra.length, falseNegatives: missed.length },
    ...{ pairs, missed, extra },
  };
}
