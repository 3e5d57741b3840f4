/** Of no numbers all of these are NaN. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum / values.length;
}

/** Of a sample (n - 1). */
export function standardDeviation(values: ArrayLike<number>): number {
  const middle = mean(values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += ((values[i] as number) - middle) ** 2;
  return Math.sqrt(sum / (values.length - 1));
}

export const median = (values: ArrayLike<number>): number => quantile(values, 0.5);

/** Between the values that stand at (i - 0.5) / n of their order (Hyndman and Fan's fifth kind). @param part 0 to 1 */
export function quantile(values: ArrayLike<number>, part: number): number {
  const sorted = Float64Array.from(values).sort();
  const at = Math.min(Math.max(part * sorted.length - 0.5, 0), sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below] ?? Number.NaN;
  return low + (at - below) * ((sorted[Math.min(below + 1, sorted.length - 1)] ?? Number.NaN) - low);
}

/** Pearson's, of the same stretch of both; NaN where one does not move. */
export function correlation(a: ArrayLike<number>, b: ArrayLike<number>, from = 0, to = a.length): number {
  const n = to - from;
  let [sumA, sumB] = [0, 0];
  for (let i = from; i < to; i++) {
    sumA += a[i] as number;
    sumB += b[i] as number;
  }
  let [aa, bb, ab] = [0, 0, 0];
  for (let i = from; i < to; i++) {
    const [x, y] = [(a[i] as number) - sumA / n, (b[i] as number) - sumB / n];
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : Number.NaN;
}

/** Which of ascending numbers is the first that is not below this one; as many as there are: none. */
export function firstFrom(ascending: ArrayLike<number>, least: number): number {
  let low = 0;
  for (let high = ascending.length; low < high; ) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] as number) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
