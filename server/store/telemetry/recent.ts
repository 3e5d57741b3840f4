import { ABSENT_SAMPLE, QUALITY } from "@openward/model";
import { timeOfSample } from "@openward/timeseries";
import type { StreamMemory } from "./stream-memory.ts";

/** The last of a stream in the order in which it came: columns of one length. */
export interface Recent {
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly receivedAt: Float64Array;
}

interface Row {
  readonly time: number;
  readonly value: number;
  readonly receivedAt: number;
}

export const NOTHING_RECENT: Recent = {
  times: new Float64Array(),
  values: new Float64Array(),
  receivedAt: new Float64Array(),
};

/** @param from device time: what is older belongs to an earlier association */
export function recentOf(stream: StreamMemory, from: number, windowMs: number): Recent {
  const { newestTime } = stream.tail;
  if (!(newestTime >= from)) return NOTHING_RECENT;
  const start = Math.max(from, newestTime - windowMs);
  const rows = stream.numeric ? numericRows(stream, start) : waveformRows(stream, start);
  rows.sort((a, b) => a.receivedAt - b.receivedAt || a.time - b.time);
  return {
    times: Float64Array.from(rows, (row) => row.time),
    values: Float64Array.from(rows, (row) => row.value),
    receivedAt: Float64Array.from(rows, (row) => row.receivedAt),
  };
}

function numericRows({ numeric }: StreamMemory, start: number): Row[] {
  const newest = numeric?.newest;
  if (!numeric || !newest) return [];
  const { times, values, quality, receivedAt } = numeric.slice(start, Number.POSITIVE_INFINITY).columns;
  const rows: Row[] = [];
  for (let i = 0; i < times.length; i++) {
    // What a person claimed later was no news when it came.
    if ((quality[i] as number) & QUALITY.claimed) continue;
    rows.push({ time: times[i] as number, value: values[i] as number, receivedAt: receivedAt[i] as number });
  }
  // The newest outlives the window, so it is known also where all is in blocks.
  if (times.at(-1) !== newest.time && !(newest.quality & QUALITY.claimed)) rows.push(newest);
  return rows;
}

function waveformRows({ waveform, lastReceivedAt }: StreamMemory, start: number): Row[] {
  if (!waveform) return [];
  const rows: Row[] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const run of waveform.overlapping(start, Number.POSITIVE_INFINITY)) {
    end = Math.max(end, timeOfSample(run, run.samples.length - 1));
    if (!run.samples.some((sample) => sample !== ABSENT_SAMPLE)) continue;
    rows.push({
      time: timeOfSample(run, run.samples.length - 1),
      value: Number.NaN,
      receivedAt: run.receivedAt,
    });
  }
  if (end === Number.NEGATIVE_INFINITY) {
    const receivedAt = Number.isFinite(waveform.newestReceivedAt) ? waveform.newestReceivedAt : lastReceivedAt;
    rows.push({ time: waveform.newestTime, value: Number.NaN, receivedAt });
  }
  return rows;
}
