import { mean, standardDeviation } from "../statistics.ts";
import type { Intervals } from "./intervals.ts";
import { successive } from "./time-domain.ts";

export interface NonLinear {
  /** Width and length of Poincaré's cloud, milliseconds. */
  readonly sd1: number | null;
  readonly sd2: number | null;
  /** Patterns of two intervals, within 0.15 standard deviations. Richman and Moorman 2000; Pincus 1991. */
  readonly sampleEntropy: number | null;
  readonly approximateEntropy: number | null;
  /** Acceleration and deceleration capacity by phase-rectified averaging, milliseconds. Bauer A et al. Lancet 2006;367:1674. */
  readonly accelerationCapacity: number | null;
  readonly decelerationCapacity: number | null;
  /** Short scaling exponent of detrended fluctuations, boxes of 4 to 16 intervals. Peng CK et al. Chaos 1995;5:82. */
  readonly alpha1: number | null;
}

const FEWEST = 16;
/** Entropies are of the square of the number of intervals: of more than these no more is learnt. */
const MOST_FOR_ENTROPY = 3_000;
const PATTERN = 2;
const RADIUS = 0.15;

export function nonLinear({ lengths }: Intervals): NonLinear {
  if (lengths.length < FEWEST)
    return {
      ...{ sd1: null, sd2: null, sampleEntropy: null, approximateEntropy: null, alpha1: null },
      ...{ accelerationCapacity: null, decelerationCapacity: null },
    };
  const sdsd = standardDeviation(successive(lengths));
  const sdnn = standardDeviation(lengths);
  return {
    sd1: sdsd / Math.SQRT2,
    sd2: Math.sqrt(Math.max(2 * sdnn ** 2 - 0.5 * sdsd ** 2, 0)),
    ...entropies(lengths, sdnn),
    accelerationCapacity: capacity(lengths, (ratio) => ratio > 1 - STEEPEST - EQUAL && ratio <= 1 - EQUAL),
    decelerationCapacity: capacity(lengths, (ratio) => ratio > 1 + EQUAL && ratio <= 1 + STEEPEST),
    alpha1: alpha(lengths, 4, 16),
  };
}

function entropies(lengths: Float64Array, sdnn: number) {
  if (lengths.length > MOST_FOR_ENTROPY || sdnn === 0) return { sampleEntropy: null, approximateEntropy: null };
  const radius = RADIUS * sdnn;
  const two = matches(lengths, PATTERN, radius);
  const three = matches(lengths, PATTERN + 1, radius);
  const pairs = (m: number) => ((lengths.length - m + 1) * (lengths.length - m)) / 2;
  const ofTwo = two.pairs / pairs(PATTERN);
  const ofThree = three.pairs / pairs(PATTERN + 1);
  return {
    sampleEntropy: ofTwo > 0 && ofThree > 0 ? -Math.log(ofThree / ofTwo) : null,
    approximateEntropy: Math.log(two.share) - Math.log(three.share),
  };
}

/** How many pairs of patterns of m lie within the radius (Chebyshev), and which part of all each pattern is near, itself included. */
function matches(lengths: Float64Array, m: number, radius: number): { pairs: number; share: number } {
  const count = lengths.length - m + 1;
  let pairs = 0;
  let near = 0;
  for (let i = 0; i < count; i++)
    for (let j = i + 1; j < count; j++) {
      let distance = 0;
      for (let k = 0; k < m && distance <= radius; k++)
        distance = Math.max(distance, Math.abs((lengths[i + k] as number) - (lengths[j + k] as number)));
      if (distance < radius) pairs++;
      if (distance <= radius) near++;
    }
  return { pairs, share: (2 * near + count) / count ** 2 };
}

/** Greatest change from one interval to the next that is an anchor. */
const STEEPEST = 0.2;
/** Nearer than this they are the same interval. */
const EQUAL = 1e-4;
const AROUND = 30;
const SCALE = 2;
const ANCHORS_FEWEST = 20;

function capacity(lengths: Float64Array, isAnchor: (ratio: number) => boolean): number | null {
  const average = new Float64Array(2 * SCALE);
  let anchors = 0;
  for (let i = AROUND; i < lengths.length - AROUND; i++) {
    if (!isAnchor((lengths[i] as number) / (lengths[i - 1] as number))) continue;
    anchors++;
    for (let k = 0; k < 2 * SCALE; k++) average[k] = (average[k] as number) + (lengths[i - SCALE + k] as number);
  }
  if (anchors < ANCHORS_FEWEST) return null;
  const after = average.subarray(SCALE).reduce((sum, one) => sum + one, 0);
  const before = average.subarray(0, SCALE).reduce((sum, one) => sum + one, 0);
  return (after - before) / anchors / (2 * SCALE);
}

function alpha(lengths: Float64Array, smallest: number, largest: number): number | null {
  if (lengths.length < 4 * largest) return null;
  const middle = mean(lengths);
  const profile = new Float64Array(lengths.length);
  let sum = 0;
  for (let i = 0; i < lengths.length; i++) {
    sum += (lengths[i] as number) - middle;
    profile[i] = sum;
  }
  const points: [number, number][] = [];
  for (let box = smallest; box <= largest; box++) {
    const fluctuation = fluctuationOf(profile, box);
    if (fluctuation > 0) points.push([Math.log(box), Math.log(fluctuation)]);
  }
  return points.length < 2 ? null : slope(points);
}

/** Root mean square of what is left of the profile when a line is taken off in each box. */
function fluctuationOf(profile: Float64Array, box: number): number {
  const boxes = Math.floor(profile.length / box);
  let total = 0;
  for (let b = 0; b < boxes; b++) {
    const part = Array.from(profile.subarray(b * box, (b + 1) * box), (y, x): [number, number] => [x, y]);
    const rise = slope(part);
    const [x, y] = [mean(part.map(([at]) => at)), mean(part.map(([, of]) => of))];
    for (const [at, of] of part) total += (of - y - rise * (at - x)) ** 2;
  }
  return Math.sqrt(total / (boxes * box));
}

function slope(points: readonly (readonly [number, number])[]): number {
  const x = mean(points.map(([at]) => at));
  const y = mean(points.map(([, of]) => of));
  let up = 0;
  let down = 0;
  for (const [at, of] of points) {
    up += (at - x) * (of - y);
    down += (at - x) ** 2;
  }
  return up / down;
}
