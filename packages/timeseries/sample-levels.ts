import { RefusedInput } from "@openward/errors";
import type { Sections, SectionWriter } from "./sections.ts";
import { readWholes, writeWholes } from "./whole-column.ts";

// Some recordings were scaled after they were digitised: their samples lie on a few levels far apart (of 65,536 numbers
// some hundred), and a difference of one level is a difference of many units. They are coded as levels then.

/** The levels that samples lie on, and how many steps each is above the lowest. */
export interface Levels {
  readonly values: Float64Array;
  readonly steps: Float64Array;
}

const RANGE_MAX = 1 << 20;
const STEPS_MAX = 1 << 22;
/** About what a level costs in the table, in bits. */
const LEVEL_BITS = 5;

/** undefined where levels are so close that nothing is to be gained. */
export function levelsOf(samples: Int32Array): Levels | undefined {
  let least = samples[0] as number;
  let greatest = least;
  for (const sample of samples) {
    if (sample < least) least = sample;
    else if (sample > greatest) greatest = sample;
  }
  const range = greatest - least;
  if (range < 2 || range >= RANGE_MAX) return undefined;
  const seen = new Uint8Array(range + 1);
  for (const sample of samples) seen[sample - least] = 1;
  let count = 0;
  for (const each of seen) count += each;
  const values = new Float64Array(count);
  let at = 0;
  for (let i = 0; i <= range; i++) if (seen[i] === 1) values[at++] = least + i;
  const steps = stepsOf(values);
  const bitsSaved = samples.length * Math.log2(range / ((steps[count - 1] as number) + 1));
  return bitsSaved > count * LEVEL_BITS ? { values, steps } : undefined;
}

export function writeLevels(out: SectionWriter, { values }: Levels): void {
  out.head.varint(values.length);
  writeWholes(out, values);
}

/** @throws RefusedInput BLOCK_CORRUPT */
export function readLevels(sections: Sections): Levels {
  const count = sections.head.varint();
  if (count < 2 || count > RANGE_MAX) throw new RefusedInput("BLOCK_CORRUPT", { at: "levels" });
  const values = new Float64Array(count);
  readWholes(sections, values);
  for (let i = 1; i < count; i++)
    if (!((values[i] as number) > (values[i - 1] as number))) throw new RefusedInput("BLOCK_CORRUPT", { at: "levels" });
  const steps = stepsOf(values);
  if (!((steps[count - 1] as number) <= STEPS_MAX)) throw new RefusedInput("BLOCK_CORRUPT", { at: "levels" });
  return { values, steps };
}

/**
 * How many steps each level is above the lowest: the distance to the level below in units of the usual distance, so that
 * a level at which no sample happens to lie does not bend the curve.
 */
function stepsOf(values: Float64Array): Float64Array {
  let narrowest = Number.POSITIVE_INFINITY;
  for (let i = 1; i < values.length; i++)
    narrowest = Math.min(narrowest, (values[i] as number) - (values[i - 1] as number));
  let sum = 0;
  let near = 0;
  for (let i = 1; i < values.length; i++) {
    const gap = (values[i] as number) - (values[i - 1] as number);
    if (gap >= narrowest * 1.6) continue;
    sum += gap;
    near++;
  }
  const usual = sum / near;
  const steps = new Float64Array(values.length);
  for (let i = 1; i < values.length; i++) {
    const gap = (values[i] as number) - (values[i - 1] as number);
    steps[i] = (steps[i - 1] as number) + Math.max(1, Math.round(gap / usual));
  }
  return steps;
}
