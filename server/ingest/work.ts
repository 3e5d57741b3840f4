import type { ReadingColumn } from "@openward/codecs";
import type { Decoded, Ignored } from "@openward/codecs/raw";
import type { Association, ClockState, JournalEntry, Millis, Problem } from "@openward/model";
import { QUALITY } from "@openward/model";
import { Problems } from "./problems.ts";
import type { Retiming } from "./retime.ts";
import type { DeviceState, Slot } from "./streams.ts";

export const FUTURE_MS = 5 * 60_000;
/** 2000-01-01: before this no device that speaks to us could have measured anything. */
export const EARLIEST = Date.UTC(2000, 0, 1);

/** Where a reading belongs, and the span of time for which that holds. */
export type Place = Pick<Association, "id" | "patientId" | "from" | "to">;

/** One message on its way: what becomes of it, in the order in which the journal will hold it. */
export interface Work {
  readonly organisationId: string;
  readonly deviceId: string;
  readonly device: DeviceState;
  readonly receivedAt: Millis;
  /** A last will: it tells nothing of the device's clock. */
  readonly isWill: boolean;
  /** Times after this lie too far in the future. */
  readonly latest: Millis;
  /** The time of a message that has none: the server's, when it came first. */
  stamp(): Millis;
  /** What `stamp` said, where it was asked. */
  stampedAt: Millis | undefined;
  /** The name that its sender gave the message; undefined: none. */
  readonly messageId: string | undefined;
  /** When an event that carries an id came first: said again within minutes, it is the same event. */
  firstHeard(event: string): Millis;
  /** What the device has told of its clock: its time less the server's; 0 where it told nothing, or is right. */
  readonly clockOffsetMs: number;
  /** Who wore the device then. */
  placeAt(time: Millis): Place | undefined;
  /** Numbers by which a patient is known, against which those in the bytes are held; undefined: whose it is was decided. */
  readonly recordNumbersOf: ((patientId: string) => readonly string[]) | undefined;
  /** Bits that every value gets. */
  readonly quality: number;
  /** In a claim: is this value of this item one of those that were quarantined? */
  readonly isWanted: ((item: number, field: string) => boolean) | undefined;
  /** In a claim: what is added to impossible times, so that the last is the time of arrival; undefined: refused. */
  readonly shiftMs: number | undefined;
  /** In a claim: the clock was wrong, and times that look possible are shifted as well. */
  readonly shiftsAll: boolean;
  readonly entries: JournalEntry[];
  /** Streams that are not in the journal yet; undefined: none. */
  newSlots: Slot[] | undefined;
  readonly problems: Problems;
  accepted: number;
  /** What a codec left of raw bytes. */
  ignored: readonly Ignored[];
  /** It may have been delivered before the start: what must be known before it is taken in. */
  waitsFor: Promise<void> | undefined;
  /** What is known of the device's clock; undefined: nothing was ever wrong with it, or somebody else decides. */
  readonly retiming: Retiming | undefined;
  /** Newest device time that the message carries and that can be one; NaN: none. */
  newest: Millis;
  /** Newest device time that it carries, whatever becomes of it; NaN: none. */
  sighted: Millis;
  /** A device time beside when its gateway had it, where both are said. */
  gatewaySighting: Decoded["gatewaySighting"] | undefined;
  /** When its gateway heard the device last; undefined: it came by none, or that is not said. */
  gatewayHeardAt: Millis | undefined;
  /** What the device said that its clock shows now. */
  toldClock: Millis | undefined;
  /** What was decided of its clock by the message. */
  decided: ClockState | undefined;
  /** The time of the item that was placed last, as the column that its signals share. */
  instant: Float64Array | undefined;
  /** What was found of the times looked through last. */
  span: Span | undefined;
}

/** Times of a column: the first and last, those that the server gave included, and the newest of the device's own. */
export interface Span {
  readonly times: ReadingColumn["times"];
  readonly earliest: Millis;
  readonly latest: Millis;
  readonly newest: Millis;
  readonly hasMissing: boolean;
}

export const NOTHING_IGNORED: readonly Ignored[] = [];

export function newWork(
  facts: Omit<
    Work,
    | "entries"
    | "newSlots"
    | "problems"
    | "accepted"
    | "ignored"
    | "waitsFor"
    | "newest"
    | "sighted"
    | "gatewaySighting"
    | "gatewayHeardAt"
    | "toldClock"
    | "decided"
    | "instant"
    | "span"
    | "stampedAt"
  >,
): Work {
  return {
    ...facts,
    stampedAt: undefined,
    entries: [],
    newSlots: undefined,
    problems: new Problems(),
    accepted: 0,
    ignored: NOTHING_IGNORED,
    waitsFor: undefined,
    newest: Number.NaN,
    sighted: Number.NaN,
    gatewaySighting: undefined,
    gatewayHeardAt: undefined,
    toldClock: undefined,
    decided: undefined,
    instant: undefined,
    span: undefined,
  };
}

/** A stream stands in the journal before its first reading. */
export function enter(work: Work, slot: Slot): void {
  if (slot.isKnown || work.newSlots?.includes(slot)) return;
  work.newSlots ??= [];
  work.newSlots.push(slot);
  work.entries.push({ kind: "stream", stream: slot.stream });
}

export function refuse(work: Work, problems: readonly Problem[]): void {
  for (const problem of problems) work.problems.push(problem);
}

export function sight(work: Work, deviceTime: Millis): void {
  if (!(deviceTime <= work.sighted) && Number.isFinite(deviceTime)) work.sighted = deviceTime;
}

export function timeFault(work: Work, time: Millis): "TIME_IN_FUTURE" | "TIME_IMPOSSIBLE" | undefined {
  if (time > work.latest) return "TIME_IN_FUTURE";
  if (time < EARLIEST) return "TIME_IMPOSSIBLE";
  return undefined;
}

export const TIME_EXPECTED = {
  TIME_IN_FUTURE: "at most five minutes ahead of the server's clock",
  TIME_IMPOSSIBLE: "2000-01-01 or later",
} as const;

export const PLACE_EXPECTED = "a time at which the device was on a patient";

export function covers(place: Place, time: Millis): boolean {
  return time >= place.from && (place.to === null || time < place.to);
}

/** Would the patient be another one at this time? */
export function isElsewhere(work: Work, place: Place | undefined, time: Millis): boolean {
  return work.placeAt(time)?.patientId !== place?.patientId;
}

export const CLOCK_EXPECTED = "a time that is the same patient's by the clock that the device told";

export const FROM_SERVER = QUALITY.timeFromServer;
