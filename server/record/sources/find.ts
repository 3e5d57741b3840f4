import type { Observation } from "@medplum/fhirtypes";
import { QUALITY, type ReadingVersion, type Stream } from "@openward/model";
import { sees } from "@openward/signals/categories";
import type { RecordContext } from "../context.ts";
import { fortnightOf } from "../glucose/fortnight.ts";
import { type MeasuredGlucose, measureGlucose, sensorStreams } from "../glucose/measured.ts";
import { type GlucoseMeasure, isGlucoseMeasure } from "../glucose/observations.ts";
import { glucoseItem, mayTellGlucose } from "../glucose/source.ts";
import { panelSource, parseObservationId, WINDOW_MS } from "../observation-id.ts";
import type { DeviceRecord, Reading } from "../ports.ts";
import { type BloodPressurePanel, groupIntoPanels, mapBloodPressure } from "../resources/blood-pressure.ts";
import { measuredBy } from "../resources/containment.ts";
import { mapReading } from "../resources/observation.ts";
import { isPanelMember } from "../resources/observation-kind.ts";
import { mapSegment, mapTakenSegment, type Segment } from "../resources/sampled-data.ts";
import { timeZonesOf } from "../search/patient-zone.ts";
import { clocksOf } from "./clocks.ts";
import { isPanelSeen, panelMeasuredBy } from "./panels.ts";
import type { Item } from "./source.ts";
import { readSegments, windowAmended } from "./waveforms.ts";

/** An Observation found by its id, with what it was made from. */
export type Found = Item &
  (
    | { readonly kind: "reading"; readonly reading: Reading }
    | { readonly kind: "panel"; readonly panel: BloodPressurePanel }
    | { readonly kind: "waveform"; readonly stream: Stream; readonly segment: Segment }
    | { readonly kind: "glucose"; readonly measured: MeasuredGlucose; readonly measure: GlucoseMeasure }
    | { readonly kind: "clock"; readonly record: DeviceRecord }
  );

/** Nothing, too, when the patient is outside the view. */
export async function findObservation(context: RecordContext, id: string): Promise<Found | undefined> {
  const found = await findByName(context, id);
  return found?.isSeen() ? found : undefined;
}

async function findByName(context: RecordContext, id: string): Promise<Found | undefined> {
  const name = parseObservationId(id);
  switch (name?.kind) {
    case undefined:
      return undefined;
    case "reading":
      return findReading(context, id, name.streamId, name.time, name.ordinal);
    case "panel":
      return findPanel(context, id, name);
    case "waveform":
      return findSegment(context, id, name.streamId, name.windowStart, name.segment);
    case "glucose":
      return findGlucose(context, name);
    case "clock": {
      const clock = (await clocksOf(context)).find(({ item }) => item.key[0] === id);
      return clock && { kind: "clock", record: clock.record, ...clock.item };
    }
  }
}

/** A reading as one of its versions has it. */
export function atVersion(reading: Reading, version: ReadingVersion): Reading {
  const quality = version.status === "corrected" ? reading.quality | QUALITY.corrected : reading.quality;
  return { ...reading, quality, value: version.value ?? Number.NaN, amended: version };
}

/** Every version of a reading's Observation that may be seen, oldest first; undefined for what has none but the one. */
export async function findVersions(context: RecordContext, id: string): Promise<Observation[] | undefined> {
  const { telemetry, view, organisation, typeOf, limitsAt } = context;
  const name = parseObservationId(id);
  if (name?.kind !== "reading") return undefined;
  const { streamId, time, ordinal } = name;
  const history = telemetry.touched(view, streamId, time, time + 1)
    ? await telemetry.history(view, streamId, time, ordinal)
    : undefined;
  if (!history || isPanelMember(history.reading.stream.signal)) return undefined;
  // A version that had a value and shows none was another patient's: it is in nobody's history.
  return history.versions
    .filter(({ status, value }) => value !== null || status === "entered-in-error")
    .map((version) =>
      measuredBy(
        mapReading(atVersion(history.reading, version), organisation, limitsAt),
        history.reading.stream,
        typeOf,
      ),
    );
}

