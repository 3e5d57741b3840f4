import { DRIFT_UNKNOWN, fitAbove, type Line, type Point, valueAt } from "./line.ts";

/** The newest time that a delivery said, beside the time at which it was received. */
export interface Sighting {
  /** ms UTC, as the device has it. */
  readonly deviceTime: number;
  /** ms UTC by the gateway or the server, whichever was nearer to the device. */
  readonly receivedAt: number;
  /** The device said what its clock shows now: it cannot be late data. */
  readonly isStated?: boolean;
  /** Of what came: the same again tells nothing of a clock that stands still. */
  readonly bodyHash?: number;
}

/** A span in which a clock ran on without being set. */
export interface Epoch {
  /** Of the first and last sightings that bore it out, by the receiver's clock. */
  readonly from: number;
  to: number;
  /** The greatest `aheadMs` of equal spans, ascending: at most MAX_POINTS, however long the epoch. */
  points: Point[];
  bucketMs: number;
  /** Sightings that bore it out. */
  count: number;
  stated: number;
  /** Of the epoch before, where the clock was not set between the two. */
  readonly priorDrift: number;
  line: Line;
}

export interface Standstill {
  readonly deviceTime: number;
  readonly from: number;
  to: number;
  count: number;
  /** The last few: enough to tell that it is not one message over and over. */
  bodyHashes: number[];
}

/** All that is kept of one device's clock: plain data of bounded size, to be saved as it is. */
export interface ClockTrack {
  /** Ascending, the last is what holds now; at most MAX_EPOCHS, older ones are let go. */
  epochs: Epoch[];
  /** What may turn out to be the next epoch: it was not seen often enough to tell it from late data. */
  candidate: Epoch | null;
  /** Sightings in a row that were too far below the candidate to bear it out. */
  missed: number;
  standstill: Standstill | null;
  /** The last standstill that was long enough to be sure of. */
  stood: Standstill | null;
  /** The coarsest of RESOLUTIONS_MS in which the device has told every time so far: a cuff tells minutes. */
  resolutionMs: number;
}

const RESOLUTIONS_MS = [60_000, 1_000, 1];

export const MAX_POINTS = 64;
export const MAX_EPOCHS = 16;
const BUCKET_MS = 5 * 60_000;
/** Nothing comes before it was sent: above the line by more than this is another clock. */
const EARLY_MS = 2_000;
/** The same while too few sightings stand for the line. */
const EARLY_AT_FIRST_MS = 6_000;
export const SURE_COUNT = 20;
/** Below the line by less is the way of a message. */
const LATE_MS = 55_000;
/** Within this below the line a sighting bears it out. */
export const NEAR_MS = 5_000;
/** Nothing is thought to be delivered later than that. */
export const TOO_LATE_MS = 31 * 86_400_000;
const MISSED_MAX = 3;
const MINUTE_MS = 60_000;

/** How often and how long something must be seen: what only late data could feign needs most. */
const PROOF = {
  first: { count: 5, spanMs: 2 * MINUTE_MS },
  ahead: { count: 3, spanMs: MINUTE_MS },
  behind: { count: 8, spanMs: 10 * MINUTE_MS },
  stated: { count: 2, spanMs: 5_000 },
  standstill: { count: 5, spanMs: 2 * MINUTE_MS, bodies: 3 },
} as const;

/** A clock that was not borne out for longer may have been set: as long as a step back takes to be proven. */
export const UNSEEN_MS = PROOF.behind.spanMs;

export function newClockTrack(): ClockTrack {
  return {
    epochs: [],
    candidate: null,
    missed: 0,
    standstill: null,
    stood: null,
    resolutionMs: RESOLUTIONS_MS[0] as number,
  };
}

export function currentEpoch(track: ClockTrack): Epoch | undefined {
  return track.epochs[track.epochs.length - 1];
}

/** Learns from one delivery. Sightings come in the order in which they were received. */
export function observe(track: ClockTrack, sighting: Sighting): void {
  noteStandstill(track, sighting);
  noteResolution(track, sighting.deviceTime);
  const nearMs = NEAR_MS + track.resolutionMs;
  const point: Point = { at: sighting.receivedAt, aheadMs: sighting.deviceTime - sighting.receivedAt };
  const current = currentEpoch(track);
  if (current) {
    const above = point.aheadMs - expected(current, point.at);
    // While nothing was heard it may have drifted, further than a young line can tell.
    const reachMs = nearMs + Math.max(0, point.at - current.to) * current.line.driftBound;
    const isOfIt = above <= early(current, point.at) && above >= -(sighting.isStated ? reachMs : LATE_MS + reachMs);
    if (isOfIt) {
      if (above >= -reachMs) {
        // The clock still runs as it did: what was further back was late.
        track.candidate = null;
        if (leapBefore(point.at) > current.to) begin(track, newEpoch(point, sighting.isStated, current.line.drift));
        else add(current, point, sighting.isStated);
      }
      return;
    }
  }
  consider(track, point, sighting.isStated === true, nearMs);
}

