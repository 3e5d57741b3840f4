import type { StreamInfo, TrendBody } from "@openward/api";
import { RefusedInput } from "@openward/errors";
import { ABSENT_SAMPLE, type PatientView } from "@openward/model";
import { findSignal, similarSignals } from "@openward/signals";
import { type Conversion, checkUnit, toCanonical } from "@openward/signals/units";
import type { Handlers } from "./call.ts";
import type { Devices, StreamSummary, Telemetry, Trend, Watch } from "./ports/index.ts";
import { checkSpan } from "./stream-fields.ts";
import { createStreamInfos } from "./stream-infos.ts";

const WAVEFORM_MS_MAX = 60_000;
const OVERVIEW_MS_MAX = 31 * 86_400_000;
/** A year, with a few days to spare. */
const TREND_MS_MAX = 400 * 86_400_000;

export function telemetryHandlers(deps: {
  telemetry: Telemetry;
  watch: Pick<Watch, "expectationOf" | "confirmExpectation">;
  devices: Pick<Devices, "displays">;
}): Pick<Handlers, "streams" | "trend" | "waveform" | "waveformOverview" | "confirmExpectation"> {
  const { telemetry, watch } = deps;

  const streamInfos = createStreamInfos(deps);
  const infos = async (view: PatientView, patientId: string, summaries: readonly StreamSummary[]) =>
    streamInfos.of(view, patientId, summaries, await streamInfos.displays(view, summaries));

  return {
    async streams({ params, view }) {
      const seen = await view();
      return infos(seen, params.id, await telemetry.streams(seen, params.id));
    },

    async trend({ params, query, view }) {
      checkSpan(query, TREND_MS_MAX, "400 days");
      const wanted = query.signals === undefined ? undefined : signalList(query.signals);
      const seen = await view();
      const streamIds = (await telemetry.streams(seen, params.id))
        .filter(({ stream }) => stream.kind === "numeric" && (!wanted || wanted.has(stream.signal)))
        .map(({ stream }) => stream.id);
      if (streamIds.length === 0) return [];
      const { from, to, buckets } = query;
      const trends = await telemetry.trend(seen, { patientId: params.id, streamIds, from, to, buckets });
      return trends.map(trendBody);
    },

    async waveform({ params, query, view }) {
      checkSpan(query, WAVEFORM_MS_MAX, "60 seconds");
      const { stream, from, to } = query;
      const pieces = await telemetry.waveform(await view(), { patientId: params.id, streamId: stream, from, to });
      return pieces.map(({ start, rateHz, scale, origin, samples }) => ({
        start,
        rateHz,
        scale,
        origin,
        samples: Array.from(samples, (sample) => (sample === ABSENT_SAMPLE ? null : sample)),
      }));
    },

    async waveformOverview({ params, query, view }) {
      checkSpan(query, OVERVIEW_MS_MAX, "31 days");
      const { stream, from, to, buckets } = query;
      const { starts, min, max } = await telemetry.waveformOverview(await view(), {
        patientId: params.id,
        streamId: stream,
        from,
        to,
        buckets,
      });
      return { starts: Array.from(starts, Math.round), min: nullable(min), max: nullable(max) };
    },

    async confirmExpectation({ params, body, view }) {
      const seen = await view();
      const summaries = await telemetry.streams(seen, params.id);
      const summary = summaries.find(({ stream }) => stream.id === params.streamId);
      if (!summary) throw new RefusedInput("NOT_FOUND");
      await watch.confirmExpectation(seen, params.streamId, body.intervalMs);
      const [info] = await infos(seen, params.id, [summary]);
      return info as StreamInfo; // one summary in, one info out
    },
  };
}

/** Buckets in the signal's own unit, whatever unit the device speaks: two devices share one axis. */
function trendBody({ stream, starts, min, max, mean, last, count }: Trend): TrendBody {
  const signal = findSignal(stream.signal);
  const verdict = signal && checkUnit(signal, stream.unit);
  const conversion = verdict?.ok ? verdict.conversion : undefined;
  return {
    streamId: stream.id,
    signal: stream.signal,
    unit: conversion ? (signal?.ucum ?? "1") : stream.unit,
    deviceId: stream.deviceId,
    starts: Array.from(starts, Math.round),
    min: nullable(min, conversion),
    max: nullable(max, conversion),
    mean: nullable(mean, conversion),
    last: nullable(last, conversion),
    count: Array.from(count),
  };
}

/** NaN, "nothing was measured", has no form in JSON. */
function nullable(values: Float64Array, conversion: Conversion = { scale: 1, offset: 0 }): (number | null)[] {
  return Array.from(values, (value) => (Number.isFinite(value) ? toCanonical(value, conversion) : null));
}

function signalList(text: string): Set<string> {
  const keys = text.split(",", 200).map((key) => key.trim());
  for (const key of keys) {
    if (findSignal(key)) continue;
    const near = similarSignals(key);
    const expected = near.length > 0 ? near.join(", ") : "keys of the signal table, separated by commas";
    throw new RefusedInput("SIGNAL_UNKNOWN", { at: "signals", expected });
  }
  return new Set(keys);
}
