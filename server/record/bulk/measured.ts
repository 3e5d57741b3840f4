import type { BulkCursor, BulkPiece, BulkRequest } from "@openward/model";
import { sees } from "@openward/signals/categories";
import type { RecordContext } from "../context.ts";
import { sensorStreams } from "../glucose/measured.ts";
import { GLUCOSE_KINDS } from "../glucose/observations.ts";
import { createGlucoseSource, glucoseOf, glucoseWanted } from "../glucose/source.ts";
import type { StreamSummary } from "../ports.ts";
import { measuredBy } from "../resources/containment.ts";
import { mapReading } from "../resources/observation.ts";
import { isPanelMember } from "../resources/observation-kind.ts";
import { ALWAYS, type Interval, union } from "../search/intervals.ts";
import { type ObservationFilter, observationFilter, observationParameters } from "../search/observation-filter.ts";
import { timeZonesOf } from "../search/patient-zone.ts";
import { parseQuery } from "../search/query.ts";
import { coveringOf } from "../sources/covered.ts";
import { createPanelSource } from "../sources/panels.ts";
import { createReadingSource } from "../sources/readings.ts";
import type { Item, Place, Source } from "../sources/source.ts";
import { createWaveformSource } from "../sources/waveforms.ts";
import { createLineMaker } from "./lines.ts";
import { isSince, Lines, type LineText } from "./pieces.ts";

const READINGS_AT_ONCE = 1_000;
/** How far the newest time that a stream says it has may lag behind what it has. */
const LAST_AT_SLACK_MS = 600_000;
/** Sealed readings say to the minute when they came. */
const MINUTE_MS = 60_000;

/** Part of what sums up: behind all that was measured. */
const GLUCOSE = "3";

interface Part {
  /** Parts of a patient in the order of these. */
  readonly key: string;
  /** Of these streams, which share a signal or are one panel. */
  readonly streams: readonly StreamSummary[];
  readonly filters: readonly ObservationFilter[];
}

/** What was measured of one patient: stream by stream, then blood pressures, then waveforms, then what glucose comes to. */
export async function* measuredPieces(
  context: RecordContext,
  request: BulkRequest,
  patientId: string,
  from: BulkCursor | null,
  textOf: LineText,
): AsyncGenerator<BulkPiece> {
  const filters = (request.filters.Observation ?? []).map((text) =>
    observationFilter(
      parseQuery(new URLSearchParams(text), observationParameters, { strict: true, sorts: [] }),
      context.base,
    ),
  );
  const needsZone = filters.some(({ needsTimeZone }) => needsTimeZone);
  const zone = (await timeZonesOf(context, needsZone, [patientId])).get(patientId) ?? "UTC";
  for (const part of partsOf(await context.telemetry.streams(context.view, patientId), filters)) {
    if (from && (part.key < from.part || (part.key === from.part && !from.after))) continue;
    const after = from?.part === part.key ? from.after : undefined;
    const [first] = part.streams;
    if (!first || !part.streams.every(({ stream }) => sees(context.view, stream))) continue;
    const about = {
      type: "Observation",
      patientIds: [first.stream.patientId],
      signal: first.stream.signal,
      isWritten: false,
    };
    const spans = filters.length === 0 ? ALWAYS : union(...part.filters.flatMap((filter) => filter.instants(zone)));
    for await (const { text, lines, after: next } of linesOf(context, request, part, {
      spans,
      after,
      zone,
      textOf,
      patientId,
    })) {
      // Looked at once more: reading takes a while.
      if (lines > 0 && part.streams.every(({ stream }) => sees(context.view, stream)))
        yield { ...about, lines, text, cursor: { type: "Observation", patientId, part: part.key, after: next } };
    }
  }
}

function partsOf(streams: readonly StreamSummary[], filters: readonly ObservationFilter[]): Part[] {
  const wanted = streams.flatMap((summary) => {
    const mine = filters.filter((filter) => filter.acceptsStream(summary.stream));
    return filters.length === 0 || mine.length > 0 ? [{ summary, mine }] : [];
  });
  const panels = wanted.filter(({ summary }) => isPanelMember(summary.stream.signal));
  const parts = wanted
    .filter(({ summary }) => !isPanelMember(summary.stream.signal))
    .map(({ summary, mine }): Part => {
      const { id, kind } = summary.stream;
      return { key: `${kind === "numeric" ? "0" : "2"} ${id}`, streams: [summary], filters: mine };
    });
  const [panel] = panels;
  if (panel) parts.push({ key: "1", streams: panels.map(({ summary }) => summary), filters: panel.mine });
  const sensors = sensorStreams(streams);
  const ofGlucose = filters.filter(({ acceptsSummary }) => GLUCOSE_KINDS.some(acceptsSummary));
  if (sensors.length > 0 && (filters.length === 0 || ofGlucose.length > 0))
    parts.push({ key: GLUCOSE, streams: sensors, filters: ofGlucose });
  return parts.sort((a, b) => (a.key < b.key ? -1 : 1));
}

interface Asked {
  readonly patientId: string;
  readonly spans: readonly Interval[];
  readonly after: BulkCursor["after"];
  readonly zone: string;
  readonly textOf: LineText;
}

interface Some {
  readonly text: string;
  readonly lines: number;
  readonly after: readonly (string | number)[] | undefined;
}

