/** What a clock was ahead at one instant, less the way of the message: never more than the truth. */
export interface Point {
  /** ms UTC by the receiver's clock. */
  readonly at: number;
  /** Device time less the receiver's, ms. */
  readonly aheadMs: number;
}

/** How far a clock is ahead as a straight line over time, with the bounds within which it is believed to be. */
export interface Line {
  readonly at: number;
  /** At `at`, ms. */
  readonly aheadMs: number;
  /** ms per ms; 1e-6 is one part per million. */
  readonly drift: number;
  /** The truth of `drift` is believed to be no further away than this; DRIFT_UNKNOWN: too little was seen to tell. */
  readonly driftBound: number;
  /** The clock is ahead by at least the line less this, ms ... */
  readonly belowMs: number;
  /** ... and by at most the line and this. */
  readonly aboveMs: number;
}

/** Before that a slope is noise. */
const SPAN_MS = 3_600_000;
const POINTS_AT_ENDS = 3;
const SLIGHT_DRIFT = 100e-6;
/** The shortest way of a message: a clock is ahead by up to this more than any message can show. */
const WAY_MS = 2_000;
/** No crystal is worse. */
export const DRIFT_UNKNOWN = 1e-3;

export function valueAt(line: Pick<Line, "at" | "aheadMs" | "drift">, at: number): number {
  return line.aheadMs + line.drift * (at - line.at);
}

/**
 * The lowest straight line that has no point above it, measured by the sum of distances: messages can be late and never
 * early, so that what is late, however much of it there is, does not move the line.
 *
 * @param points ascending by `at`, not empty
 * @param priorDrift what is thought of the drift until enough was seen
 * @source Moon, Skelly, Towsley: Estimation and removal of clock skew from network delay measurements, 1999
 */
export function fitAbove(points: readonly Point[], priorDrift = 0): Line {
  const first = points[0] as Point;
  const last = points[points.length - 1] as Point;
  const span = last.at - first.at;
  if (span < SPAN_MS || points.length < 2 * POINTS_AT_ENDS) {
    const flat = { at: last.at, aheadMs: 0, drift: priorDrift };
    let top = Number.NEGATIVE_INFINITY;
    for (const point of points) top = Math.max(top, point.aheadMs - valueAt(flat, point.at));
    return { ...flat, aheadMs: top, driftBound: DRIFT_UNKNOWN, belowMs: span * DRIFT_UNKNOWN, aboveMs: WAY_MS };
  }
  let mean = 0;
  for (const point of points) mean += (point.at - first.at) / points.length;
  const [left, right] = edgeOver(upperHull(points), first.at + mean);
  const drift = (right.aheadMs - left.aheadMs) / (right.at - left.at);
  const aheadMs = left.aheadMs + drift * (last.at - left.at);
  const line = { at: last.at, aheadMs, drift, driftBound: 0, belowMs: 0, aboveMs: WAY_MS };
  const below = points.map((point) => valueAt(line, point.at) - point.aheadMs).sort((a, b) => a - b);
  const loose = (below[Math.floor(below.length / 2)] as number) + 1;
  // Both ends of the edge may be off by how loosely the points lie under it.
  const slopeBound = (3 * loose) / (right.at - left.at);
  // And away from the edge what is not known of the slope adds up.
  const belowMs = loose + slopeBound * Math.max(left.at - first.at, last.at - right.at);
  const driftBound = isBorneOut(points, drift, slopeBound, loose) ? slopeBound : DRIFT_UNKNOWN;
  return { ...line, driftBound, belowMs, aboveMs: WAY_MS + belowMs };
}

/**
 * What is late can feign a slope: one message at an end, or many that are late by the same since some hour. A clock that
 * drifts does so at its beginning and at its end.
 */
function isBorneOut(points: readonly Point[], drift: number, slopeBound: number, loose: number): boolean {
  if (Math.abs(drift) > DRIFT_UNKNOWN) return false;
  const [first, last] = [(points[0] as Point).at, (points[points.length - 1] as Point).at];
  const third = (last - first) / 3;
  const ends = [points.filter(({ at }) => at <= first + third), points.filter(({ at }) => at >= last - third)];
  return ends.every((end) => {
    if (end.length < POINTS_AT_ENDS) return false;
    const [a, b] = [end[0] as Point, end[end.length - 1] as Point];
    const [left, right] = edgeOver(upperHull(end), (a.at + b.at) / 2);
    const slope = (right.aheadMs - left.aheadMs) / (right.at - left.at);
    const noise = slopeBound + (3 * loose) / (right.at - left.at);
    return Math.abs(slope - drift) <= Math.min(noise, Math.abs(drift) / 2 + SLIGHT_DRIFT);
  });
}

function upperHull(points: readonly Point[]): Point[] {
  const hull: Point[] = [];
  for (const point of points) {
    while (hull.length >= 2 && !turnsDown(hull[hull.length - 2] as Point, hull[hull.length - 1] as Point, point)) {
      hull.pop();
    }
    hull.push(point);
  }
  return hull;
}

function turnsDown(a: Point, b: Point, c: Point): boolean {
  return (b.at - a.at) * (c.aheadMs - a.aheadMs) < (b.aheadMs - a.aheadMs) * (c.at - a.at);
}

function edgeOver(hull: readonly Point[], at: number): [Point, Point] {
  for (let i = 1; i < hull.length; i++) {
    if ((hull[i] as Point).at >= at) return [hull[i - 1] as Point, hull[i] as Point];
  }
  return [hull[hull.length - 2] as Point, hull[hull.length - 1] as Point];
}
