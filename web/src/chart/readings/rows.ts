import type { AmendmentBody } from "@openward/api";
import type { Answer } from "../../app/api.ts";
import type { ReadingRow } from "./reading-dialog.tsx";

const CONFLICTING = 2;

/** Readings and what was taken from among them, newest first: a gap that somebody made is seen to be one. */
export function withTaken(
  rows: readonly ReadingRow[],
  amendments: readonly AmendmentBody[],
  streamId: string,
  before: number,
): { readonly reading?: ReadingRow; readonly taken?: AmendmentBody; readonly at: number }[] {
  const oldest = rows.at(-1)?.at ?? 0;
  const taken = amendments.filter(
    ({ kind, isReading, withdrawn, from, streamId: of }) =>
      kind === "entered-in-error" && isReading && !withdrawn && of === streamId && from >= oldest && from < before,
  );
  return [
    ...rows.map((reading) => ({ reading, at: reading.at })),
    ...taken.map((each) => ({ taken: each, at: each.from })),
  ].sort((a, b) => b.at - a.at);
}

/** The list's rows, newest first. Of several values of one time each has its place among them, as the store counts. */
export function rowsOf(answer: Answer<"rawReadings">, wanted: string): ReadingRow[] {
  const stream = answer.streams.find(({ streamId }) => streamId === wanted);
  if (!stream) return [];
  const { streamId, deviceId, signal, unit } = stream;
  const rows = stream.pieces.flatMap(({ times, values, quality }) =>
    times.map((at, i) => ({
      streamId,
      deviceId,
      signal,
      unit,
      at,
      value: values[i] ?? Number.NaN,
      quality: quality[i] ?? 0,
    })),
  );
  return rows.map((row, i) => {
    let ordinal = 0;
    // Newest first: those of the same time that follow came before it.
    while (rows[i + ordinal + 1]?.at === row.at) ordinal++;
    // The first may have been taken away since.
    if (ordinal === 0 && (row.quality & CONFLICTING) !== 0) ordinal = 1;
    return { ...row, ordinal };
  });
}
