import { OutsideTrouble, RefusedInput } from "@openward/errors";
import { inTurns, type Turn } from "@openward/runtime/turns";
import {
  ColumnMemory,
  type Compressor,
  decodeNumericBlock,
  decodeOverview,
  decodeRollup,
  decodeTimesAndValues,
  decodeWaveformInPieces,
  mergeColumns,
  type NumericBlock,
  peekBlockHeader,
  type RollupSlot,
  type SecondsOverview,
  type WaveformRun,
} from "@openward/timeseries";
import type { BlockPacking } from "../keys/block-packing.ts";
import type { BlockCursor, BlockRow, PeriodKey } from "./block-store.ts";
import type { BlockReads } from "./file-cache.ts";

export interface StoreLog {
  info(fields: Readonly<Record<string, unknown>>, text: string): void;
  warn(fields: Readonly<Record<string, unknown>>, text: string): void;
  error(fields: Readonly<Record<string, unknown>>, text: string): void;
}

export interface Stored<T> {
  readonly streamId: string;
  readonly periodStart: number;
  readonly associationId: string;
  readonly content: T;
}

/** Blocks as they are stored, decoded. A block that cannot be read is reported and left out: the rest stays readable. */
export interface Blocks {
  /**
   * Numeric blocks whose periods begin in [from, to), oldest first.
   *
   * @param memory to decode into: who gives it has read everything before it is cleared
   */
  numericBetween(
    streamIds: readonly string[],
    from: number,
    to: number,
    memory?: ColumnMemory,
  ): Promise<Stored<NumericBlock>[]>;
  /**
   * The same as times and values, a period of a stream at a time; they are gone when `use` returns.
   *
   * @returns periods of which something could not be read
   */
  eachPeriod(streamIds: readonly string[], from: number, to: number, use: UsePeriod): Promise<PeriodKey[]>;
  numericOf(keys: readonly PeriodKey[]): Promise<Stored<NumericBlock>[]>;
  /**
   * Of each stream the next `periods` periods that begin in [from, to), from the end or the beginning. One that cannot be
   * read is there without its content, so that the reader goes on behind it.
   */
  numericNext(
    cursors: readonly BlockCursor[],
    isDescending: boolean,
    periods: number,
  ): Promise<Stored<NumericBlock | undefined>[]>;
  /** Periods that begin in [from, to), oldest first; one that cannot be read is there without its content. */
  waveformBetween(streamId: string, from: number, to: number): Promise<Stored<readonly WaveformRun[] | undefined>[]>;
  overviewBetween(streamId: string, from: number, to: number): Promise<Stored<SecondsOverview>[]>;
  /** Days that begin in [from, to); one that cannot be read is there without its slots. */
  rollupsBetween(
    streamIds: readonly string[],
    from: number,
    to: number,
  ): Promise<Stored<readonly RollupSlot[] | undefined>[]>;
  /** Time of the newest reading or sample, numeric with its block, per stream that has blocks. */
  newest(
    streamIds: readonly string[],
  ): Promise<{ streamId: string; lastTime: number; block: NumericBlock | undefined }[]>;
  /** Blocks that could not be read since the start. */
  readonly damaged: number;
}

export type UsePeriod = (streamId: string, period: number, times: Float64Array, values: Float64Array) => void;

/** An hour of a device that measures three times a second. */
const PERIOD_READINGS = 11_000;

type Decode<T> = (payload: Uint8Array, packed: Compressor) => T;

const numeric: Decode<NumericBlock> = (payload, packed) => decodeNumericBlock(payload, packed);

/**
 * What was encrypted under a key that has been destroyed is as if it were not there.
 *
 * @param turn between any two blocks, and some thousand samples of one
 */
