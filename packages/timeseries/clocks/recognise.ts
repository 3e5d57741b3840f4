import type { ClockTreatment, WrongClock } from "@openward/model";
import { DRIFT_UNKNOWN, valueAt } from "./line.ts";
import { type ClockTrack, type Epoch, leapBefore, SURE_COUNT, TOO_LATE_MS } from "./track.ts";

/** What became of a clock, and from when on. */
export interface Finding {
  readonly kind: WrongClock;
  /** ms UTC by the receiver's clock: it happened after `after` (the last sighting before it) and before `from`. */
  readonly from: number;
  readonly after: number | null;
  /** How far the clock is ahead since, ms. */
  readonly aheadMs: number;
  /** By how much it was set then; null: it was so from the first sighting on. */
  readonly stepMs: number | null;
  /** false: a device that is always late, or whose buffer is emptied as slowly as it filled, would look the same. */
  readonly isCertain: boolean;
  readonly leadsTo: Treatment;
}

/**
 * What is to come of readings under such a clock. Corrected: the time is known from the track, and the original is kept
 * beside it. Quarantined: what the clock says is no time at all, and a person is offered the one of the track.
 */
export type Treatment = Exclude<ClockTreatment, "kept">;
export type { WrongClock };

const LEADS_TO: Readonly<Record<WrongClock, Treatment>> = {
  drift: "corrected",
  step: "corrected",
  "local-as-utc": "corrected",
  "half-day": "corrected",
  date: "corrected",
  "zone-change": "corrected",
  "dst-spring": "corrected",
  "dst-autumn": "corrected",
  rollover: "corrected",
  "leap-second": "flagged",
  "reset-1970": "quarantined",
  "reset-2000": "quarantined",
  year: "quarantined",
  standstill: "quarantined",
};

/** Minutes ahead of UTC in the zone where the device is thought to be; null where nobody knows. */
export type ZoneOffset = (at: number) => number | null;

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Offsets from UTC in use that are no whole hours, minutes (IANA time zone database, 2025). */
const BETWEEN_HOURS = new Set([-570, -210, -150, 210, 270, 330, 345, 390, 525, 570, 630, 765, 825]);
/** A clock that is less wrong than this is right; what two clocks differ by more than this are two different things. */
export const SAME_MS = 5 * SECOND_MS;
const DAYS_MAX = 31;
/** Clocks change their summer time by themselves, by hand, or at the next connection. */
const DST_WITHIN_MS = 12 * HOUR_MS;
/** A crystal of a watch has 20 to 30. */
const DRIFT_MIN = 50e-6;
const LEAP = { leastMs: 600, mostMs: 1_400, unsureMs: 400 };

/** What a counter holds that begins again at zero, in ms: 32 bits of milliseconds, 16 and 32 of seconds, 16 of minutes. */
const ROLLOVERS_MS = [2 ** 31, 2 ** 32, 2 ** 16 * SECOND_MS, 2 ** 32 * SECOND_MS, 2 ** 16 * MINUTE_MS];

/** @returns ascending by `from` within each kind of evidence; empty for a clock with which all is well */
export function recognise(track: ClockTrack, zoneOffset: ZoneOffset): Finding[] {
  const found: Finding[] = [];
  for (const [i, epoch] of track.epochs.entries()) {
    const before = track.epochs[i - 1];
    const aheadMs = valueAt(epoch.line, epoch.from);
    const stepMs = before ? aheadMs - valueAt(before.line, epoch.from) : null;
    const kind = kindOf(epoch, aheadMs, stepMs, before, zoneOffset);
    const at = { from: epoch.from, after: before?.to ?? null };
    const isCertain = !couldBeLate(epoch, stepMs ?? aheadMs);
    if (kind) {
      const isOfPlace =
        kind === "local-as-utc" && aheadMs !== 0 && isSame(aheadMs, zoneMs(zoneOffset, epoch.from) ?? 0);
      const isSure = isCertain || isOfPlace || kind.startsWith("dst-");
      // Nobody set it and it looks late: so it is, as averages are that are dated by their beginning.
      if (isSure || kind !== "step" || before) found.push(finding(kind, { ...at, aheadMs, stepMs, isCertain: isSure }));
    }
    const { drift, driftBound } = epoch.line;
    if (driftBound < DRIFT_UNKNOWN && Math.abs(drift) - driftBound > DRIFT_MIN) {
      found.push(finding("drift", { ...at, aheadMs, stepMs: null, isCertain: true }));
    }
    const left = leftBehind(epoch, aheadMs, zoneOffset);
    if (left) found.push(left);
  }
  const { stood } = track;
  if (stood) {
    const aheadMs = stood.deviceTime - stood.from;
    found.push(finding("standstill", { from: stood.from, after: null, aheadMs, stepMs: null, isCertain: true }));
  }
  return found;
}

function finding(kind: WrongClock, facts: Omit<Finding, "kind" | "leadsTo">): Finding {
  return { kind, ...facts, leadsTo: facts.isCertain ? LEADS_TO[kind] : "flagged" };
}

function couldBeLate({ stated }: Epoch, backMs: number): boolean {
  return stated === 0 && backMs < 0 && backMs > -TOO_LATE_MS;
}

