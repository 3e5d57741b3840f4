import { seededRandom } from "@openward/runtime/manual";

const DRAWS = 2_000;
const SEED = 20_261_128;

/**
 * 95 % interval of a measure of all records: records are drawn again with replacement (bootstrap), since beats of one person
 * are not independent. @returns null of fewer than three
 */
export function intervalBy<T>(
  records: readonly T[],
  measure: (drawn: readonly T[]) => number,
): [number, number] | null {
  if (records.length < 3) return null;
  const random = seededRandom(SEED);
  const found: number[] = [];
  for (let i = 0; i < DRAWS; i++) {
    const value = measure(records.map(() => records[Math.floor(random.float() * records.length)] as T));
    if (Number.isFinite(value)) found.push(value);
  }
  found.sort((a, b) => a - b);
  const at = (part: number) => found[Math.min(Math.floor(part * found.length), found.length - 1)] ?? Number.NaN;
  return [at(0.025), at(0.975)];
}
