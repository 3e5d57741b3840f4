/** What intervals between beats are like, in a window of them; each by the median or mean interval, so that rate is no part of it. */
const OF_ANY = [
  "deviation",
  "successive",
  "successive-median",
  "successive-lower",
  "successive-upper",
  "turns",
  "lag-1",
  "lag-2",
  "lag-3",
  "lag-4",
  "every-second",
  "every-third",
  "map",
  "entropy",
  "rate",
  "shortest",
  "longest",
  "near",
  "nearer",
  "ectopic",
  "cleaned-deviation",
  "cleaned-successive",
  "cleaned-near",
] as const;
/** What costs the square of the window. */
const OF_PAIRS = ["foreseen", "sample-entropy"] as const;

export const IRREGULARITY_FEATURES: readonly string[] = [...OF_ANY, ...OF_PAIRS];

/** Shorter and longer are no intervals: held there. */
const SHORTEST_S = 0.2;
const LONGEST_S = 3;
const LEAST = 1e-3;
/** Of the map of intervals against their changes (RdR). Lian J et al. Am J Cardiol 2011;107:1494. */
const CELL_S = 0.04;
const BIN = 0.05;
const RADIUS_S = 0.03;

export interface Irregularity {
  /** @param intervals seconds, in order @param out where `IRREGULARITY_FEATURES` go, from `at` on; NaN what cannot be told */
  measure(intervals: Float64Array, out: Float64Array | Float32Array, at: number): void;
}

