import type { Association, JournalEntry, Readings, Stream, Waveform } from "@openward/model";
import type { Point, Reads, Restated } from "./ports.ts";

/** Why nothing is done about a difference: what amendments cannot say. */
export type ByHand = "event" | "waveform" | "patient" | "quality";

/** What becomes of a difference when it is applied. */
export type Fate =
  | { readonly do: "add" }
  /** `isAdded`: what comes out today has another time or stream, and is added before. */
  | { readonly do: "amend"; readonly restated: Restated; readonly isAdded: boolean }
  | { readonly do: "leave"; readonly amendment: NonNullable<Reads["amendment"]> }
  | { readonly do: "by hand"; readonly because: ByHand };

export interface Difference extends Finding {
  /** What a reader reads today in place of `before`. */
  readonly now: Pick<Reads, "stream" | "value"> | null;
  readonly fate: Fate;
}

/** added: not stored. changed: stored otherwise. missing: stored, and today's codecs do not give it. */
export interface Finding {
  readonly what: "added" | "changed" | "missing";
  readonly before: Point | null;
  readonly after: (Point & { readonly entry: JournalEntry }) | null;
}

export type NewPoint = NonNullable<Finding["after"]>;

/** One reading of a column, as an entry of its own. */
export function readingOf(readings: Readings, i: number): NewPoint {
  const cut = <T extends Float64Array | Uint8Array>(column: T) => column.slice(i, i + 1) as T;
  const { stream, times, values, quality } = readings;
  const own = { ...readings, times: cut(times), values: cut(values), quality: cut(quality) };
  return {
    kind: "reading",
    stream,
    time: times[i] as number,
    value: values[i] as number,
    quality: quality[i] as number,
    entry: { kind: "readings", readings: own },
  };
}

export function waveformOf(waveform: Waveform): NewPoint {
  return { kind: "waveform", stream: waveform.stream, waveform, entry: { kind: "waveform", waveform } };
}

export const streamOf = (point: Point): Stream | null => (point.kind === "event" ? null : point.stream);
export const timeOf = (point: Point): number =>
  point.kind === "reading" ? point.time : point.kind === "waveform" ? point.waveform.start : point.event.at;
export const patientOf = (point: Point): Association["patientId"] | null =>
  point.kind === "event" ? point.event.patientId : point.stream.patientId;
export const deviceOf = (point: Point): string =>
  point.kind === "event" ? point.event.deviceId : point.stream.deviceId;
export const signalOf = (point: Point): string => (point.kind === "event" ? point.event.event : point.stream.signal);

/**
 * Of one message and signal: what is stored and does not come out any more, and what comes out and is not stored, stand for
 * one another; by their times, and then in their order. Only what is left over is new, or in error.
 */
export function pair(before: readonly Point[], after: readonly NewPoint[]): Finding[] {
  const differences: Finding[] = [];
  const byTime = Map.groupBy(after, timeOf);
  const unpaired = before.filter((point) => {
    const match = byTime.get(timeOf(point))?.shift();
    if (match) differences.push({ what: "changed", before: point, after: match });
    return match === undefined;
  });
  const left = [...byTime.values()].flat();
  for (const point of unpaired) {
    const match = left.shift();
    differences.push({ what: match ? "changed" : "missing", before: point, after: match ?? null });
  }
  for (const point of left) differences.push({ what: "added", before: null, after: point });
  return differences;
}
