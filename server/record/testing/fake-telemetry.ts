import { ABSENT_SAMPLE, type PatientView, type Stream, type Waveform } from "@openward/model";
import { Distribution } from "@openward/timeseries";
import type { Reading, ReadingKey, ReadingsQuery, StreamSummary, Telemetry } from "../ports.ts";

/** Telemetry in arrays, as the store promises it: one order (time, stream, ordinal), descending is its reverse. */
export interface FakeTelemetry extends Telemetry {
  add(reading: Reading): void;
  addWaveform(waveform: Waveform): void;
  addStream(stream: Stream): void;
  readonly calls: { readings: number; waveform: number; overview: number; streams: number };
  /** The next calls fail with this. */
  fail(error: Error | undefined): void;
}

export function fakeTelemetry(): FakeTelemetry {
  const streams = new Map<string, Stream>();
  const readings: Reading[] = [];
  const waveforms: Waveform[] = [];
  const calls = { readings: 0, waveform: 0, overview: 0, streams: 0 };
  let failure: Error | undefined;
  let sorted = true;

  const check = () => {
    if (failure) throw failure;
    if (!sorted) readings.sort((a, b) => compare(keyOf(a), keyOf(b)));
    sorted = true;
  };
  const ofStream = (id: string) => waveforms.filter(({ stream }) => stream.id === id).sort((a, b) => a.start - b.start);
  const summaryOf = (stream: Stream): StreamSummary => {
    const times = readings.filter((r) => r.stream.id === stream.id).map(({ time }) => time);
    const ends = ofStream(stream.id).map((w) => w.start + ((w.samples.length - 1) * 1000) / w.rateHz);
    const all = [...times, ...ends];
    return { stream, lastAt: all.length === 0 ? null : Math.max(...all) };
  };

  return {
    calls,
    fail: (error) => {
      failure = error;
    },
    addStream: (stream) => void streams.set(stream.id, stream),
    add(reading) {
      streams.set(reading.stream.id, reading.stream);
      readings.push(reading);
      sorted = false;
    },
    addWaveform(waveform) {
      streams.set(waveform.stream.id, waveform.stream);
      waveforms.push(waveform);
    },
    async streams(view: PatientView, patientId: string) {
      check();
      calls.streams++;
      if (!view.has(patientId)) return [];
      return [...streams.values()].filter((stream) => stream.patientId === patientId).map(summaryOf);
    },
    async stream(view, streamId) {
      check();
      const stream = streams.get(streamId);
      return stream && view.has(stream.patientId) ? summaryOf(stream) : undefined;
    },
    latest(view, patientId) {
      check();
      if (!view.has(patientId)) return [];
      const newest = new Map(
        readings.filter(({ stream }) => stream.patientId === patientId).map((r) => [r.stream.id, r]),
      );
      return [...newest.values()];
    },
    async distribution(view, streamId, { from, to }) {
      check();
      const mine = readings.filter(
        (r) => r.stream.id === streamId && view.has(r.stream.patientId) && r.time >= from && r.time < to,
      );
      const distribution = new Distribution();
      const times = Float64Array.from(mine, ({ time }) => time);
      distribution.add(
        times,
        Float64Array.from(mine, ({ value }) => value),
      );
      return distribution;
    },
    async readings(view: PatientView, query: ReadingsQuery) {
      check();
      calls.readings++;
      const { patientId, from, to, order, limit, after } = query;
      if (!view.has(patientId)) return [];
      const wanted = new Set(query.streamIds);
      const sign = order === "ascending" ? 1 : -1;
      const inOrder = order === "ascending" ? readings : [...readings].reverse();
      return inOrder
        .filter(
          ({ stream, time }) => stream.patientId === patientId && wanted.has(stream.id) && time >= from && time < to,
        )
        .filter((reading) => after === undefined || compare(keyOf(reading), after) * sign > 0)
        .slice(0, limit);
    },
    async reading(view, streamId, time, ordinal) {
      check();
      return readings.find(
        (r) => r.stream.id === streamId && r.time === time && r.ordinal === ordinal && view.has(r.stream.patientId),
      );
    },
    history: async () => undefined,
    touched: () => undefined,
    async waveform(view, { patientId, streamId, from, to }) {
      check();
      calls.waveform++;
      if (!view.has(patientId)) return [];
      return ofStream(streamId).flatMap((waveform) => {
        const index = (time: number) => Math.ceil(((time - waveform.start) * waveform.rateHz) / 1000);
        const begin = Math.max(0, index(from));
        const end = Math.min(waveform.samples.length, index(to));
        if (end <= begin) return [];
        const start = waveform.start + (begin * 1000) / waveform.rateHz;
        return [{ ...waveform, start, samples: waveform.samples.slice(begin, end) }];
      });
    },
    async waveformOverview(view, { patientId, streamId, from, to, buckets }) {
      check();
      calls.overview++;
      const starts = Float64Array.from({ length: buckets }, (_, i) => from + ((to - from) * i) / buckets);
      const min = new Float64Array(buckets).fill(Number.NaN);
      if (!view.has(patientId)) return { starts, min };
      for (const waveform of ofStream(streamId)) {
        waveform.samples.forEach((sample, i) => {
          const time = waveform.start + (i * 1000) / waveform.rateHz;
          if (sample === ABSENT_SAMPLE || time < from || time >= to) return;
          const bucket = Math.floor(((time - from) / (to - from)) * buckets);
          const value = sample * waveform.scale + waveform.origin;
          if (!((min[bucket] ?? Number.NaN) <= value)) min[bucket] = value;
        });
      }
      return { starts, min };
    },
  };
}

function keyOf({ time, stream, ordinal }: Reading): ReadingKey {
  return { time, streamId: stream.id, ordinal };
}

function compare(a: ReadingKey, b: ReadingKey): number {
  return a.time - b.time || (a.streamId < b.streamId ? -1 : a.streamId > b.streamId ? 1 : 0) || a.ordinal - b.ordinal;
}
