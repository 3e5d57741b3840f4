import type { Stream } from "@openward/model";
import type { PortalDeps } from "../portal.ts";
import type { Held } from "./held.ts";

/** Readings and waveforms, in a few lines. */
export function telemetryOf({ id, streams, latest, asked }: Held): Pick<PortalDeps, "telemetry" | "streams"> {
  return {
    telemetry: {
      streams: async (view, patientId) =>
        streams.filter(({ stream }) => view.has(patientId) && stream.patientId === patientId),
      latest: (view, patientId) => latest.filter(({ stream }) => view.has(patientId) && stream.patientId === patientId),
      trend: async (_, { streamIds, from, buckets }) =>
        streams
          .filter(({ stream }) => streamIds.includes(stream.id))
          .map(({ stream }) => ({
            stream,
            starts: Float64Array.from({ length: buckets }, (_v, i) => from + i * 1_000),
            min: Float64Array.of(90, Number.NaN).subarray(0, buckets),
            max: Float64Array.of(10, Number.NaN).subarray(0, buckets),
            mean: Float64Array.of(95, Number.NaN).subarray(0, buckets),
            last: Float64Array.of(96, Number.NaN).subarray(0, buckets),
            count: Uint32Array.of(3, 0).subarray(0, buckets),
          })),
      waveform: async (_, { streamId, from }) =>
        streams
          .filter(({ stream }) => stream.id === streamId)
          .map(({ stream }) => ({
            stream,
            associationId: id(),
            start: from,
            rateHz: 250,
            scale: 0.005,
            origin: 0,
            samples: Int32Array.of(1, -2147483648, 3),
            quality: 0,
            utcOffsetMinutes: null,
            receivedAt: from,
          })),
      waveformOverview: async () => ({
        starts: Float64Array.of(0, 1),
        min: Float64Array.of(-1, Number.NaN),
        max: Float64Array.of(1, Number.NaN),
      }),
    },
    streams: {
      known(view, streamId) {
        const stream = streams.find((one) => one.stream.id === streamId)?.stream;
        return stream && view.has(stream.patientId) ? stream : undefined;
      },
      newest(view, patientIds) {
        const seen = patientIds.filter((patientId) => view.has(patientId));
        const mine = seen.flatMap((patientId) => latest.filter(({ stream }) => stream.patientId === patientId));
        return {
          patients: seen.map((patientId) => ({
            patientId,
            streams: mine.filter(({ stream }) => stream.patientId === patientId).map(({ stream }) => stream),
          })),
          times: Float64Array.from(mine, ({ time }) => time),
          values: Float64Array.from(mine, ({ value }) => value),
          receivedAt: Float64Array.from(mine, ({ receivedAt }) => receivedAt),
          quality: Uint8Array.from(mine, ({ quality }) => quality),
        };
      },
      async *columns(_, streamId, { from, to, isDescending, after, signal }) {
        asked.push(["columns", streamId]);
        // A reading a second, so many at a time.
        const times: number[] = [];
        for (let at = Math.ceil(from / 1_000) * 1_000; at < to; at += 1_000) times.push(at);
        if (isDescending) times.reverse();
        const left = after ? times.slice(times.indexOf(after.time) + 1) : times;
        for (let i = 0; i < left.length; i += 1_000) {
          signal.throwIfAborted();
          const piece = Float64Array.from(left.slice(i, i + 1_000));
          asked.push(["piece", i]);
          yield {
            times: piece,
            values: piece.map((at) => (at / 1_000) % 100),
            quality: new Uint8Array(piece.length),
            ordinals: new Uint16Array(piece.length),
          };
        }
      },
      trends: async (_, streamIds, { from, to, buckets }) =>
        streamIds.map((streamId) => ({
          stream: streams.find(({ stream }) => stream.id === streamId)?.stream as Stream,
          starts: Float64Array.from({ length: buckets }, (_v, i) => from + ((to - from) * i) / buckets),
          min: new Float64Array(buckets).fill(Number.NaN),
          max: new Float64Array(buckets).fill(99.5),
          mean: new Float64Array(buckets).fill(96.25),
          last: new Float64Array(buckets).fill(96),
          count: new Uint32Array(buckets).fill(3),
        })),
      line: async (_, __, { from, to }) => ({
        times: Float64Array.of(from, to),
        values: Float64Array.of(1, Number.NaN),
      }),
      async *waveforms(_, streamId, { from }) {
        const stream = streams.find((one) => one.stream.id === streamId)?.stream as Stream;
        const scale = { start: from, rateHz: 250, scale: 0.005, origin: 0 };
        const samples = Int32Array.of(1, -2147483648, 3);
        yield { stream, associationId: id(), ...scale, samples, quality: 0, utcOffsetMinutes: null, receivedAt: from };
      },
      overview: async (_, __, { from }) => ({
        starts: Float64Array.of(from),
        min: Float64Array.of(-1),
        max: Float64Array.of(Number.NaN),
      }),
    },
  };
}
