import { type ClockTrack, currentEpoch, type Epoch, NEAR_MS, TOO_LATE_MS, UNSEEN_MS } from "./track.ts";

/** So many sightings of another clock are no coincidence any more, and no proof yet. */
const DOUBTED_COUNT = 3;

/** An instant at which the device's clock may have shown what it said. */
export interface TrueTime {
  /** ms UTC. */
  readonly time: number;
  /** The truth is believed to be no earlier than `time - earlierMs` and no later than `time + laterMs`. */
  readonly earlierMs: number;
  readonly laterMs: number;
}

/**
 * When it really was, as far as is known of the clock: none where no epoch had this time, several where the clock showed
 * it more than once (an hour that came twice), and then nobody may choose silently. Where by one of them it has just been
 * measured, it is that one: late data that looks live to the second is not to be expected. What was silent for a while and
 * comes back with a time that it has passed already may have been set in between: then it is any instant since.
 *
 * @param deviceTime ms UTC, as the device has it
 * @param receivedAt ms UTC: nothing is measured after it was received
 */
export function trueTimes(track: ClockTrack, deviceTime: number, receivedAt: number): TrueTime[] {
  const found: TrueTime[] = [];
  for (const [i, epoch] of track.epochs.entries()) {
    const { line } = epoch;
    // deviceTime = time + ahead + drift * (time - at)
    const time = (deviceTime - line.aheadMs + line.drift * line.at) / (1 + line.drift);
    // A time that is told in whole seconds or minutes was cut.
    const belowMs = line.belowMs + track.resolutionMs;
    const slackMs = line.aboveMs + belowMs;
    // The clock was set at some instant between the two sightings: both epochs may reach over that gap.
    const before = track.epochs[i - 1]?.to ?? epoch.from - TOO_LATE_MS;
    const after = track.epochs[i + 1]?.from ?? Number.POSITIVE_INFINITY;
    if (time < before - slackMs || time > after + slackMs || time > receivedAt + slackMs) continue;
    const driftMs = driftMsAt(epoch, time);
    found.push({ time: Math.round(time), earlierMs: line.aboveMs + driftMs, laterMs: belowMs + driftMs });
  }
  const told = withoutSame(found);
  const live = told.filter(({ time, laterMs }) => time + laterMs >= receivedAt - NEAR_MS);
  if (live.length === 1) return live;
  const since = setSince(track, told, receivedAt);
  return since ? [...told, since] : told;
}

/** The clock ran past this time and was not borne out since: it is late data, or of an epoch that nothing has proven yet. */
function setSince(track: ClockTrack, told: readonly TrueTime[], receivedAt: number): TrueTime | undefined {
  const current = currentEpoch(track);
  const silentMs = current ? receivedAt - current.to : 0;
  // Something else was seen since, too seldom to tell what it is.
  const isInDoubt = (track.candidate?.count ?? 0) >= DOUBTED_COUNT;
  if (!current || silentMs <= (isInDoubt ? NEAR_MS : UNSEEN_MS)) return undefined;
  if (told.some(({ time, laterMs }) => time + laterMs >= current.to)) return undefined;
  return { time: receivedAt, earlierMs: silentMs + NEAR_MS, laterMs: NEAR_MS };
}

/** Outside of what was seen, what is not known of the drift adds up. */
function driftMsAt({ from, to, line }: Epoch, time: number): number {
  const outside = Math.max(0, from - time, time - to);
  return outside === 0 ? 0 : outside * line.driftBound;
}

/** A leap second parts two epochs that say the same: one answer, and what they differ by is not known. */
function withoutSame(found: readonly TrueTime[]): TrueTime[] {
  const kept: TrueTime[] = [];
  for (const one of found) {
    const last = kept[kept.length - 1];
    if (!last || Math.abs(one.time - last.time) > last.earlierMs + last.laterMs) {
      kept.push(one);
      continue;
    }
    const earliest = Math.min(one.time - one.earlierMs, last.time - last.earlierMs);
    const latest = Math.max(one.time + one.laterMs, last.time + last.laterMs);
    kept[kept.length - 1] = { time: one.time, earlierMs: one.time - earliest, laterMs: latest - one.time };
  }
  return kept;
}
