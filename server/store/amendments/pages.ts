import { QUALITY, type ReadingVersion, type Stream } from "@openward/model";
import { NO_UTC_OFFSET, type NumericColumns } from "@openward/timeseries";
import type { Reading, ReadingKey, ReadingsQuery } from "../telemetry/ports.ts";

/** Readings of one stream in order, as they come. */
type Rows = AsyncGenerator<Reading>;

/** A page of several streams' readings in the order of (time, stream, ordinal), or its reverse. */
export async function pageOf(sources: readonly Rows[], query: ReadingsQuery): Promise<Reading[]> {
  const isDescending = query.order === "descending";
  const { after } = query;
  const heads = new Map<Rows, Reading>();
  const advance = async (rows: Rows) => {
    for (;;) {
      const next = await rows.next();
      if (next.done) return void heads.delete(rows);
      if (after && !isBehind(next.value, after, isDescending)) continue;
      return void heads.set(rows, next.value);
    }
  };
  const page: Reading[] = [];
  try {
    for (const rows of sources) await advance(rows);
    while (page.length < query.limit && heads.size > 0) {
      let best: [Rows, Reading] | undefined;
      for (const each of heads) {
        const order = best ? compare(keyOf(each[1]), keyOf(best[1])) : -1;
        if (!best || (isDescending ? order > 0 : order < 0)) best = each;
      }
      const [rows, reading] = best as [Rows, Reading];
      page.push(reading);
      await advance(rows);
    }
  } finally {
    for (const rows of sources) await rows.return(undefined);
  }
  return page;
}

function isBehind(reading: Reading, key: ReadingKey, isDescending: boolean): boolean {
  const order = compare(keyOf(reading), key);
  return isDescending ? order < 0 : order > 0;
}

function keyOf({ time, stream, ordinal }: Reading): ReadingKey {
  return { time, streamId: stream.id, ordinal };
}

function compare(a: ReadingKey, b: ReadingKey): number {
  if (a.time !== b.time) return a.time - b.time;
  if (a.streamId !== b.streamId) return a.streamId < b.streamId ? -1 : 1;
  return a.ordinal - b.ordinal;
}

export async function* rowsOf(stream: Stream, columns: AsyncIterable<NumericColumns>): Rows {
  for await (const piece of columns) {
    for (let i = 0; i < piece.times.length; i++) yield readingOf(stream, piece, i);
  }
}

export function readingOf(stream: Stream, columns: NumericColumns, i: number): Reading {
  const offset = columns.utcOffsets[i] as number;
  return {
    stream,
    time: columns.times[i] as number,
    value: columns.values[i] as number,
    ordinal: columns.ordinals[i] as number,
    quality: columns.quality[i] as number,
    utcOffsetMinutes: offset === NO_UTC_OFFSET ? null : offset,
    receivedAt: columns.receivedAt[i] as number,
  };
}

/** What was received, with what is so of it now; NaN is no value. */
export async function* withVersions(
  rows: Rows,
  stream: Stream,
  versionsOf: (reading: Reading) => ReadingVersion[],
): Rows {
  for await (const reading of rows) {
    const last = versionsOf(reading).at(-1);
    if (!last) continue;
    if (last.amendment === null) yield { ...reading, stream };
    else {
      const quality = last.status === "corrected" ? reading.quality | QUALITY.corrected : reading.quality;
      yield { ...reading, stream, quality, value: last.value ?? Number.NaN, amended: last };
    }
  }
}
