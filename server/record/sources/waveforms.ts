import type { Overlaid } from "@openward/fhir/store";
import type { AmendmentRecord, PatientView, Stream } from "@openward/model";
import { sees } from "@openward/signals/categories";
import type { RecordContext } from "../context.ts";
import { WINDOW_MS } from "../observation-id.ts";
import type { Telemetry } from "../ports.ts";
import { measuredBy } from "../resources/containment.ts";
import { cutIntoWindows, endOf, mapSegment, type Segment } from "../resources/sampled-data.ts";
import type { Interval } from "../search/intervals.ts";
import type { Covering } from "./covered.ts";
import { type Direction, type Item, type Place, resumeAt, type Source } from "./source.ts";
import { nextWithSamples } from "./waveform-gaps.ts";

export interface WaveformOptions {
  readonly stream: Stream;
  /** Windows that may hold something wanted; `accepts` decides on each piece. */
  readonly span: Interval;
  readonly direction: Direction;
  readonly bound: number;
  readonly accepts: (segment: Segment) => boolean;
  /** Left out: whatever was written about it, it is told as it was measured. */
  readonly covering?: Covering;
}

/** Windows read at a time: a minute. */
const WINDOWS_PER_READ = 6;
/** The edges of pieces blur in the last digits of a double: what is read reaches a little further than what is cut. */
const MARGIN_MS = 10;

/** Pieces of one waveform stream. Their place in the order is the start of their window, whatever arrives later. */
export function createWaveformSource(
  context: RecordContext,
  options: WaveformOptions,
  place: Place | undefined,
): Source {
  const { telemetry, view, organisation, clock } = context;
  const { stream, direction, accepts } = options;
  const order = `${stream.patientId} 2 ${stream.id}`;
  const resume = resumeAt(place, order);
  const ascending = direction === "ascending";
  let { from, to } = alignedSpan(options.span);
  if (resume.kind !== "start") {
    const withTime = resume.kind === "key" || resume.inclusive;
    if (ascending) from = Math.max(from, alignUp(withTime ? resume.time : resume.time + 1));
    else to = Math.min(to, alignUp(withTime ? resume.time + 1 : resume.time));
  }
  let ready: { segment: Segment; index: number }[] = [];
  let overlaid: Overlaid["places"] = [];

  const readMore = async (): Promise<boolean> => {
    if (from >= to) return false;
    await context.turn();
    const length = WINDOWS_PER_READ * WINDOW_MS;
    const begin = ascending ? from : Math.max(from, to - length);
    const end = ascending ? Math.min(to, from + length) : to;
    const segments = await readSegments(telemetry, view, stream, begin, end);
    if (ascending) from = end;
    else to = begin;
    if (segments.length === 0) {
      const found = await nextWithSamples(telemetry, view, stream, { from, to }, direction);
      if (found === undefined) from = to;
      else if (ascending) from = Math.max(from, alignDown(found));
      else to = Math.min(to, alignUp(found));
      return from < to;
    }
    if (options.covering && !options.covering.isBare([stream.id])) {
      const asked = { ids: [], streamIds: [stream.id], from: begin, to: end };
      overlaid = (await options.covering.over(stream.patientId, asked)).places;
    }
    const numbered = numberWithinWindow(segments).filter(
      ({ segment, index }) =>
        accepts(segment) &&
        !(resume.kind === "key" && segment.windowStart === resume.time && index <= Number(resume.key[0])),
    );
    ready = ascending ? numbered : byWindowDescending(numbered);
    return true;
  };

  return {
    order,
    bound: options.bound,
    async next(): Promise<Item | undefined> {
      while (ready.length === 0) if (!(await readMore())) return undefined;
      const first = ready.shift();
      if (!first) return undefined;
      const { segment, index } = first;
      return {
        isCovered: isWithin(segment, overlaid),
        time: segment.windowStart,
        key: [index],
        weight: segment.samples.length,
        map: () =>
          measuredBy(
            mapSegment(
              segment,
              index,
              stream,
              organisation,
              clock.now(),
              windowAmended(telemetry, view, stream, segment),
            ),
            stream,
            context.typeOf,
          ),
        isSeen: () => sees(view, stream),
      };
    },
  };
}

/** Whole samples that somebody has written as they are told. */
export const isWithin = (segment: Segment, places: Overlaid["places"]): boolean =>
  places.some(({ from, to }) => from <= segment.start && endOf(segment) <= to);

/** What was said of the window of a piece. */
export function windowAmended(
  telemetry: Pick<Telemetry, "touched">,
  view: PatientView,
  { id }: Stream,
  { windowStart }: Pick<Segment, "windowStart">,
): AmendmentRecord | undefined {
  return telemetry.touched(view, id, windowStart, windowStart + WINDOW_MS);
}

/** All pieces of the windows from `from` to `to`, both multiples of WINDOW_MS. */
export async function readSegments(
  telemetry: Telemetry,
  view: PatientView,
  { id, patientId }: Stream,
  from: number,
  to: number,
): Promise<Segment[]> {
  const query = { patientId, streamId: id, from: from - MARGIN_MS, to: to + MARGIN_MS };
  return cutIntoWindows(await telemetry.waveform(view, query), from, to);
}

function numberWithinWindow(segments: readonly Segment[]): { segment: Segment; index: number }[] {
  let window = Number.NaN;
  let index = 0;
  return segments.map((segment) => {
    index = segment.windowStart === window ? index + 1 : 0;
    window = segment.windowStart;
    return { segment, index };
  });
}

/** Later windows first; within a window the pieces keep their order, which is that of their ids. */
function byWindowDescending<T extends { segment: Segment; index: number }>(pieces: T[]): T[] {
  return pieces.sort((a, b) => b.segment.windowStart - a.segment.windowStart || a.index - b.index);
}

function alignedSpan({ from, to }: Interval): Interval {
  return { from: alignDown(from), to: alignUp(to) };
}

function alignDown(time: number): number {
  return Math.floor(time / WINDOW_MS) * WINDOW_MS;
}

function alignUp(time: number): number {
  return Math.ceil(time / WINDOW_MS) * WINDOW_MS;
}