function consider(track: ClockTrack, point: Point, isStated: boolean, nearMs: number): void {
  const { candidate } = track;
  if (!candidate) {
    propose(track, point, isStated);
    return;
  }
  const above = point.aheadMs - expected(candidate, point.at);
  if (above > early(candidate, point.at) || (isStated && above < -nearMs)) {
    // Nothing can be early: what stood for the candidate so far was late data. Or the device says itself that it is wrong.
    propose(track, point, isStated);
  } else if (above >= -nearMs) {
    track.missed = 0;
    add(candidate, point, isStated);
    if (isProven(candidate, currentEpoch(track))) begin(track, candidate);
  } else if (++track.missed >= MISSED_MAX) {
    // It was one message of another time, and would hide what came to stay.
    propose(track, point, isStated);
  }
}

function propose(track: ClockTrack, point: Point, isStated: boolean): void {
  track.candidate = newEpoch(point, isStated);
  track.missed = 0;
}

function isProven(candidate: Epoch, current: Epoch | undefined): boolean {
  const span = candidate.to - candidate.from;
  if (candidate.stated >= PROOF.stated.count && span >= PROOF.stated.spanMs) return true;
  const step = current ? candidate.line.aheadMs - expected(current, candidate.from) : 0;
  const couldBeLate = step < 0 && step > -TOO_LATE_MS;
  const proof = !current ? PROOF.first : couldBeLate ? PROOF.behind : PROOF.ahead;
  return candidate.count >= proof.count && span >= proof.spanMs;
}

function begin(track: ClockTrack, epoch: Epoch): void {
  track.epochs.push(epoch);
  if (track.epochs.length > MAX_EPOCHS) track.epochs.shift();
  track.candidate = null;
}

function newEpoch(point: Point, isStated = false, priorDrift = 0): Epoch {
  const at = { from: point.at, to: point.at };
  const counts = { count: 1, stated: isStated ? 1 : 0 };
  return { ...at, points: [point], bucketMs: BUCKET_MS, ...counts, priorDrift, line: fitAbove([point], priorDrift) };
}

function expected(epoch: Epoch, at: number): number {
  return valueAt(epoch.line, at);
}

function early(epoch: Epoch, at: number): number {
  const base = epoch.count < SURE_COUNT ? EARLY_AT_FIRST_MS : EARLY_MS;
  return base + Math.max(0, at - epoch.to) * DRIFT_UNKNOWN;
}

function add(epoch: Epoch, point: Point, isStated = false): void {
  epoch.count++;
  if (isStated) epoch.stated++;
  epoch.to = Math.max(epoch.to, point.at);
  const { points } = epoch;
  let isNews = point.aheadMs > expected(epoch, point.at);
  const last = points[points.length - 1] as Point;
  if (bucketOf(epoch, point.at) <= bucketOf(epoch, last.at)) {
    if (point.aheadMs <= last.aheadMs) return;
    points[points.length - 1] = { at: Math.max(point.at, last.at), aheadMs: point.aheadMs };
  } else {
    points.push(point);
    isNews = true;
    while (epoch.points.length > MAX_POINTS) halve(epoch);
  }
  if (isNews) epoch.line = fitAbove(epoch.points, epoch.priorDrift);
}

function bucketOf(epoch: Epoch, at: number): number {
  return Math.floor(at / epoch.bucketMs);
}

function halve(epoch: Epoch): void {
  epoch.bucketMs *= 2;
  const kept: Point[] = [];
  for (const point of epoch.points) {
    const last = kept[kept.length - 1];
    if (!last || bucketOf(epoch, last.at) !== bucketOf(epoch, point.at)) kept.push(point);
    else if (point.aheadMs > last.aheadMs) kept[kept.length - 1] = point;
  }
  epoch.points = kept;
}

/** The last midnight at which a leap second may have been: a new epoch begins there, so that it shows. */
export function leapBefore(at: number): number {
  const year = new Date(at).getUTCFullYear();
  const july = Date.UTC(year, 6, 1);
  return at >= july ? july : Date.UTC(year, 0, 1);
}

function noteResolution(track: ClockTrack, deviceTime: number): void {
  if (deviceTime % track.resolutionMs === 0) return;
  track.resolutionMs = RESOLUTIONS_MS.find((one) => deviceTime % one === 0) ?? 1;
}

function noteStandstill(track: ClockTrack, { deviceTime, receivedAt, bodyHash }: Sighting): void {
  if (bodyHash === undefined) return;
  const { standstill } = track;
  if (!standstill || standstill.deviceTime !== deviceTime) {
    track.standstill = { deviceTime, from: receivedAt, to: receivedAt, count: 1, bodyHashes: [bodyHash] };
    return;
  }
  const { count, spanMs, bodies } = PROOF.standstill;
  standstill.count++;
  standstill.to = receivedAt;
  const { bodyHashes } = standstill;
  if (bodyHashes.length < bodies && !bodyHashes.includes(bodyHash)) bodyHashes.push(bodyHash);
  const isLong = standstill.count >= count && receivedAt - standstill.from >= spanMs;
  if (isLong && bodyHashes.length >= bodies) track.stood = standstill;
}
