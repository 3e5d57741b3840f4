import type { NumericBlock } from "@openward/timeseries";
import type { Blocks, Stored } from "./blocks.ts";
import { HourCache, type HourCacheOptions } from "./hour-cache.ts";

const ENTRY_BYTES = 500;
/** Of a reading in columns. */
const READING_BYTES = 29;

type Hour = readonly Stored<NumericBlock>[];

export interface NumericCache {
  /** The blocks of one hour of a stream; whoever has them changes nothing in them. */
  hour(streamId: string, hour: number): Promise<Hour>;
  forget(streamIds: readonly string[]): void;
  forgetAll(): void;
  readonly bytes: number;
}

/**
 * Hours that were decoded lately for single readings and for pages of the newest: who asks for one reading by its id asks for its
 * neighbours, and who asked for the newest asks again. Trends and exports do not come here: they would push out everything for what
 * they need once. What is in it is a patient's: `forget` ends with them.
 */
export function createNumericCache(
  blocks: Pick<Blocks, "numericOf" | "damaged">,
  options: HourCacheOptions,
): NumericCache {
  const cache = new HourCache<Hour>(options);
  return {
    async hour(streamId, hour) {
      const kept = cache.find(streamId, hour);
      if (kept) return kept;
      const began = cache.begin(streamId, hour);
      const { damaged } = blocks;
      const read = await blocks.numericOf([{ streamId, period: hour }]);
      // What could not be read may be there again the next time.
      if (blocks.damaged === damaged) cache.keep(streamId, hour, began, read, bytesOf(read));
      return read;
    },
    forget: (streamIds) => cache.forget(streamIds),
    forgetAll: () => cache.forgetAll(),
    get bytes() {
      return cache.bytes;
    },
  };
}

const bytesOf = (hour: Hour) =>
  hour.reduce((sum, { content }) => sum + content.columns.times.length * READING_BYTES + ENTRY_BYTES, ENTRY_BYTES);
