import { RefusedInput } from "@openward/errors";
import { readRuns, writeRuns } from "./run-length.ts";
import type { Sections, SectionWriter } from "./sections.ts";

const MINUTE = 60_000;
const STEADY = 0;
const RUNS = 1;

/**
 * The minute in which each reading arrived. Most streams arrive a steady while after they were measured, so the track
 * is that lag, and runs of how many minutes each reading is off it: mostly none.
 */
export function writeReceivedAt(out: SectionWriter, times: Float64Array, receivedAt: Float64Array): void {
  const { lag, runs } = bestLag(times, receivedAt);
  const offAt = (i: number) => Math.floor((receivedAt[i] as number) / MINUTE) - minuteAt(times[i] as number, lag);
  const isSteady = runs === 1 && offAt(0) === 0;
  out.head.u8(isSteady ? STEADY : RUNS);
  out.head.zigzag(lag);
  if (!isSteady) writeRuns(out, times.length, offAt);
}

/** @throws RefusedInput BLOCK_CORRUPT */
export function readReceivedAt(sections: Sections, times: Float64Array, receivedAt: Float64Array): void {
  const { head } = sections;
  const mode = head.u8();
  const lag = head.zigzag();
  if (mode !== STEADY && mode !== RUNS) throw new RefusedInput("BLOCK_CORRUPT", { at: "receivedAt" });
  // Readings of one minute lie together: the division is done once for each.
  let from = 0;
  let end = Number.NEGATIVE_INFINITY;
  let arrived = 0;
  for (let i = 0; i < times.length; i++) {
    const shifted = (times[i] as number) + lag;
    if (shifted < end && shifted >= end - MINUTE) continue;
    receivedAt.fill(arrived, from, i);
    from = i;
    arrived = Math.floor(shifted / MINUTE) * MINUTE;
    end = arrived + MINUTE;
  }
  receivedAt.fill(arrived, from);
  if (mode === STEADY) return;
  readRuns(sections, times.length, (off, first, last) => {
    if (off === 0) return;
    for (let i = first; i < last; i++) receivedAt[i] = (receivedAt[i] as number) + off * MINUTE;
  });
}

function minuteAt(time: number, lag: number): number {
  return Math.floor((time + lag) / MINUTE);
}

// The first reading of each minute of arrival shows how much later than measured the minute began; the lag that leaves
// the fewest runs is somewhere among these.
function bestLag(times: Float64Array, receivedAt: Float64Array): { lag: number; runs: number } {
  const lags: number[] = [];
  let before = Number.NaN;
  for (let i = 0; i < times.length; i++) {
    const minute = Math.floor((receivedAt[i] as number) / MINUTE);
    if (minute !== before) lags.push(Math.ceil(minute * MINUTE - (times[i] as number)));
    before = minute;
  }
  lags.sort((a, b) => a - b);
  const at = (share: number) => lags[Math.floor(share * (lags.length - 1))] as number;
  let best = { lag: 0, runs: Number.POSITIVE_INFINITY };
  for (const lag of new Set([0, at(0), at(0.5), at(0.9), at(1)])) {
    let runs = 0;
    let last = Number.NaN;
    for (let i = 0; i < times.length && runs < best.runs; i++) {
      const off = Math.floor((receivedAt[i] as number) / MINUTE) - minuteAt(times[i] as number, lag);
      if (off !== last) runs++;
      last = off;
    }
    if (runs < best.runs) best = { lag, runs };
    if (runs === 1) break;
  }
  return best;
}