export function createBlocks(store: BlockReads, packing: BlockPacking, log: StoreLog, turn: Turn): Blocks {
  let damaged = 0;
  const periodMemory = new ColumnMemory(PERIOD_READINGS * 16);

  const rowsOf = async <T>(rows: Promise<T[]>): Promise<T[]> => {
    try {
      return await rows;
    } catch (error) {
      if (error instanceof OutsideTrouble) throw error;
      throw new OutsideTrouble("DATABASE_UNREACHABLE", true, { at: "blocks" }, { cause: error });
    }
  };
  const whereOf = ({ streamId, periodStart, associationId }: BlockRow) => ({ streamId, periodStart, associationId });
  const unreadable = (row: BlockRow, error: unknown): Stored<undefined> => {
    const where = whereOf(row);
    if (error instanceof RefusedInput && error.code === "KEY_DESTROYED") return { ...where, content: undefined };
    damaged++;
    log.error({ ...where, reason: (error as Error).message }, "a block cannot be read; it is left out");
    return { ...where, content: undefined };
  };
  const tried = <T>(row: BlockRow, decode: Decode<T>): Stored<T | undefined> => {
    try {
      if (row.fault) throw row.fault;
      return { ...whereOf(row), content: decode(row.payload, packing.of(row.streamId)) };
    } catch (error) {
      return unreadable(row, error);
    }
  };
  const triedAll = async <T>(rows: readonly BlockRow[], decode: Decode<T>): Promise<Stored<T | undefined>[]> => {
    const all: Stored<T | undefined>[] = [];
    for (const row of rows) {
      await turn();
      all.push(tried(row, decode));
    }
    return all;
  };
  const isRead = <T>(each: Stored<T | undefined>): each is Stored<T> => each.content !== undefined;
  const decoded = async <T>(rows: readonly BlockRow[], decode: Decode<T>): Promise<Stored<T>[]> =>
    (await triedAll(rows, decode)).filter(isRead);
  const waveform = async (row: BlockRow): Promise<Stored<readonly WaveformRun[] | undefined>> => {
    try {
      if (row.fault) throw row.fault;
      const decoding = decodeWaveformInPieces(row.payload, packing.of(row.streamId));
      return { ...whereOf(row), content: (await inTurns(turn, decoding)).runs };
    } catch (error) {
      return unreadable(row, error);
    }
  };

  return {
    get damaged() {
      return damaged;
    },
    numericBetween: async (streamIds, from, to, memory) =>
      decoded(await rowsOf(store.blocksBetween(streamIds, from, to)), (payload, packed) =>
        decodeNumericBlock(payload, packed, memory),
      ),
    async eachPeriod(streamIds, from, to, use) {
      const rows = await rowsOf(store.blocksBetween(streamIds, from, to));
      const failed: PeriodKey[] = [];
      for (let i = 0; i < rows.length; ) {
        const row = rows[i] as BlockRow;
        let end = i + 1;
        while (rows[end]?.streamId === row.streamId && rows[end]?.periodStart === row.periodStart) end++;
        await turn();
        if (end === i + 1) {
          const content = tried(row, (payload, packed) => decodeTimesAndValues(payload, packed, periodMemory)).content;
          if (content) use(row.streamId, row.periodStart, content.times, content.values);
          else failed.push({ streamId: row.streamId, period: row.periodStart });
          periodMemory.clear();
        } else {
          // Two associations in one period: what both have counts once.
          const parts = await decoded(rows.slice(i, end), numeric);
          if (parts.length < end - i) failed.push({ streamId: row.streamId, period: row.periodStart });
          const [first, ...others] = parts.map(({ content }) => content.columns);
          const all = first && others.reduce((before, columns) => mergeColumns(before, columns), first);
          if (all) use(row.streamId, row.periodStart, all.times, all.values);
        }
        i = end;
      }
      return failed;
    },
    numericOf: async (keys) => (keys.length === 0 ? [] : decoded(await rowsOf(store.blocksOf(keys)), numeric)),
    async numericNext(cursors, isDescending, periods) {
      if (cursors.length === 0) return [];
      return triedAll(await rowsOf(store.blocksNext(cursors, isDescending, periods)), numeric);
    },
    async waveformBetween(streamId, from, to) {
      const all: Stored<readonly WaveformRun[] | undefined>[] = [];
      for (const row of await rowsOf(store.blocksBetween([streamId], from, to))) all.push(await waveform(row));
      return all;
    },
    overviewBetween: async (streamId, from, to) =>
      decoded(await rowsOf(store.overviewsBetween(streamId, from, to)), decodeOverview),
    rollupsBetween: async (streamIds, from, to) =>
      triedAll(await rowsOf(store.rollupsBetween(streamIds, from, to)), decodeRollup),
    async newest(streamIds) {
      const rows = await rowsOf(store.newestBlocks(streamIds));
      const newest = new Map<string, { streamId: string; lastTime: number; block: NumericBlock | undefined }>();
      const consider = (streamId: string, lastTime: number, block?: NumericBlock) => {
        if (lastTime > (newest.get(streamId)?.lastTime ?? Number.NEGATIVE_INFINITY))
          newest.set(streamId, { streamId, lastTime, block });
      };
      for (const each of await decoded(
        rows.filter((row) => row.isNumeric),
        numeric,
      ))
        consider(each.streamId, each.content.header.lastTime, each.content);
      for (const each of await decoded(
        rows.filter((row) => !row.isNumeric),
        (beginning) => peekBlockHeader(beginning),
      ))
        consider(each.streamId, each.content.lastTime);
      return [...newest.values()];
    },
  };
}
