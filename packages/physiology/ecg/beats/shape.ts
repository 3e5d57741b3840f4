import type { Trace } from "./trace.ts";

/** Shapes are rows of samples at this rate whatever the rate of the leads is. */
export const SHAPE_HZ = 125;
/** Samples before the middle of the QRS, and in all: from the P wave to the end of most T waves. */
const MIDDLE = 38;
export const LENGTH = 96;
/** How far the middle may be off: shapes are laid over each other at the best shift within this. */
const MARGIN = 6;
export const TAIL_S = (LENGTH - MIDDLE + MARGIN + 1) / SHAPE_HZ;

/** Parts of a shape, first sample and the one after the last. */
export const P_WAVE = [MIDDLE - 33, MIDDLE - 9] as const;
export const QRS = [MIDDLE - 13, MIDDLE + 16] as const;
export const T_WAVE = [MIDDLE + 18, LENGTH] as const;
export type Part = readonly [number, number];

/** One beat as each lead shows it, MARGIN longer at both ends; null: the lead is missing. */
export type Shape = readonly (Float32Array | null)[];
/** What beats are compared with: LENGTH samples a lead. */
export type Template = readonly Float32Array[];

/** mV² over a part: less is nothing to compare. */
const LEAST_ENERGY = 1e-6;
/** Flatter than this, mV from top to bottom, a lead shows nothing. */
const FLAT_MV = 0.03;

/** @param at frame of the leads */
export function shapeAt(traces: readonly Trace[], at: number, rateHz: number): Shape {
  return traces.map((trace) => {
    const samples = new Float32Array(LENGTH + 2 * MARGIN);
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < samples.length; i++) {
      const value = trace.at(at + ((i - MIDDLE - MARGIN) / SHAPE_HZ) * rateHz);
      if (Number.isNaN(value)) return null;
      low = Math.min(low, value);
      high = Math.max(high, value);
      samples[i] = value;
    }
    return high - low < FLAT_MV ? null : samples;
  });
}

/** Laid over the template at a shift. @returns null where the lead is missing */
export const aligned = (shape: Shape, shift: number): (Float32Array | null)[] =>
  shape.map((lead) => lead?.subarray(MARGIN + shift, MARGIN + shift + LENGTH) ?? null);

export interface Likeness {
  /** Over the part, all leads together, each about its own mean; NaN: no lead in common. */
  readonly correlation: number;
  /** Root of energy over that of the template. */
  readonly gain: number;
}

/** The shift (samples that the shape is later than the template) within the margin at which the QRS is most like the template's. */
export function bestShift(shape: Shape, template: Template): Likeness & { readonly shift: number } {
  let best = -MARGIN;
  let most = Number.NaN;
  for (let shift = -MARGIN; shift <= MARGIN; shift++) {
    const found = correlationOf(shape, MARGIN + shift, template, QRS);
    if (found <= most) continue;
    most = found;
    best = shift;
  }
  return { shift: best, correlation: most, gain: compare(shape, best, template, QRS).gain };
}

/** How alike a part is when the shape is laid over the template at a shift. */
export function compare(shape: Shape, shift: number, template: Template, part: Part): Likeness {
  const correlation = correlationOf(shape, MARGIN + shift, template, part);
  return { correlation, gain: Math.sqrt(energies.ours / energies.theirs) };
}

/** How alike two templates are. */
export function alike(one: Template, other: Template, part: Part): Likeness {
  const correlation = correlationOf(one, 0, other, part);
  return { correlation, gain: Math.sqrt(energies.ours / energies.theirs) };
}

/** Of what was last compared: many are, and no object is made for each. */
const energies = { ours: 0, theirs: 0 };

function correlationOf(shape: Shape, offset: number, template: Template, [from, to]: Part): number {
  let both = 0;
  let ours = 0;
  let theirs = 0;
  const n = to - from;
  for (let lead = 0; lead < template.length; lead++) {
    const x = shape[lead];
    const y = template[lead];
    if (!x || !y) continue;
    let sumX = 0;
    let sumY = 0;
    let xy = 0;
    let xx = 0;
    let yy = 0;
    for (let i = from; i < to; i++) {
      const a = x[i + offset] as number;
      const b = y[i] as number;
      sumX += a;
      sumY += b;
      xy += a * b;
      xx += a * a;
      yy += b * b;
    }
    both += xy - (sumX * sumY) / n;
    ours += Math.max(xx - (sumX * sumX) / n, 0);
    theirs += Math.max(yy - (sumY * sumY) / n, 0);
  }
  energies.ours = ours;
  energies.theirs = theirs;
  if (ours > LEAST_ENERGY && theirs > LEAST_ENERGY) return both / Math.sqrt(ours * theirs);
  energies.theirs = Number.NaN;
  return Number.NaN;
}

/** Part of the greatest slope under which a QRS has not begun or is over. */
const EDGE = 0.15;

export interface Outline {
  /** Seconds, by slope, to the nearest sample. */
  readonly width: number;
  /** mV from top to bottom, leads added up. */
  readonly height: number;
  /** Signed area of the QRS over its area without sign, -1 to 1; of the lead that shows most. */
  readonly lean: number;
  /** mV of a sample to the next but one at most, leads added up. */
  readonly slope: number;
}

export function outline(shape: readonly (Float32Array | null)[]): Outline {
  const [from, to] = QRS;
  const slopes = new Float32Array(LENGTH);
  let height = 0;
  let tallest = 0;
  let lean = 0;
  for (const lead of shape) {
    if (!lead) continue;
    let [low, high, signed, unsigned] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
    const level = ((lead[from] as number) + (lead[to - 1] as number)) / 2;
    for (let i = from; i < to; i++) {
      const value = lead[i] as number;
      low = Math.min(low, value);
      high = Math.max(high, value);
      signed += value - level;
      unsigned += Math.abs(value - level);
    }
    for (let i = from - 8; i < to + 8; i++)
      slopes[i] = (slopes[i] as number) + Math.abs((lead[i + 1] as number) - (lead[i - 1] as number));
    height += high - low;
    if (high - low > tallest) {
      tallest = high - low;
      lean = unsigned > 0 ? signed / unsigned : 0;
    }
  }
  let top = from;
  for (let i = from; i < to; i++) if ((slopes[i] as number) > (slopes[top] as number)) top = i;
  const slope = slopes[top] as number;
  const isOver = (i: number) => (slopes[i] as number) < EDGE * slope;
  let begin = top;
  while (begin > from - 8 && !(isOver(begin) && isOver(begin - 1) && isOver(begin - 2))) begin--;
  let end = top;
  while (end < to + 8 && !(isOver(end) && isOver(end + 1) && isOver(end + 2))) end++;
  return { width: (end - begin) / SHAPE_HZ, height, lean, slope };
}
