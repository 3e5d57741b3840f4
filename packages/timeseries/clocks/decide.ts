import type { ClockState, ClockTreatment } from "@openward/model";
import { DRIFT_UNKNOWN, type Line, valueAt } from "./line.ts";
import { type Finding, recognise, SAME_MS, type ZoneOffset } from "./recognise.ts";
import { type ClockTrack, currentEpoch, type Epoch, leapBefore } from "./track.ts";

/** A state before it has a device and a place in the order. */
export type Decision = Omit<ClockState, "organisationId" | "deviceId" | "sequence">;

/** What was decided is decided anew where the clock has run away from it by more. */
const AWAY_MS = { corrected: 2_000, others: 5_000 };
/** And for who looks at it, where it is known so much better. */
const BETTER = 4;

/**
 * What is to be decided now of a device's clock, if anything. What is learnt changes with every message, and a time must not:
 * so a decision stands until the clock has moved away from it, and a better one holds for times from then on.
 *
 * @param last what was decided last; undefined: nothing yet
 * @param now ms UTC by the receiver's clock
 */
export function decide(
  track: ClockTrack,
  last: ClockState | undefined,
  zoneOffset: ZoneOffset,
  now: number,
): Decision | undefined {
  const epoch = currentEpoch(track);
  if (!epoch) return undefined;
  const began = beginning(track.epochs);
  const root = track.epochs[began] as Epoch;
  const same = last?.from === root.from ? last : undefined;
  const judged = judge(track, began, same, zoneOffset, now);
  if (same && !isNews(same, judged, epoch, now)) return undefined;
  // Somebody looked at the device and said that it is right: until it is set again that is so, but for what is no time at all.
  const isPersons = same?.decidedBy !== undefined && same.leadsTo === "kept";
  if (isPersons && (judged.leadsTo !== "quarantined" || judged.kind === same.kind)) return undefined;
  const { line, count } = epoch;
  return {
    decidedAt: now,
    ...judged,
    from: root.from,
    after: track.epochs[began - 1]?.to ?? null,
    appliesFrom: same ? appliesFrom(track, root, same, judged, now) : null,
    at: line.at,
    aheadMs: line.aheadMs,
    drift: line.drift,
    driftBound: line.driftBound,
    // What is told in whole minutes was cut.
    belowMs: line.belowMs + track.resolutionMs,
    aboveMs: line.aboveMs,
    sightings: count,
  };
}

/** An epoch that begins because a leap second may have been there is no other clock. @returns the first of those that went on */
function beginning(epochs: readonly Epoch[]): number {
  let i = epochs.length - 1;
  while (i > 0) {
    const [before, epoch] = [epochs[i - 1] as Epoch, epochs[i] as Epoch];
    const stepMs = valueAt(epoch.line, epoch.from) - valueAt(before.line, epoch.from);
    const unknownMs = (epoch.from - before.line.at) * before.line.driftBound;
    if (leapBefore(epoch.from) <= before.to || Math.abs(stepMs) > SAME_MS + unknownMs) break;
    i--;
  }
  return i;
}

/** What was placed by the decision before stays where it is. */
function appliesFrom(
  track: ClockTrack,
  root: Epoch,
  last: ClockState,
  { kind, leadsTo }: Judged,
  now: number,
): number | null {
  const { line, from } = currentEpoch(track) ?? root;
  if (kind === "standstill" && track.stood) return track.stood.deviceTime;
  if (kind === "leap-second") return Math.floor(from + valueAt(line, from));
  const isPlaced = last.leadsTo === "corrected" || last.kind === "standstill" || last.kind === "leap-second";
  // Of a clock that was right when the span began, what came until now is in its place.
  const wasRight = leadsTo === "corrected" && Math.abs(valueAt(root.line, root.from)) <= SAME_MS;
  // No message of before can have shown more.
  return isPlaced || wasRight ? Math.ceil(now + valueAt(line, now) + line.aboveMs) : null;
}

