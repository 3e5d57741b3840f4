import { sees } from "@openward/signals/categories";
import type { RecordContext } from "../context.ts";
import type { StreamSummary } from "../ports.ts";
import type { Interval } from "../search/intervals.ts";
import type { ObservationFilter } from "../search/observation-filter.ts";
import { timeZonesOf } from "../search/patient-zone.ts";
import { type Direction, type Item, type Place, resumeAt, type Source } from "../sources/source.ts";
import { type Fortnight, fortnightAt, fortnightOf } from "./fortnight.ts";
import { type MeasuredGlucose, measureGlucose, sensorStreams } from "./measured.ts";
import { GLUCOSE_KINDS, GLUCOSE_MEASURES, type GlucoseMeasure, glucoseKind, mapGlucose } from "./observations.ts";

export interface GlucoseOptions {
  readonly patientId: string;
  /** As `sensorStreams` gives them; at least one. */
  readonly streams: readonly StreamSummary[];
  readonly timeZone: string;
  /** Times of which a fortnight must have one; `accepts` decides on each Observation. */
  readonly span: Interval;
  readonly direction: Direction;
  accepts(measure: GlucoseMeasure, measured: Pick<MeasuredGlucose, "fortnight" | "unit">): boolean;
}

const FORTNIGHT_MS = 14 * 86_400_000;

/** What of fortnights a search wants, where any of it can be wanted at all; undefined: nothing is to be read. */
export function glucoseWanted(
  filters: readonly Pick<ObservationFilter, "acceptsSummary" | "acceptsSpan" | "windows">[],
  timeZone: string,
): Pick<GlucoseOptions, "span" | "accepts"> | undefined {
  const some = filters.filter(({ acceptsSummary }) => GLUCOSE_KINDS.some(acceptsSummary));
  const windows = some.flatMap((filter) => filter.windows(timeZone) ?? []);
  if (windows.length === 0) return undefined;
  return {
    // What begins before a window may end in it.
    span: {
      from: Math.min(...windows.map(({ from }) => from)) - FORTNIGHT_MS,
      to: Math.max(...windows.map(({ to }) => to)) + FORTNIGHT_MS,
    },
    accepts: (measure, { fortnight, unit }) =>
      some.some((one) => one.acceptsSummary(glucoseKind(measure, unit)) && one.acceptsSpan(fortnight, timeZone)),
  };
}

/** What the fortnights of one patient come to, in order of the day on which they begin. */
export function createGlucoseSource(context: RecordContext, options: GlucoseOptions, place: Place | undefined): Source {
  const { telemetry, view, clock } = context;
  const { patientId, streams, timeZone, direction, span } = options;
  const order = `${patientId} 3`;
  const resume = resumeAt(place, order);
  const step = direction === "ascending" ? 1 : -1;
  const newest = Math.max(...streams.map(({ lastAt }) => lastAt ?? clock.now()));
  const first = Math.max(0, fortnightAt(Math.max(0, span.from), timeZone));
  // What comes while it is read is not lost.
  const last = fortnightAt(Math.min(span.to, Math.max(newest, clock.now())), timeZone);
  let index = startIndex();
  let ready: { readonly measured: MeasuredGlucose; readonly measure: GlucoseMeasure; readonly i: number }[] = [];

  function startIndex(): number {
    const edge = direction === "ascending" ? first : last;
    if (resume.kind === "start") return edge;
    // Items stand at the beginning of their fortnight.
    let at = fortnightAt(resume.time, timeZone);
    const isAtStart = fortnightOf(Math.max(0, at), timeZone).from === resume.time;
    const withTime = resume.kind === "key" || resume.inclusive;
    if (direction === "ascending") at = isAtStart && withTime ? at : at + 1;
    else if (isAtStart && !withTime) at -= 1;
    return direction === "ascending" ? Math.max(edge, at) : Math.min(edge, at);
  }

  const readMore = async (): Promise<boolean> => {
    if (index < first || index > last) return false;
    const fortnight = fortnightOf(index, timeZone);
    const measured = await measureGlucose(context, patientId, streams, fortnight, timeZone);
    if (measured) {
      ready = GLUCOSE_MEASURES.flatMap((measure, i) => (isWanted(measure, measured) ? [{ measured, measure, i }] : []));
      if (resume.kind === "key" && fortnight.from === resume.time)
        ready = ready.filter(({ i }) => i > Number(resume.key[0]));
      index += step;
      return true;
    }
    const next = await nextWithReadings(fortnight);
    index = next ?? Number.POSITIVE_INFINITY;
    return next !== undefined;
  };

  const isWanted = (measure: GlucoseMeasure, measured: MeasuredGlucose) =>
    mayTellGlucose(context, measure, measured) && options.accepts(measure, measured);

  /** Nobody reads through years without a sensor, a fortnight at a time. */
  async function nextWithReadings({ from, to }: Fortnight): Promise<number | undefined> {
    const [reading] = await telemetry.readings(view, {
      patientId,
      streamIds: streams.map(({ stream }) => stream.id),
      from: direction === "ascending" ? to : 0,
      to: direction === "ascending" ? fortnightOf(last, timeZone).to : from,
      order: direction,
      limit: 1,
    });
    return reading && fortnightAt(reading.time, timeZone);
  }

  return {
    order,
    // Descending, nothing begins behind the fortnight that begins last.
    bound: direction === "ascending" ? Number.NEGATIVE_INFINITY : fortnightOf(Math.max(0, last), timeZone).from,
    async next(): Promise<Item | undefined> {
      while (ready.length === 0) if (!(await readMore())) return undefined;
      const one = ready.shift() as (typeof ready)[number]; // the loop has ended
      return glucoseItem(context, streams, one.measured, one.measure);
    },
  };
}

export function glucoseItem(
  { organisation, view }: Pick<RecordContext, "organisation" | "view">,
  streams: readonly StreamSummary[],
  measured: MeasuredGlucose,
  measure: GlucoseMeasure,
): Item {
  return {
    time: measured.fortnight.from,
    key: [GLUCOSE_MEASURES.indexOf(measure)],
    // As much as it takes to read what it comes of.
    weight: 1,
    map: () => mapGlucose(measured, measure, organisation),
    isSeen: () => streams.every(({ stream }) => sees(view, stream)),
  };
}

/** Of everything about a patient, oldest first: fortnights that have a day of these spans. */
export async function glucoseOf(
  context: RecordContext,
  patientId: string,
  summaries: readonly StreamSummary[],
  spans: readonly Interval[],
  place: Place | undefined,
): Promise<Source[]> {
  const streams = sensorStreams(summaries);
  const [first, last] = [spans[0], spans.at(-1)];
  if (streams.length === 0 || !first || !last) return [];
  const timeZone = (await timeZonesOf(context, true, [patientId])).get(patientId) ?? "UTC";
  const options = {
    ...{ patientId, streams, timeZone, direction: "ascending" as const, span: { from: first.from, to: last.to } },
    accepts: (_: GlucoseMeasure, { fortnight }: Pick<MeasuredGlucose, "fortnight">) =>
      spans.some(({ from, to }) => fortnight.from < to && fortnight.to > from),
  };
  return [createGlucoseSource(context, options, place)];
}

/** An application is told what its scopes name: readings of a sensor are not yet what they come to. */
export function mayTellGlucose(
  { reachesKind }: Pick<RecordContext, "reachesKind">,
  measure: GlucoseMeasure,
  measured: Pick<MeasuredGlucose, "unit" | "patientId">,
): boolean {
  return reachesKind === undefined || reachesKind(glucoseKind(measure, measured.unit), measured.patientId);
}
