import type { Observation } from "@medplum/fhirtypes";
import { ABSENT_SAMPLE, type AmendmentRecord, type Organisation, type Stream, type Waveform } from "@openward/model";
import { isRounding } from "@openward/timeseries";
import { WINDOW_MS, waveformId } from "../observation-id.ts";
import { fhirDeviceId } from "./device-id.ts";
import { metaOf } from "./meta.ts";
import { observationKind } from "./observation-kind.ts";
import { qualityOf } from "./quality.ts";
import { quantity } from "./quantity.ts";
import { fhirTime } from "./time.ts";

/** Equidistant samples within one window of WINDOW_MS; a gap inside is filled with ABSENT_SAMPLE. */
export interface Segment {
  readonly windowStart: number;
  /** Time of the first sample, ms UTC; may have a fraction. */
  readonly start: number;
  readonly rateHz: number;
  readonly scale: number;
  readonly origin: number;
  readonly samples: readonly number[];
  readonly quality: number;
  readonly utcOffsetMinutes: number | null;
  readonly receivedAt: number;
}

/** Doubles near 1.8e12 hold a fraction of a millisecond only: in samples, where a window's edge may blur. */
const EDGE_BLUR = 0.01;

/**
 * Waveforms of one stream, cut at the edges of the windows from `from` to `to` (both multiples of WINDOW_MS).
 * What follows on the same grid (rate, scale, origin, phase) within a window is one segment, its gap filled with
 * absent samples; anything else begins another segment, so that no sample is moved or lost. Segments without a single
 * sample present are left out.
 */
export function cutIntoWindows(waveforms: readonly Waveform[], from: number, to: number): Segment[] {
  const windows = new Map<number, Building[]>();
  for (const waveform of waveforms) {
    const perMs = waveform.rateHz / 1000;
    const end = waveform.start + waveform.samples.length / perMs;
    const first = Math.max(from, Math.floor(waveform.start / WINDOW_MS) * WINDOW_MS - WINDOW_MS);
    for (let window = first; window < to && window < end + WINDOW_MS; window += WINDOW_MS) {
      const begin = edge(waveform, window);
      const stop = edge(waveform, window + WINDOW_MS);
      if (stop <= begin) continue;
      const segments = windows.get(window) ?? [];
      windows.set(window, segments);
      place(segments, window, waveform, begin, stop);
    }
  }
  return [...windows.entries()]
    .sort(([a], [b]) => a - b)
    .flatMap(([, segments]) => segments.filter(({ samples }) => samples.some((sample) => sample !== ABSENT_SAMPLE)));
}

type Building = { -readonly [K in keyof Segment]: Segment[K] } & { samples: number[] };

/** The first sample at or behind a time, as an index within the waveform. */
function edge(waveform: Waveform, time: number): number {
  const index = Math.ceil(((time - waveform.start) * waveform.rateHz) / 1000 - EDGE_BLUR);
  return Math.min(Math.max(index, 0), waveform.samples.length);
}

function place(segments: Building[], windowStart: number, waveform: Waveform, begin: number, stop: number): void {
  const periodMs = 1000 / waveform.rateHz;
  const start = waveform.start + begin * periodMs;
  const last = segments.at(-1);
  const gap = last ? gapOnGrid(last, waveform, start, periodMs) : undefined;
  if (last && gap !== undefined) {
    for (let i = 0; i < gap; i++) last.samples.push(ABSENT_SAMPLE);
    append(last.samples, waveform.samples, begin, stop);
    last.quality |= waveform.quality;
    last.receivedAt = Math.max(last.receivedAt, waveform.receivedAt);
    return;
  }
  const samples: number[] = [];
  append(samples, waveform.samples, begin, stop);
  const { rateHz, scale, origin, quality, utcOffsetMinutes, receivedAt } = waveform;
  segments.push({ windowStart, start, rateHz, scale, origin, samples, quality, utcOffsetMinutes, receivedAt });
}

/** How many samples are missing between a segment and what follows; undefined when it is not on the same grid. */
function gapOnGrid(last: Segment, next: Waveform, start: number, periodMs: number): number | undefined {
  if (last.rateHz !== next.rateHz || last.scale !== next.scale || last.origin !== next.origin) return undefined;
  const whole = Math.round((start - last.start) / periodMs);
  // The store's own rule: a start that is a whole millisecond off is another time, and is told as it was said.
  if (!isRounding(start - (last.start + whole * periodMs), last.rateHz)) return undefined;
  const gap = whole - last.samples.length;
  return gap < 0 ? undefined : gap;
}