type Judged = Pick<ClockState, "kind" | "leadsTo" | "isCertain">;

function judge(
  track: ClockTrack,
  began: number,
  last: ClockState | undefined,
  zoneOffset: ZoneOffset,
  now: number,
): Judged {
  const epochs = track.epochs.slice(began);
  const [root, epoch] = [epochs[0] as Epoch, epochs[epochs.length - 1] as Epoch];
  const found = recognise(track, zoneOffset).filter((finding) => isOf(finding, track, epochs));
  const aheadMs = valueAt(epoch.line, now);
  const [worst] = found.sort((a, b) => rankOf(a) - rankOf(b));
  if (worst) {
    if (worst.kind === "drift" && isRight(aheadMs, track)) return { kind: "drift", leadsTo: "kept", isCertain: true };
    return { kind: worst.kind, leadsTo: worst.leadsTo, isCertain: worst.isCertain };
  }
  if (isRight(aheadMs, track)) return { kind: null, leadsTo: "kept", isCertain: true };
  // What was wrong with it is wrong for as long as nobody sets it.
  if (last && last.leadsTo !== "kept" && last.kind !== "standstill")
    return { kind: last.kind, leadsTo: last.leadsTo, isCertain: last.isCertain };
  const { line } = epoch;
  const hasRunAway = Math.abs(valueAt(root.line, root.from)) <= SAME_MS && isDrifting(line);
  // However little it drifts: after a month it is a minute.
  if (hasRunAway) return { kind: "drift", leadsTo: "corrected", isCertain: true };
  return { kind: null, leadsTo: "kept", isCertain: false };
}

function isDrifting({ drift, driftBound }: Line): boolean {
  return driftBound < DRIFT_UNKNOWN && Math.abs(drift) > driftBound;
}

/** As far as it can be told: a clock that tells whole minutes is behind by up to one, and a message that took that long as well. */
function isRight(aheadMs: number, { resolutionMs }: ClockTrack): boolean {
  return aheadMs <= SAME_MS && aheadMs >= -SAME_MS - resolutionMs;
}

/** What holds now: of this span, or of the standstill that goes on. */
function isOf(finding: Finding, { standstill, stood }: ClockTrack, epochs: readonly Epoch[]): boolean {
  const newest = epochs[epochs.length - 1] as Epoch;
  // What is older and comes late does not say that it runs again.
  if (finding.kind === "standstill")
    return (
      stood !== null && standstill !== null && standstill.deviceTime <= stood.deviceTime && newest.from <= stood.to
    );
  return epochs.some(({ from }) => finding.from === from || finding.after === from);
}

const WORST: readonly ClockTreatment[] = ["quarantined", "corrected", "flagged"];

function rankOf({ leadsTo, kind, stepMs }: Finding): number {
  // That it stayed behind when summer time began says more than what it showed before; that it drifts, less.
  return WORST.indexOf(leadsTo) * 4 + (kind === "drift" ? 2 : stepMs === 0 ? 0 : 1);
}

function isNews(last: ClockState, judged: Judged, { line }: Epoch, now: number): boolean {
  const { kind, leadsTo, isCertain } = judged;
  // Once it is corrected it stays so until it is set: what a time became, it stays.
  if (last.leadsTo === "corrected" && leadsTo !== "corrected" && leadsTo !== "quarantined") return false;
  if (leadsTo !== last.leadsTo || isCertain !== last.isCertain) return true;
  if (leadsTo === "quarantined") return kind !== last.kind;
  const awayMs = Math.abs(valueAt(line, now) - valueAt(last, now));
  if (awayMs > (leadsTo === "corrected" ? AWAY_MS.corrected : AWAY_MS.others)) return true;
  if (leadsTo === "corrected") return false;
  const isKnownNow = last.driftBound === DRIFT_UNKNOWN && line.driftBound < DRIFT_UNKNOWN;
  return kind !== last.kind || isKnownNow || line.driftBound * BETTER < last.driftBound;
}
