import type { WaveformRun } from "@openward/timeseries";
import type { Blocks, Stored } from "./blocks.ts";
import { HourCache, type HourCacheOptions } from "./hour-cache.ts";
import { PERIOD_MS, periodOf } from "./periods.ts";

/** A longer span is looked at once; it would push out what is read on from. */
const PERIODS_MAX = 12;
const ENTRY_BYTES = 300;

type Block = Stored<readonly WaveformRun[] | undefined>;

export interface WaveformCache {
  waveformBetween: Blocks["waveformBetween"];
  forget(streamIds: readonly string[]): void;
  forgetAll(): void;
  readonly bytes: number;
}

/**
 * Periods of waveforms that were decoded lately: who reads on minute by minute, as an archive and a page of FHIR do, asks for
 * each five times, and decoding is what costs. They are a patient's: `forget` ends with them.
 */
export function createWaveformCache(blocks: Pick<Blocks, "waveformBetween">, options: HourCacheOptions): WaveformCache {
  const cache = new HourCache<readonly Block[]>(options);
  const length = PERIOD_MS.waveform;

  return {
    async waveformBetween(streamId, from, to) {
      const first = periodOf(from, length);
      const count = Math.ceil((to - first) / length);
      if (first !== from || count > PERIODS_MAX) return blocks.waveformBetween(streamId, from, to);
      const periods = Array.from({ length: Math.max(0, count) }, (_, i) => first + i * length);
      const found = new Map<number, readonly Block[]>();
      for (const period of periods) {
        const kept = cache.find(streamId, period);
        if (kept) found.set(period, kept);
      }
      const missing = periods.filter((period) => !found.has(period));
      const [begin] = missing;
      if (begin !== undefined) {
        const end = (missing.at(-1) as number) + length;
        const began = new Map(missing.map((period) => [period, cache.begin(streamId, period)]));
        const read = Map.groupBy(await blocks.waveformBetween(streamId, begin, end), (block) => block.periodStart);
        for (const [period, from] of began) {
          const own = read.get(period) ?? [];
          found.set(period, own);
          // What could not be read may be there again the next time.
          if (own.every(({ content }) => content !== undefined)) cache.keep(streamId, period, from, own, bytesOf(own));
        }
      }
      return periods.flatMap((period) => found.get(period) ?? []).filter((block) => block.periodStart < to);
    },
    forget: (streamIds) => cache.forget(streamIds),
    forgetAll: () => cache.forgetAll(),
    get bytes() {
      return cache.bytes;
    },
  };
}

function bytesOf(blocks: readonly Block[]): number {
  let bytes = ENTRY_BYTES;
  for (const { content = [] } of blocks) for (const run of content) bytes += run.samples.byteLength + ENTRY_BYTES;
  return bytes;
}
