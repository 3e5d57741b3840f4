import { seededRandom } from "@openward/runtime/manual";

/** Draws that are the same for the same seed. */
export interface Chance {
  float(): number;
  /** 0 <= n < below, whole. */
  int(below: number): number;
  between(least: number, most: number): number;
  is(probability: number): boolean;
  of<T>(choices: readonly T[]): T;
  bytes(length: number): Uint8Array;
}

export function chanceOf(seed: number): Chance {
  const { float, bytes } = seededRandom(seed);
  const int = (below: number) => Math.floor(float() * below);
  return {
    float,
    int,
    between: (least, most) => least + int(most - least + 1),
    is: (probability) => float() < probability,
    of: <T>(choices: readonly T[]) => choices[int(choices.length)] as T,
    bytes,
  };
}
