import type { Course } from "../records/course.ts";

/** An hour of five minutes each, the level and a constant. */
const ORDER = 12;
const SIZE = ORDER + 2;
const STEP_MS = 300_000;
/** Between readings further apart there is no line. */
const BRIDGED_MS = 20.5 * 60_000;
const RIDGE = 1;

/** What least squares are of: sums of products of a person's rows. */
export interface Sums {
  readonly squares: Float64Array;
  readonly products: Float64Array;
}

export const noSums = (): Sums => ({ squares: new Float64Array(SIZE * SIZE), products: new Float64Array(SIZE) });

/** Adds up a person's rows. @param outcomes for each reading the one that came later, or -1 */
export function sumsOf(course: Course, outcomes: Int32Array): Sums {
  const { squares, products } = noSums();
  const row = new Float64Array(SIZE);
  for (let i = 0; i < course.times.length; i++) {
    const outcome = outcomes[i] as number;
    if (outcome < 0 || !fillRow(course, i, row)) continue;
    const change = (course.values[outcome] as number) - (course.values[i] as number);
    for (let a = 0; a < SIZE; a++) {
      products[a] = (products[a] as number) + (row[a] as number) * change;
      for (let b = 0; b < SIZE; b++)
        squares[a * SIZE + b] = (squares[a * SIZE + b] as number) + (row[a] as number) * (row[b] as number);
    }
  }
  return { squares, products };
}

export function addSums(into: Sums, other: Sums, sign: 1 | -1): void {
  for (const [i, value] of other.squares.entries()) into.squares[i] = (into.squares[i] as number) + sign * value;
  for (const [i, value] of other.products.entries()) into.products[i] = (into.products[i] as number) + sign * value;
}

/** Says by how much glucose will have changed; where an hour is not whole, what is missing counts as unchanged. */
export function autoregression(sums: Sums): (course: Course, i: number) => number {
  const coefficients = solve(sums);
  const row = new Float64Array(SIZE);
  return (course, i) => {
    fillRow(course, i, row);
    return row.reduce((sum, value, at) => sum + value * (coefficients[at] as number), 0);
  };
}

/** @returns whether nothing is missing */
function fillRow({ times, values }: Course, i: number, row: Float64Array): boolean {
  const now = times[i] as number;
  let next = i;
  let before = values[i] as number;
  let isWhole = true;
  for (let lag = 1; lag <= ORDER; lag++) {
    const at = now - lag * STEP_MS;
    while (next > 0 && (times[next - 1] as number) >= at) next--;
    const value = isWhole ? between(times, values, next, at) : Number.NaN;
    if (Number.isNaN(value)) isWhole = false;
    row[lag - 1] = isWhole ? before - value : 0;
    before = value;
  }
  row[ORDER] = ((values[i] as number) - 120) / 100;
  row[ORDER + 1] = 1;
  return isWhole;
}

function between(times: Float64Array, values: Float64Array, next: number, at: number): number {
  const to = times[next] as number;
  if (to === at) return values[next] as number;
  const from = times[next - 1];
  if (from === undefined || to - from > BRIDGED_MS) return Number.NaN;
  const before = values[next - 1] as number;
  return before + ((at - from) / (to - from)) * ((values[next] as number) - before);
}

/** Gauss, of a matrix that the ridge keeps from being singular. */
function solve({ squares, products }: Sums): Float64Array {
  const rows = Array.from({ length: SIZE }, (_, i) => [
    ...squares.subarray(i * SIZE, (i + 1) * SIZE).map((value, j) => (i === j ? value + RIDGE : value)),
    products[i] as number,
  ]);
  for (let i = 0; i < SIZE; i++) {
    const pivot = rows[i] as number[];
    for (const row of rows) {
      if (row === pivot) continue;
      const part = (row[i] as number) / (pivot[i] as number);
      for (let j = i; j <= SIZE; j++) row[j] = (row[j] as number) - part * (pivot[j] as number);
    }
  }
  return Float64Array.from(rows, (row, i) => (row[SIZE] as number) / (row[i] as number));
}