function kindOf(
  epoch: Epoch,
  aheadMs: number,
  stepMs: number | null,
  before: Epoch | undefined,
  zoneOffset: ZoneOffset,
): WrongClock | null {
  if (before && stepMs !== null) {
    if (isLeap(epoch, before, stepMs)) return "leap-second";
    if (Math.abs(stepMs) <= SAME_MS) return null;
    const summer = summerTime(before.to - DST_WITHIN_MS, epoch.from + DST_WITHIN_MS, zoneOffset);
    if (summer !== 0 && isSame(stepMs, summer)) return summer > 0 ? "dst-spring" : "dst-autumn";
    // It was set right.
    if (Math.abs(aheadMs) <= SAME_MS) return null;
    if (ROLLOVERS_MS.some((range) => Math.abs(stepMs + range) <= 2 * SECOND_MS)) return "rollover";
  }
  const zone = zoneMs(zoneOffset, epoch.from);
  const lasting = lastingKind(epoch.from, aheadMs, zone);
  if (lasting === "local-as-utc" && before && stepMs !== null && isLocalElsewhere(aheadMs, before, zone)) {
    return "zone-change";
  }
  if (lasting) return lasting;
  return Math.abs(aheadMs) > SAME_MS ? "step" : null;
}

/** What can be told from where the clock stands, without what it was before. */
function lastingKind(at: number, aheadMs: number, zone: number | null): WrongClock | null {
  if (Math.abs(aheadMs) <= SAME_MS) return null;
  if (zone !== null && zone !== 0 && isSame(aheadMs, zone)) return "local-as-utc";
  const shown = new Date(at + aheadMs);
  const local = zone ?? 0;
  if (isOtherYear(at, shown) || (local !== 0 && isOtherYear(at + local, shown))) return "year";
  const year = shown.getUTCFullYear();
  if (year <= 1970) return "reset-1970";
  if (year === 2000) return "reset-2000";
  for (const base of local === 0 ? [0] : [0, local]) {
    const rest = aheadMs - base;
    if (isSame(Math.abs(rest), 12 * HOUR_MS)) return "half-day";
    const days = Math.round(rest / DAY_MS);
    if (days !== 0 && Math.abs(days) <= DAYS_MAX && isSame(rest, days * DAY_MS)) return "date";
  }
  return isZone(aheadMs) ? "local-as-utc" : null;
}

function isLocalElsewhere(aheadMs: number, before: Epoch, zone: number | null): boolean {
  const was = valueAt(before.line, before.to);
  // From UTC to the time of the place is no journey.
  return isZone(was) && !(Math.abs(was) <= SAME_MS && (zone === null || isSame(aheadMs, zone)));
}

/** A clock that shows the time of the place and stayed behind when summer time began or ended. */
function leftBehind(epoch: Epoch, aheadMs: number, zoneOffset: ZoneOffset): Finding | null {
  const zone = zoneMs(zoneOffset, epoch.from);
  // Where winter is UTC, nobody can tell a clock of the place from one of UTC.
  if (zone === null || zone === 0 || !isSame(aheadMs, zone)) return null;
  const change = summerTime(epoch.from, epoch.to, zoneOffset);
  if (change === 0) return null;
  const kind = change > 0 ? "dst-spring" : "dst-autumn";
  const at = { from: epoch.to, after: epoch.from };
  return finding(kind, { ...at, aheadMs: valueAt(epoch.line, epoch.to), stepMs: 0, isCertain: true });
}

function isLeap(epoch: Epoch, before: Epoch, stepMs: number): boolean {
  const midnight = leapBefore(epoch.from);
  if (before.to >= midnight) return false;
  // A few sightings show how long their way was, as much as what the clock shows.
  if (Math.min(before.count, epoch.count) < SURE_COUNT) return false;
  // What is not known of the drift since would look the same.
  if ((epoch.from - before.line.at) * before.line.driftBound > LEAP.unsureMs) return false;
  return Math.abs(stepMs) >= LEAP.leastMs && Math.abs(stepMs) <= LEAP.mostMs;
}

/** @returns ms by which the zone's offset changed between the two */
function summerTime(from: number, to: number, zoneOffset: ZoneOffset): number {
  const [was, is] = [zoneOffset(from), zoneOffset(to)];
  return was === null || is === null ? 0 : (is - was) * MINUTE_MS;
}

/** The same day and time in another year. */
function isOtherYear(at: number, shown: Date): boolean {
  const year = new Date(at).getUTCFullYear();
  if (shown.getUTCFullYear() === year) return false;
  const same = new Date(shown);
  same.setUTCFullYear(year);
  return isSame(same.getTime(), at);
}

function zoneMs(zoneOffset: ZoneOffset, at: number): number | null {
  const minutes = zoneOffset(at);
  return minutes === null ? null : minutes * MINUTE_MS;
}

function isZone(aheadMs: number): boolean {
  const minutes = Math.round(aheadMs / MINUTE_MS);
  if (!isSame(aheadMs, minutes * MINUTE_MS)) return false;
  return (minutes % 60 === 0 && minutes >= -720 && minutes <= 840) || BETWEEN_HOURS.has(minutes);
}

function isSame(aMs: number, bMs: number): boolean {
  return Math.abs(aMs - bMs) <= SAME_MS;
}
