import type { ByteReader, ByteWriter } from "./bytes.ts";
import { readRuns, writeRuns } from "./run-length.ts";

const MINUTE = 60_000;

/**
 * The minute in which each reading arrived. Most streams arrive a steady while after they were measured, so the track
 * is that lag, and runs of how many minutes each reading is off it: mostly one run of zeros.
 */
export function writeReceivedAt(out: ByteWriter, times: Float64Array, receivedAt: Float64Array): void {
  const lag = bestLag(times, receivedAt);
  out.zigzag(lag);
  writeRuns(
    out,
    times.length,
    (i) => Math.floor((receivedAt[i] as number) / MINUTE) - minuteAt(times[i] as number, lag),
  );
}

export function readReceivedAt(input: ByteReader, times: Float64Array, receivedAt: Float64Array): void {
  const lag = input.zigzag();
  readRuns(input, times.length, (i, off) => {
    receivedAt[i] = (minuteAt(times[i] as number, lag) + off) * MINUTE;
  });
}

function minuteAt(time: number, lag: number): number {
  return Math.floor((time + lag) / MINUTE);
}

// The first reading of each minute of arrival shows how much later than measured the minute began; the lag that leaves
// the fewest runs is somewhere among these.
function bestLag(times: Float64Array, receivedAt: Float64Array): number {
  const lags: number[] = [];
  let before = Number.NaN;
  for (let i = 0; i < times.length; i++) {
    const minute = Math.floor((receivedAt[i] as number) / MINUTE);
    if (minute !== before) lags.push(minute * MINUTE - (times[i] as number));
    before = minute;
  }
  lags.sort((a, b) => a - b);
  const at = (share: number) => lags[Math.floor(share * (lags.length - 1))] as number;
  let best = 0;
  let fewest = Number.POSITIVE_INFINITY;
  for (const lag of new Set([0, at(0), at(0.5), at(0.9), at(1)])) {
    let runs = 0;
    let last = Number.NaN;
    for (let i = 0; i < times.length; i++) {
      const off = Math.floor((receivedAt[i] as number) / MINUTE) - minuteAt(times[i] as number, lag);
      if (off !== last) runs++;
      last = off;
    }
    if (runs < fewest) [best, fewest] = [lag, runs];
  }
  return best;
}
