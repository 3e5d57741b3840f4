/** Rates that are asked for, /min. */
export const RATES = { least: 4, most: 45, step: 0.5 } as const;
export const RATE_COUNT = Math.round((RATES.most - RATES.least) / RATES.step) + 1;
export const rateAt = (index: number): number => RATES.least + index * RATES.step;

/** So many of the points say something of their own, however densely they were taken: breathing has little above 0.6 Hz. */
const OWN_HZ = 1.2;
const FEWEST = 12;
/**
 * What beats carry over from one to the next, as a part, is taken off: vessels and position drift, more the slower, and a
 * drift is no slow breath.
 */
const CARRIED = 0.5;
/** As clean as a sine is ever believed to be. */
const CLEANEST = 0.98;

/** Which rate of breathing a series speaks for. */
export interface Spectrum {
  /**
   * Log likelihood of each of RATES given the series: of one sine in noise of unknown size, -(n - 3) / 2 ln(1 - R²), R² the
   * part of the variance that the sine explains. The series may be uneven: nothing is made up between its points.
   * Bretthorst GL. Bayesian spectrum analysis, 1988; Lomb 1976.
   *
   * @param times seconds, ascending @param count how many of the points there are
   * @param options `fastest`, /min: what is faster is not told apart from slower at this sampling; `isOfBeats`: one value a
   * beat, which drifts with the tone of vessels besides
   * @param into shape [RATE_COUNT] @returns the highest R², 0 where there are too few points or nothing moves
   */
  of(
    times: Float64Array,
    values: Float64Array,
    count: number,
    { fastest, isOfBeats }: { readonly fastest: number; readonly isOfBeats: boolean },
    into: Float64Array,
  ): number;
}

/** @param most points */
export function createSpectrum(most: number): Spectrum {
  const flat = new Float64Array(most);
  const less = new Float64Array(most);
  const [yc, ys, cc, cs] = [0, 1, 2, 3].map(() => new Float64Array(RATE_COUNT)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];

  function add(y: number, seconds: number): void {
    const begin = (2 * Math.PI * RATES.least * seconds) / 60;
    const turn = (2 * Math.PI * RATES.step * seconds) / 60;
    const cosTurn = Math.cos(turn);
    const sinTurn = Math.sin(turn);
    let c = Math.cos(begin);
    let s = Math.sin(begin);
    for (let k = 0; k < RATE_COUNT; k++) {
      yc[k] = (yc[k] as number) + y * c;
      ys[k] = (ys[k] as number) + y * s;
      cc[k] = (cc[k] as number) + c * c;
      cs[k] = (cs[k] as number) + c * s;
      const next = c * cosTurn - s * sinTurn;
      s = s * cosTurn + c * sinTurn;
      c = next;
    }
  }

  return {
    of(times, values, count, { fastest, isOfBeats }, into) {
      into.fill(0);
      if (count < FEWEST) return 0;
      const part = isOfBeats ? CARRIED : 0;
      for (let i = 1; i < count; i++) less[i] = (values[i] as number) - part * (values[i - 1] as number);
      less[0] = part > 0 ? (less[1] as number) : (values[0] as number);
      const variance = detrend(times, less, count, flat);
      if (!(variance > 0)) return 0;
      for (const sums of [yc, ys, cc, cs]) sums.fill(0);
      const middle = ((times[0] as number) + (times[count - 1] as number)) / 2;
      const seconds = (times[count - 1] as number) - (times[0] as number);
      for (let i = 0; i < count; i++) add(flat[i] as number, (times[i] as number) - middle);
      const own = Math.min(count, seconds * OWN_HZ);
      let highest = 0;
      for (let k = 0; k < RATE_COUNT; k++) {
        const [c, s, cos2, both] = [yc[k], ys[k], cc[k], cs[k]] as [number, number, number, number];
        const sin2 = count - cos2;
        const determinant = cos2 * sin2 - both * both;
        const isTold = rateAt(k) <= fastest && determinant > 1e-6 * count * count;
        const explained = isTold ? (c * c * sin2 - 2 * c * s * both + s * s * cos2) / determinant / variance : 0;
        const part = Math.min(Math.max(explained, 0), CLEANEST);
        highest = Math.max(highest, part);
        into[k] = (-Math.max(own - 3, 0) / 2) * Math.log(1 - part);
      }
      return highest;
    },
  };
}

/** Without its mean, slope and bends, and with outliers drawn in. @returns sum of squares */
function detrend(times: Float64Array, values: Float64Array, count: number, into: Float64Array): number {
  const middle = ((times[0] as number) + (times[count - 1] as number)) / 2;
  const half = ((times[count - 1] as number) - (times[0] as number)) / 2 || 1;
  let spread = 0;
  // Legendre's polynomials are orthogonal where points are even, and nearly so where they are not: two rounds are enough.
  for (let i = 0; i < count; i++) into[i] = values[i] as number;
  for (let round = 0; round < 2; round++)
    for (let degree = 0; degree <= DEGREE; degree++) {
      let [along, square] = [0, 0];
      for (let i = 0; i < count; i++) {
        const p = legendre(degree, ((times[i] as number) - middle) / half);
        along += p * (into[i] as number);
        square += p * p;
      }
      for (let i = 0; i < count; i++)
        into[i] = (into[i] as number) - (along / square) * legendre(degree, ((times[i] as number) - middle) / half);
    }
  for (let i = 0; i < count; i++) spread += Math.abs(into[i] as number) / count;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    into[i] = Math.min(Math.max(into[i] as number, -OUTLIER * spread), OUTLIER * spread);
    sum += (into[i] as number) ** 2;
  }
  return sum;
}

/** Takes out what is slower than some 3/min in 32 s. */
const DEGREE = 3;
/** Mean deviations. */
const OUTLIER = 3;

function legendre(degree: number, x: number): number {
  let [before, now] = [1, x];
  if (degree === 0) return 1;
  for (let k = 1; k < degree; k++) [before, now] = [now, ((2 * k + 1) * x * now - k * before) / (k + 1)];
  return now;
}