/** @param longest window that will be asked for @param withPairs what costs the square of it as well */
export function createIrregularity(longest: number, withPairs: boolean): Irregularity {
  const held = new Float64Array(longest);
  const cleaned = new Float64Array(longest);
  const sorting = new Float64Array(longest);
  const keys = new Float64Array(longest);

  /** Of the first `count` of `of(i)`. */
  const sorted = (count: number, of: (i: number) => number): Float64Array => {
    for (let i = 0; i < count; i++) sorting[i] = of(i);
    return sorting.subarray(0, count).sort();
  };
  const part = (values: Float64Array, of: number) =>
    values[Math.min(Math.floor(of * values.length), values.length - 1)] ?? 0;

  function spread(values: Float64Array, n: number): { mean: number; variance: number } {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += values[i] as number;
    const mean = sum / n;
    let squares = 0;
    for (let i = 0; i < n; i++) squares += ((values[i] as number) - mean) ** 2;
    return { mean, variance: squares / n };
  }

  const share = (values: Float64Array, n: number, median: number, near: number): number => {
    let count = 0;
    for (let i = 0; i < n; i++) if (Math.abs((values[i] as number) / median - 1) < near) count++;
    return count / n;
  };

  function lag(n: number, mean: number, variance: number, k: number): number {
    let sum = 0;
    for (let i = k; i < n; i++) sum += ((held[i] as number) - mean) * ((held[i - k] as number) - mean);
    return sum / Math.max(n - k, 1) / (variance + 1e-9);
  }

  const apart = (n: number, k: number): number =>
    part(
      sorted(n - k, (i) => Math.abs((held[i + k] as number) - (held[i] as number))),
      0.5,
    );

  /** Cells of the map that hold something, of as many as there are points. */
  function occupied(n: number): number {
    for (let i = 1; i < n; i++) {
      const [now, before] = [held[i] as number, held[i - 1] as number];
      keys[i - 1] = Math.floor(now / CELL_S) * 1_000 + Math.floor((now - before + LONGEST_S) / CELL_S);
    }
    const all = keys.subarray(0, n - 1).sort();
    let count = 1;
    for (let i = 1; i < all.length; i++) if (all[i] !== all[i - 1]) count++;
    return count / all.length;
  }

  function entropy(n: number, median: number): number {
    const all = sorted(n, (i) => Math.floor((held[i] as number) / median / BIN));
    let [sum, run] = [0, 1];
    for (let i = 1; i <= n; i++) {
      if (i < n && all[i] === all[i - 1]) run++;
      else {
        sum -= (run / n) * Math.log(run / n);
        run = 1;
      }
    }
    return sum;
  }

  /** Premature beats with their pause, and single short intervals in a regular row, are evened out. @returns their part */
  function clean(n: number, median: number): number {
    cleaned.set(held.subarray(0, n));
    let ectopic = 0;
    const isNear = (value: number) => Math.abs(value / median - 1) < 0.08;
    for (let i = 0; i + 1 < n; i++) {
      const [now, next] = [cleaned[i] as number, cleaned[i + 1] as number];
      if (now > 0.88 * median) continue;
      if (Math.abs((now + next) / (2 * median) - 1) < 0.1) {
        cleaned[i] = cleaned[i + 1] = (now + next) / 2;
        ectopic++;
        i++;
      } else if ((i === 0 || isNear(cleaned[i - 1] as number)) && isNear(next)) {
        cleaned[i] = median;
        ectopic++;
      }
    }
    return ectopic / n;
  }

  /** How far off the next interval is from what followed the likest two before it, elsewhere in the window. */
  function foreseen(n: number, median: number): number {
    for (let i = 2; i < n; i++) {
      let [best, answer] = [Number.POSITIVE_INFINITY, 0];
      const [one, two] = [held[i - 1] as number, held[i - 2] as number];
      for (let j = 2; j < n; j++) {
        if (j === i) continue;
        const far = Math.abs((held[j - 1] as number) - one) + Math.abs((held[j - 2] as number) - two);
        if (far < best) {
          best = far;
          answer = held[j] as number;
        }
      }
      keys[i - 2] = Math.abs(answer - (held[i] as number));
    }
    return Math.log(part(keys.subarray(0, n - 2).sort(), 0.5) / median + LEAST);
  }

  /** Of one interval, within 30 ms, by its mean length. Lake DE, Moorman JR. Am J Physiol Heart 2011;300:H319. */
  function sampleEntropy(n: number, mean: number): number {
    let [ones, twos] = [1, 1];
    for (let i = 0; i + 1 < n; i++)
      for (let j = i + 1; j + 1 < n; j++) {
        if (Math.abs((held[i] as number) - (held[j] as number)) >= RADIUS_S) continue;
        ones++;
        if (Math.abs((held[i + 1] as number) - (held[j + 1] as number)) < RADIUS_S) twos++;
      }
    return Math.log(ones / twos) + Math.log(2 * RADIUS_S) - Math.log(mean);
  }

  return {
    measure(intervals, out, at) {
      const n = Math.min(intervals.length, longest);
      if (n < 6) {
        out.fill(Number.NaN, at, at + IRREGULARITY_FEATURES.length);
        return;
      }
      for (let i = 0; i < n; i++) held[i] = Math.min(Math.max(intervals[i] as number, SHORTEST_S), LONGEST_S);
      const { mean, variance } = spread(held, n);
      const lengths = sorted(n, (i) => held[i] as number);
      const median = part(lengths, 0.5);
      const [shortest, longestOf] = [part(lengths, 0.05) / median, part(lengths, 0.95) / median];
      let [squares, turns] = [0, 0];
      for (let i = 1; i < n; i++) {
        const step = (held[i] as number) - (held[i - 1] as number);
        squares += step * step;
        if (i > 1 && step * ((held[i - 1] as number) - (held[i - 2] as number)) < 0) turns++;
      }
      const steps = sorted(n - 1, (i) => Math.abs((held[i + 1] as number) - (held[i] as number)));
      const [lower, middle, upper] = [part(steps, 0.25), part(steps, 0.5), part(steps, 0.75)];
      const ectopic = clean(n, median);
      const even = spread(cleaned, n);
      let i = at;
      out[i++] = Math.log(Math.sqrt(variance) / mean + LEAST);
      out[i++] = Math.log(Math.sqrt(squares / (n - 1)) / mean + LEAST);
      for (const each of [middle, lower, upper]) out[i++] = Math.log(each / median + LEAST);
      out[i++] = turns / (n - 2);
      for (let k = 1; k <= 4; k++) out[i++] = lag(n, mean, variance, k);
      for (let k = 2; k <= 3; k++) out[i++] = Math.log(apart(n, k) / median + LEAST);
      out[i++] = occupied(n);
      out[i++] = entropy(n, median);
      out[i++] = Math.log(median);
      out[i++] = shortest;
      out[i++] = longestOf;
      out[i++] = share(held, n, median, 0.08);
      out[i++] = share(held, n, median, 0.03);
      out[i++] = ectopic;
      out[i++] = Math.log(Math.sqrt(even.variance) / mean + LEAST);
      out[i++] = Math.log(
        part(
          sorted(n - 1, (k) => Math.abs((cleaned[k + 1] as number) - (cleaned[k] as number))),
          0.5,
        ) /
          median +
          LEAST,
      );
      out[i++] = share(cleaned, n, median, 0.05);
      out[i++] = withPairs ? foreseen(n, median) : Number.NaN;
      out[i] = withPairs ? sampleEntropy(n, mean) : Number.NaN;
    },
  };
}
