import { addReadings, type Buckets, createBuckets } from "@openward/timeseries";
import type { Blocks } from "./blocks.ts";
import { HourCache, type HourCacheOptions } from "./hour-cache.ts";
import { HOUR_MS, MINUTE_MS } from "./periods.ts";

const MINUTES = HOUR_MS / MINUTE_MS;
/** A longer span is looked at once; it would push out what screens ask for. */
const HOURS_MAX = 24;
const HOUR_BYTES = MINUTES * 44 + 1_000;
const EMPTY_BYTES = 300;

/** An hour, minute by minute. */
export type Minutes = Pick<Buckets, "min" | "max" | "sum" | "last" | "lastTime" | "count">;

/** Hours of blocks as minutes, by stream: what most trends are made of. They are a patient's: `forget` ends with them. */
export interface MinuteCache {
  /** Hours that begin in [first, end), by stream; one without a reading is left out. */
  between(
    streamIds: readonly string[],
    first: number,
    end: number,
  ): Promise<ReadonlyMap<string, readonly { readonly hour: number; readonly minutes: Minutes }[]>>;
  /** Behind a sealing. */
  sealed(streamId: string, hour: number, minutes: Minutes): void;
  forget(streamIds: readonly string[]): void;
  forgetAll(): void;
  readonly bytes: number;
}

export function createMinuteCache(blocks: Pick<Blocks, "eachPeriod">, options: HourCacheOptions): MinuteCache {
  const cache = new HourCache<Minutes | "empty">(options);

  return {
    async between(streamIds, first, end) {
      const isLong = end - first > HOURS_MAX * HOUR_MS;
      const found = new Map<string, { hour: number; minutes: Minutes }[]>();
      const missing: string[] = [];
      for (const streamId of streamIds) {
        const hours: { hour: number; minutes: Minutes }[] = [];
        let hour = first;
        for (; hour < end; hour += HOUR_MS) {
          const minutes = isLong ? undefined : cache.find(streamId, hour);
          if (!minutes) break;
          if (minutes !== "empty") hours.push({ hour, minutes });
        }
        found.set(streamId, hour < end ? [] : hours);
        if (hour < end) missing.push(streamId);
      }
      if (missing.length === 0) return found;
      const began = new Map(
        missing.map((streamId) => {
          const all: [number, number | undefined][] = [];
          for (let hour = first; hour < end; hour += HOUR_MS) all.push([hour, cache.begin(streamId, hour)]);
          return [streamId, new Map(all)];
        }),
      );
      const failed = await blocks.eachPeriod(missing, first, end, (streamId, hour, times, values) => {
        found.get(streamId)?.push({ hour, minutes: minutesOf(hour, times, values) });
      });
      // What could not be read may be there again the next time.
      for (const { streamId, period } of failed) began.get(streamId)?.delete(period);
      if (isLong) return found;
      for (const [streamId, all] of began) {
        const read = new Map(found.get(streamId)?.map(({ hour, minutes }) => [hour, minutes]));
        for (const [hour, from] of all) {
          const minutes = read.get(hour) ?? "empty";
          cache.keep(streamId, hour, from, minutes, minutes === "empty" ? EMPTY_BYTES : HOUR_BYTES);
        }
      }
      return found;
    },
    sealed: (streamId, hour, minutes) => cache.sealed(streamId, hour, minutes, HOUR_BYTES),
    forget: (streamIds) => cache.forget(streamIds),
    forgetAll: () => cache.forgetAll(),
    get bytes() {
      return cache.bytes;
    },
  };
}

export function minutesOf(hour: number, times: Float64Array, values: Float64Array): Minutes {
  const buckets = createBuckets(hour, hour + HOUR_MS, MINUTES);
  addReadings(buckets, times, values);
  return buckets;
}
