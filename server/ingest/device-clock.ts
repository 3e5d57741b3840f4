import { offsetAt } from "@openward/codecs";
import { RefusedInput } from "@openward/errors";
import type { ClockSighting, ClockState, Millis } from "@openward/model";
import {
  type ClockTrack,
  decide,
  extend,
  newClockTrack,
  newTimeline,
  observe,
  type Timeline,
} from "@openward/timeseries/clocks";

/** What is known of one device's clock: what was learnt, and what was decided of it. */
export interface DeviceClock {
  track: ClockTrack;
  readonly timeline: Timeline;
  last: ClockState | undefined;
  /** Server time of the last sighting that was learnt from. */
  through: Millis;
  /** Learnt something since it was saved. */
  isDirty: boolean;
}

/** What was known before the last stop: what had been learnt, the sightings behind that, and every decision. */
export interface KnownClock {
  readonly organisationId: string;
  readonly deviceId: string;
  readonly track: ClockTrack | null;
  readonly through: Millis;
  /** In the order in which they came. */
  readonly sightings: readonly ClockSighting[];
  readonly states: readonly ClockState[];
}

export function newDeviceClock(): DeviceClock {
  return { track: newClockTrack(), timeline: newTimeline(), last: undefined, through: 0, isDirty: false };
}

/** A gateway's clock may be wrong as well: ahead of the server's it is not believed. */
const GATEWAY_AHEAD_MS = 2_000;
const GATEWAY_BEHIND_MS = 31 * 86_400_000;

/** Learns from a sighting: what is learnt is written down, so that a start learns the same. */
export function learn(clock: DeviceClock, sighting: ClockSighting): void {
  const { deviceTime, serverTime, gatewayTime, isStated = false, bodyHash } = sighting;
  const isBelieved =
    gatewayTime !== undefined &&
    gatewayTime <= serverTime + GATEWAY_AHEAD_MS &&
    gatewayTime > serverTime - GATEWAY_BEHIND_MS;
  const receivedAt = isBelieved ? gatewayTime : serverTime;
  observe(clock.track, { deviceTime, receivedAt, isStated, ...(bodyHash !== undefined && { bodyHash }) });
  clock.through = Math.max(clock.through, serverTime);
  clock.isDirty = true;
}

/** What is to be decided by now, and is from now on. @param timeZone of the place where the device is, IANA name */
export function decideNow(
  clock: DeviceClock,
  { organisationId, deviceId, serverTime }: ClockSighting,
  timeZone: (at: Millis) => string | undefined,
): ClockState | undefined {
  const zoneOffset = (at: Millis) => {
    const zone = timeZone(at);
    return zone === undefined ? null : offsetAt(at, zone) / 60_000;
  };
  const decision = decide(clock.track, clock.last, zoneOffset, serverTime);
  if (!decision) return undefined;
  const state: ClockState = { organisationId, deviceId, sequence: (clock.last?.sequence ?? 0) + 1, ...decision };
  hold(clock, state);
  return state;
}

/** What a person says of a clock that is only marked. */
export interface ClockDecision {
  readonly deviceId: string;
  /** The state that they saw. */
  readonly seen: number;
  /** Its times are right, and what came late came late; or it is wrong by what is known of it. */
  readonly leadsTo: "kept" | "corrected";
  readonly by: string;
  readonly because: string;
}

/**
 * Only where Openward cannot tell a wrong clock from late data; also against what a person has said of it before, but for what was
 * corrected: that has moved readings.
 *
 * @throws RefusedInput CONFLICT
 */
export function decideByHand(clock: DeviceClock, decision: ClockDecision, now: Millis): ClockState {
  const { last } = clock;
  const { seen, leadsTo, by, because } = decision;
  if (last?.sequence !== seen) throw new RefusedInput("CONFLICT", { at: "seen", expected: "what is known of it now" });
  const isOpen = last.leadsTo === "flagged" || (last.leadsTo === "kept" && last.decidedBy !== undefined);
  if (!isOpen || last.leadsTo === leadsTo)
    throw new RefusedInput("CONFLICT", { at: "clock", expected: "one whose times are only marked" });
  const sequence = last.sequence + 1;
  const state: ClockState = {
    ...last,
    sequence,
    decidedAt: now,
    leadsTo,
    isCertain: true,
    appliesFrom: null,
    decidedBy: by,
    because,
  };
  hold(clock, state);
  return state;
}

export function hold(clock: DeviceClock, state: ClockState): void {
  extend(clock.timeline, state);
  clock.last = state;
}

export function recall(clock: DeviceClock, known: KnownClock): void {
  if (known.track) clock.track = known.track;
  clock.through = known.through;
  for (const state of known.states) hold(clock, state);
  for (const sighting of known.sightings) learn(clock, sighting);
}