async function* linesOf(context: RecordContext, request: BulkRequest, part: Part, asked: Asked): AsyncGenerator<Some> {
  const [only] = part.streams;
  if (!only) return;
  const { stream } = only;
  const isPlain =
    part.key.startsWith("0") &&
    request.elements === undefined &&
    // Where a text of others stands over a reading, the text is told and the reading is not.
    coveringOf(context).isBare([stream.id]) &&
    !context.telemetry.touched(context.view, stream.id, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  const lineOf = isPlain ? createLineMaker(stream, context.organisation, context.typeOf) : undefined;
  if (lineOf) yield* plainLines(context, request, only, asked, lineOf);
  else yield* mappedLines(context, request, part, asked);
}

/** From columns: nobody ever amended anything of the stream, and most of it is plain. */
async function* plainLines(
  context: RecordContext,
  { since }: BulkRequest,
  { stream }: StreamSummary,
  { spans, after: behind, textOf }: Asked,
  lineOf: NonNullable<ReturnType<typeof createLineMaker>>,
): AsyncGenerator<Some> {
  const { telemetry, view, organisation, typeOf } = context;
  const lines = new Lines();
  let after = behind && { time: Number(behind[0]), ordinal: Number(behind[1]) };
  for (const { from, to } of spans) {
    if (after && after.time >= to) continue;
    const query = { from, to, isDescending: false, isTransient: true, ...(after ? { after } : {}) };
    for await (const columns of telemetry.columns(view, stream.id, query)) {
      for (let i = 0; i < columns.times.length; i++) {
        if ((i & 255) === 0) await context.turn();
        const time = columns.times[i] as number;
        const ordinal = columns.ordinals[i] as number;
        after = { time, ordinal };
        if (since !== undefined && (columns.receivedAt[i] as number) + MINUTE_MS < since) continue;
        const line = lineOf(columns, i);
        if (line !== undefined) lines.add(line);
        else {
          const reading = await telemetry.reading(view, stream.id, time, ordinal);
          if (reading) lines.add(textOf(measuredBy(mapReading(reading, organisation), stream, typeOf)));
        }
        if (lines.isFull) yield { ...lines.take(), after: [time, ordinal] };
      }
    }
  }
  yield { ...lines.take(), after: undefined };
}

/** As a search finds them. */
async function* mappedLines(
  context: RecordContext,
  { since }: BulkRequest,
  part: Part,
  { spans, after, zone, textOf, patientId }: Asked,
): AsyncGenerator<Some> {
  const place: Place | undefined = after && { time: Number(after[0]), order: String(after[1]), key: after.slice(2) };
  const source =
    part.key === GLUCOSE
      ? await glucoseSourceOf(context, part, patientId, place)
      : sourceOf(context, part, patientId, spans, zone, place);
  if (!source) return;
  const lines = new Lines();
  let last: Item | undefined;
  for (let item = await source.next(); item; item = await source.next()) {
    await context.turn();
    last = item;
    const resource = item.map();
    if (isSince(resource, since) && item.isSeen() && !item.isCovered) lines.add(textOf(resource));
    if (lines.isFull) yield { ...lines.take(), after: [last.time, source.order, ...last.key] };
  }
  yield { ...lines.take(), after: undefined };
}

async function glucoseSourceOf(
  context: RecordContext,
  { streams, filters }: Part,
  patientId: string,
  place: Place | undefined,
): Promise<Source | undefined> {
  if (filters.length === 0) return (await glucoseOf(context, patientId, streams, ALWAYS, place))[0];
  // Days are the patient's, whatever the filters' dates say.
  const timeZone = (await timeZonesOf(context, true, [patientId])).get(patientId) ?? "UTC";
  const wanted = glucoseWanted(filters, timeZone);
  const options = { patientId, streams, timeZone, direction: "ascending" as const };
  return wanted && createGlucoseSource(context, { ...options, ...wanted }, place);
}

function sourceOf(
  context: RecordContext,
  { key, streams, filters }: Part,
  patientId: string,
  spans: readonly Interval[],
  zone: string,
  place: Place | undefined,
): Source | undefined {
  const bound = Number.NEGATIVE_INFINITY;
  const direction = "ascending" as const;
  const streamIds = streams.map(({ stream }) => stream.id);
  const options = {
    patientId,
    streamIds,
    spans,
    direction,
    batch: READINGS_AT_ONCE,
    bound,
    covering: coveringOf(context),
  };
  if (key.startsWith("0")) return createReadingSource(context, options, place);
  if (key === "1") {
    const accepts = (panel: Parameters<ObservationFilter["acceptsPanel"]>[0]) =>
      filters.length === 0 || filters.some((filter) => filter.acceptsPanel(panel));
    return createPanelSource(context, options, place, accepts);
  }
  const [summary] = streams;
  const windows = filters.length === 0 ? ALWAYS : filters.flatMap((filter) => filter.windows(zone) ?? []);
  if (!summary || windows.length === 0) return undefined;
  const end = (summary.lastAt ?? context.clock.now()) + LAST_AT_SLACK_MS;
  const span = {
    from: Math.max(0, Math.min(...windows.map(({ from }) => from))),
    to: Math.min(end, Math.max(...windows.map(({ to }) => to))),
  };
  const accepts = (segment: Parameters<ObservationFilter["acceptsPeriod"]>[0]) =>
    filters.length === 0 || filters.some((filter) => filter.acceptsPeriod(segment, zone));
  return createWaveformSource(context, { stream: summary.stream, span, direction, bound, accepts }, place);
}