async function findReading(
  { telemetry, view, organisation, typeOf, limitsAt }: RecordContext,
  id: string,
  streamId: string,
  time: number,
  ordinal: number,
): Promise<Found | undefined> {
  const history = telemetry.touched(view, streamId, time, time + 1)
    ? await telemetry.history(view, streamId, time, ordinal)
    : undefined;
  const last = history?.versions.at(-1);
  const reading =
    history && last ? atVersion(history.reading, last) : await telemetry.reading(view, streamId, time, ordinal);
  // A member of a panel is read as a component of its panel, and has no id of its own.
  if (!reading || isPanelMember(reading.stream.signal) || !view.has(reading.stream.patientId)) return undefined;
  return {
    kind: "reading",
    reading,
    time,
    key: [id],
    weight: 1,
    map: () => measuredBy(mapReading(reading, organisation, limitsAt), reading.stream, typeOf),
    isSeen: () => sees(view, reading.stream),
  };
}

async function findPanel(
  { telemetry, view, organisation, typeOf, limitsAt }: RecordContext,
  id: string,
  { patientId, source, time, ordinal }: { patientId: string; source: string; time: number; ordinal: number },
): Promise<Found | undefined> {
  if (!view.has(patientId)) return undefined;
  const streamIds = (await telemetry.streams(view, patientId))
    .map(({ stream }) => stream)
    .filter(({ signal, deviceId, unit }) => isPanelMember(signal) && panelSource(deviceId, unit) === source)
    .map((stream) => stream.id);
  if (streamIds.length === 0) return undefined;
  const readings = await telemetry.readings(view, {
    patientId,
    streamIds,
    from: time,
    to: time + 1,
    order: "ascending",
    limit: streamIds.length * (ordinal + 1) + 1,
    withErrors: true,
  });
  const panel = groupIntoPanels(readings).find((candidate) => candidate.ordinal === ordinal);
  if (!panel) return undefined;
  return {
    kind: "panel",
    panel,
    time,
    key: [id],
    weight: 1,
    map: () => panelMeasuredBy(mapBloodPressure(panel, organisation, limitsAt), panel, typeOf),
    isSeen: () => isPanelSeen(view, panel),
  };
}

async function findSegment(
  { telemetry, view, organisation, clock, typeOf }: RecordContext,
  id: string,
  streamId: string,
  windowStart: number,
  index: number,
): Promise<Found | undefined> {
  const summary = await telemetry.stream(view, streamId);
  if (summary?.stream.kind !== "waveform" || !view.has(summary.stream.patientId)) return undefined;
  const { stream } = summary;
  const segment = (await readSegments(telemetry, view, stream, windowStart, windowStart + WINDOW_MS))[index];
  const record = windowAmended(telemetry, view, stream, { windowStart });
  if (!segment) {
    const segmentOf = { windowStart, start: windowStart, rateHz: 1, scale: 1, origin: 0, samples: [], quality: 0 };
    if (!record || record.withdrawnBy) return undefined;
    return {
      kind: "waveform",
      stream,
      segment: { ...segmentOf, utcOffsetMinutes: null, receivedAt: record.amendment.at },
      time: windowStart,
      key: [id],
      weight: 1,
      map: () => measuredBy(mapTakenSegment(windowStart, index, stream, organisation, record), stream, typeOf),
      isSeen: () => sees(view, stream),
    };
  }
  return {
    kind: "waveform",
    stream,
    segment,
    time: windowStart,
    key: [id],
    weight: segment.samples.length,
    map: () => measuredBy(mapSegment(segment, index, stream, organisation, clock.now(), record), stream, typeOf),
    isSeen: () => sees(view, stream),
  };
}

async function findGlucose(
  context: RecordContext,
  { patientId, measure, fortnight }: { patientId: string; measure: string; fortnight: number },
): Promise<Found | undefined> {
  const { view, telemetry } = context;
  if (!view.has(patientId) || !isGlucoseMeasure(measure)) return undefined;
  const streams = sensorStreams(await telemetry.streams(view, patientId));
  if (streams.length === 0) return undefined;
  const zone = (await timeZonesOf(context, true, [patientId])).get(patientId) ?? "UTC";
  const measured = await measureGlucose(context, patientId, streams, fortnightOf(fortnight, zone), zone);
  if (!measured || !mayTellGlucose(context, measure, measured)) return undefined;
  return { kind: "glucose", measured, measure, ...glucoseItem(context, streams, measured, measure) };
}
