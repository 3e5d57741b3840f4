import type { WfdbBlock, WfdbSignal } from "@openward/codecs/files";
import { RefusedInput } from "@openward/errors";
import { ABSENT_SAMPLE } from "@openward/model";
import { type Encoding, encodeBody, waveformBody } from "../bodies.ts";
import { openWfdbRecord } from "../wfdb/record.ts";
import { type ChannelMap, planChannels } from "./map.ts";
import type { ReplayChannel, ReplayItem, ReplaySource } from "./source.ts";

export interface WfdbSourceOptions {
  readonly map: ChannelMap;
  readonly encoding: Encoding;
  /** Length of a waveform piece; pieces begin at multiples of it. */
  readonly pieceSeconds: number;
}

/** Up to this rate a channel is a numeric: readings, not a waveform. */
const NUMERIC_HZ_MAX = 2;

/**
 * A WFDB record as a device would send it. Samples are the file's own integers: scale = 1 / gain,
 * origin = -baseline / gain, so that sample x scale + origin is the header's physical value.
 *
 * @throws RefusedInput of the reader (FILE_*) and of `planChannels`
 */
export async function openWfdbSource(path: string, options: WfdbSourceOptions): Promise<ReplaySource> {
  const record = await openWfdbRecord(path);
  const rate = record.frameRateHz;
  const kindOf = (s: WfdbSignal) => (rate * s.samplesPerFrame <= NUMERIC_HZ_MAX ? "numeric" : "waveform");
  const channels = planChannels(
    record.signals.map((s) => ({
      name: s.description,
      unit: s.unitIsWritten ? s.unit : null,
      kind: kindOf(s),
      ownUnit: false,
    })),
    options.map,
  );
  const byDescription = new Map(channels.map((c) => [c.name, c]));
  const planOf = (signal: WfdbSignal): ReplayChannel => {
    const plan = byDescription.get(signal.description);
    if (plan) return plan;
    const expected = `one of the record's signals: ${channels.map((c) => c.name).join(", ")}`;
    throw new RefusedInput("FILE_FORMAT", {
      at: `a segment of ${record.header.file}, line ${signal.line}`,
      expected,
      received: signal.description,
    });
  };
  const choose = (signal: WfdbSignal) => planOf(signal).signal !== null;
  // Read through once before anything is sent: half a recording on a patient's chart helps nobody.
  const { frames } = await record.verify(choose);
  const blockFrames = Math.max(1, Math.round(rate * options.pieceSeconds));

  const waveform = (block: WfdbBlock, channel: WfdbBlock["channels"][number], startAt: number): ReplayItem | null => {
    const { signal, samples } = channel;
    const absentSamples = countAbsent(samples);
    // Nothing was recorded: the gap is the gap, and needs no message.
    if (absentSamples === samples.length) return null;
    const plan = planOf(signal);
    const message = waveformBody(
      {
        signal: plan.signal!,
        start: startAt + (block.startFrame * 1000) / rate,
        rateHz: rate * signal.samplesPerFrame,
        unit: plan.unit!,
        scale: 1 / signal.gain,
        origin: signal.baseline === 0 ? 0 : -signal.baseline / signal.gain,
        samples,
      },
      options.encoding,
    );
    const endOffsetMs = ((block.startFrame + block.frames) * 1000) / rate;
    return { endOffsetMs, message, readings: 0, samples: samples.length, absentSamples };
  };

  function* numerics(block: WfdbBlock, startAt: number): Generator<ReplayItem> {
    const columns = block.channels.filter((c) => kindOf(c.signal) === "numeric");
    if (columns.length === 0) return;
    for (let frame = 0; frame < block.frames; frame++) {
      const values: Record<string, { value: number; unit: string }> = {};
      for (const { signal, samples } of columns) {
        const sample = samples[frame]!;
        if (sample === ABSENT_SAMPLE) continue;
        const plan = planOf(signal);
        values[plan.signal!] = { value: (sample - signal.baseline) / signal.gain, unit: plan.unit! };
      }
      const readings = Object.keys(values).length;
      if (readings === 0) continue;
      const endOffsetMs = Math.round(((block.startFrame + frame) * 1000) / rate);
      const message = encodeBody("readings", { at: startAt + endOffsetMs, values }, options.encoding);
      yield { endOffsetMs, message, readings, samples: 0, absentSamples: 0 };
    }
  }

  return {
    format: "wfdb",
    channels,
    durationMs: Math.ceil((frames * 1000) / rate),
    async *items(startAt) {
      for await (const block of record.blocks({ blockFrames, choose })) {
        yield* numerics(block, startAt);
        for (const channel of block.channels) {
          if (kindOf(channel.signal) === "numeric") continue;
          const item = waveform(block, channel, startAt);
          if (item) yield item;
        }
      }
    },
  };
}

function countAbsent(samples: Int32Array): number {
  let count = 0;
  for (const sample of samples) if (sample === ABSENT_SAMPLE) count++;
  return count;
}
