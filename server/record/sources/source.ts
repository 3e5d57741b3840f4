import type { Observation } from "@medplum/fhirtypes";

export type Direction = "ascending" | "descending";

/** One Observation in the merged order of a search. */
export interface Item {
  readonly time: number;
  /** The item's own place among those of its source, for the cursor. */
  readonly key: readonly (string | number)[];
  /** What it weighs in the answer: 1, or the number of samples. */
  readonly weight: number;
  map(): Observation;
  /** The same as JSON with its id, where that costs less; left out, or undefined: it has to be mapped. */
  text?(): { readonly id: string; readonly json: string } | undefined;
  /** Whether who asks still sees it: making a page takes a while, and what is revoked meanwhile is not on it. */
  isSeen(): boolean;
  /** Somebody has written about it, and what they wrote is told in its place. */
  readonly isCovered?: boolean;
}

/** Observations of one origin in order of time: the readings of a patient, the panels, one waveform. */
export interface Source {
  /** Breaks ties of time between sources, ascending in both directions, and is the same on every page. */
  readonly order: string;
  /** No item is beyond this time; known without reading anything. */
  readonly bound: number;
  next(): Promise<Item | undefined>;
}

/** A place between two items of the merged order. */
export interface Place {
  readonly time: number;
  readonly order: string;
  readonly key: readonly (string | number)[];
}

/**
 * Where a source goes on behind a place: `time` and whether items at exactly that time are still to come, or behind
 * the source's own item `key` at that time.
 */
export type Resume =
  | { readonly kind: "start" }
  | { readonly kind: "time"; readonly time: number; readonly inclusive: boolean }
  | { readonly kind: "key"; readonly time: number; readonly key: readonly (string | number)[] };

export function resumeAt(place: Place | undefined, order: string): Resume {
  if (!place) return { kind: "start" };
  if (place.order === order) return { kind: "key", time: place.time, key: place.key };
  return { kind: "time", time: place.time, inclusive: order > place.order };
}

/** Spans of time that are left behind a place. Items at the place's time itself are among them unless all are done. */
export function remaining(
  spans: readonly { readonly from: number; readonly to: number }[],
  direction: Direction,
  resume: Resume,
): { from: number; to: number }[] {
  const inDirection = direction === "ascending" ? [...spans] : [...spans].reverse();
  if (resume.kind === "start") return inDirection;
  const withTime = resume.kind === "key" || resume.inclusive;
  const { time } = resume;
  return inDirection
    .map(({ from, to }) =>
      direction === "ascending"
        ? { from: Math.max(from, withTime ? time : time + 1), to }
        : { from, to: Math.min(to, withTime ? time + 1 : time) },
    )
    .filter(({ from, to }) => from < to);
}