function append(to: number[], from: Int32Array, begin: number, stop: number): void {
  for (let i = begin; i < stop; i++) to.push(from[i] ?? ABSENT_SAMPLE);
}

/**
 * The Observation of one segment: value = sample x factor + origin.value, the samples as the device sent them.
 *
 * @param index position of the segment among those of its window
 * @param now server time: a window that is not over yet is preliminary
 * @param record the newest amendment of the window
 */
export function mapSegment(
  segment: Segment,
  index: number,
  stream: Stream,
  organisation: Organisation,
  now: number,
  record?: AmendmentRecord,
): Observation {
  const kind = observationKind(stream);
  const { tag, note = [] } = qualityOf(segment.quality);
  const last = record?.withdrawnBy ?? record?.amendment;
  const notes = last ? [...note, { authorString: last.byDisplay, time: fhirTime(last.at), text: last.reason }] : note;
  const { start, rateHz, samples, utcOffsetMinutes } = segment;
  // Arrival is kept for the beginning of what came in one piece, and after sealing to the minute: nothing was received
  // before it was measured.
  const receivedAt = fhirTime(Math.max(segment.receivedAt, endOf(segment), last?.at ?? 0));
  const periodMs = 1000 / rateHz;
  return {
    resourceType: "Observation",
    id: waveformId(stream.id, segment.windowStart, index),
    // The piece of the running window grows: each length is a version of its own.
    meta: metaOf(organisation, {
      versionId: last ? `${samples.length}-${last.sequence}` : String(samples.length),
      lastUpdated: receivedAt,
      profile: kind.profile,
      tag,
    }),
    status:
      segment.windowStart + WINDOW_MS > now ? "preliminary" : record && !record.withdrawnBy ? "corrected" : "final",
    ...(kind.category ? { category: kind.category } : {}),
    code: kind.code,
    subject: { reference: `Patient/${stream.patientId}` },
    effectivePeriod: {
      start: fhirTime(start, utcOffsetMinutes),
      end: fhirTime(start + (samples.length - 1) * periodMs, utcOffsetMinutes),
    },
    issued: receivedAt,
    valueSampledData: {
      origin: quantity(segment.origin, stream.unit),
      period: periodMs,
      factor: segment.scale,
      dimensions: 1,
      data: sampleText(samples),
    },
    ...(notes.length > 0 ? { note: notes } : {}),
    device: { reference: `Device/${fhirDeviceId(stream.deviceId)}` },
  };
}

/** A window of which nothing counts any more: no samples, and who said so. */
export function mapTakenSegment(
  windowStart: number,
  index: number,
  stream: Stream,
  organisation: Organisation,
  { amendment }: AmendmentRecord,
): Observation {
  const kind = observationKind(stream);
  const at = fhirTime(amendment.at);
  return {
    resourceType: "Observation",
    id: waveformId(stream.id, windowStart, index),
    meta: metaOf(organisation, { versionId: `0-${amendment.sequence}`, lastUpdated: at, profile: kind.profile }),
    status: "entered-in-error",
    ...(kind.category ? { category: kind.category } : {}),
    code: kind.code,
    subject: { reference: `Patient/${stream.patientId}` },
    effectivePeriod: { start: fhirTime(windowStart), end: fhirTime(windowStart + WINDOW_MS) },
    issued: at,
    dataAbsentReason: {
      coding: [{ system: "http://terminology.hl7.org/CodeSystem/data-absent-reason", code: "error" }],
    },
    note: [{ authorString: amendment.byDisplay, time: at, text: amendment.reason }],
    device: { reference: `Device/${fhirDeviceId(stream.deviceId)}` },
  };
}

/** Time of the last sample. */
export function endOf(segment: Segment): number {
  return segment.start + ((segment.samples.length - 1) * 1000) / segment.rateHz;
}

function sampleText(samples: readonly number[]): string {
  let text = "";
  for (const sample of samples) {
    if (text !== "") text += " ";
    text += sample === ABSENT_SAMPLE ? "E" : sample;
  }
  return text;
}
