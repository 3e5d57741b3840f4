import { people } from "../people.ts";
import { waveAt } from "../physiology.ts";
import { type Answers, found } from "./call.ts";
import { latestOf, streams } from "./ward.ts";

/** What was measured. */
export const measuredAnswers = {
  streams: (c) =>
    (streams.get(c.params.id!) ?? []).map((s) => ({
      ...s,
      deviceDisplay: s.deviceId,
      lastAt: Date.now(),
      latest: s.kind === "numeric" ? latestOf(c.params.id!, s) : null,
      expectationSource: s.expectedIntervalMs === null ? "on-demand" : "device-type",
    })),
  trend: (c) => {
    const { from, to, buckets } = c.query;
    const wanted: string[] | undefined = c.query.signals?.split(",");
    return (streams.get(c.params.id!) ?? [])
      .filter((s) => s.kind === "numeric" && (!wanted || wanted.includes(s.signal)))
      .map((s) => {
        const step = (to - from) / buckets;
        const starts = Array.from({ length: buckets }, (_, i) => Math.round(from + i * step));
        const mean = starts.map((t, i) => {
          if (t > Date.now()) return null;
          if (s.expectedIntervalMs === null)
            return Math.floor(t / 1_800_000) !== Math.floor((t - step) / 1_800_000)
              ? s.base + 6 * Math.sin(t / 5e6 + s.base)
              : null;
          if (i > buckets * 0.55 && i < buckets * 0.6) return null;
          return s.base + s.swing * 2 * Math.sin(t / 2e6) + s.swing * Math.sin(t / 1.7e5 + s.base);
        });
        const spread = s.swing * (1 + Math.log10(Math.max(1, step / 10_000)));
        return {
          streamId: s.id,
          signal: s.signal,
          unit: s.unit,
          deviceId: s.deviceId,
          starts,
          mean,
          last: mean,
          min: mean.map((m) => (m === null ? null : m - spread)),
          max: mean.map((m) => (m === null ? null : m + spread)),
          count: mean.map((m) => (m === null ? 0 : Math.round(step / 1000))),
        };
      });
  },
  waveform: (c) => {
    const stream = found((streams.get(c.params.id!) ?? []).find((s) => s.id === c.query.stream));
    const person = people.find((p) => p.patient.id === c.params.id)!;
    const {
      streamId: _s,
      signal: _n,
      unit: _u,
      ...piece
    } = waveAt(person, stream, c.query.from, (c.query.to - c.query.from) / 1000);
    return [piece];
  },
  waveformOverview: (c) => {
    const { from, to, buckets } = c.query;
    const starts = Array.from({ length: buckets }, (_, i) => Math.round(from + (i * (to - from)) / buckets));
    const isGap = (i: number) => i > buckets * 0.3 && i < buckets * 0.36;
    return {
      starts,
      min: starts.map((t, i) => (isGap(i) ? null : -0.25 + 0.04 * Math.sin(t / 9000))),
      max: starts.map((t, i) => (isGap(i) ? null : 1.05 + 0.08 * Math.sin(t / 13000))),
    };
  },
  confirmExpectation: (c) => found((streams.get(c.params.id!) ?? []).find((s) => s.id === c.params.streamId)),
} satisfies Answers;
