import type { BlockRow, BlockStore, PeriodKey } from "./block-store.ts";
import { HourCache, type HourCacheOptions, type ReadFrom } from "./hour-cache.ts";
import { HOUR_MS, periodOf } from "./periods.ts";

/** A longer span is read once and gone; what people look at again and again is the last day. */
const HOURS_MAX = 24;
/** Of an entry and of a row, beside the file. */
const ENTRY_BYTES = 300;
const ROW_BYTES = 250;

export type BlockReads = Omit<
  BlockStore,
  "streams" | "runningStreams" | "sealedThrough" | "saveWatermark" | "joinDays" | "transaction"
>;

export interface FileCache extends BlockReads {
  /** Behind a sealing: all rows of the hour. */
  sealed(streamId: string, hour: number, rows: readonly BlockRow[]): void;
  forget(streamIds: readonly string[]): void;
  forgetAll(): void;
  readonly bytes: number;
}

/**
 * Files of numeric blocks that were written or read lately, encrypted as they are stored: an hour takes some hundred bytes, so a
 * ward's day stays here, and asking for it takes no round trip to the database. Without the patient's key there is nothing in them.
 */
export function cacheFiles(
  store: BlockReads,
  options: HourCacheOptions & { readonly isNumeric: (streamId: string) => boolean },
): FileCache {
  const files = new HourCache<readonly BlockRow[]>(options);

  async function blocksBetween(streamIds: readonly string[], from: number, to: number): Promise<BlockRow[]> {
    const first = periodOf(from, HOUR_MS);
    const end = Math.ceil(to / HOUR_MS) * HOUR_MS;
    const isShort = first === from && end - first <= HOURS_MAX * HOUR_MS;
    if (!isShort || !streamIds.every(options.isNumeric)) return store.blocksBetween(streamIds, from, to);
    const missing: string[] = [];
    const found = new Map<string, readonly BlockRow[]>();
    for (const streamId of streamIds) {
      const rows: BlockRow[] = [];
      let hour = first;
      for (; hour < end; hour += HOUR_MS) {
        const kept = files.find(streamId, hour);
        if (!kept) break;
        rows.push(...kept);
      }
      if (hour < end) missing.push(streamId);
      else found.set(streamId, rows);
    }
    if (missing.length > 0) {
      const began = missing.map((streamId) => beginAll(streamId, first, end));
      const read = Map.groupBy(await store.blocksBetween(missing, first, end), (row) => row.streamId);
      missing.forEach((streamId, i) => {
        const rows = (read.get(streamId) ?? []).map(own);
        found.set(streamId, rows);
        keepAll(streamId, first, began[i] as ReadFrom[], rows);
      });
    }
    return streamIds.flatMap((streamId) => found.get(streamId) ?? []).filter((row) => row.periodStart < to);
  }

  /** Hours by their names, as for a reading that is asked for by its id. */
  async function blocksOf(keys: readonly PeriodKey[]): Promise<BlockRow[]> {
    if (!keys.every(({ streamId, period }) => period % HOUR_MS === 0 && options.isNumeric(streamId)))
      return store.blocksOf(keys);
    const kept = keys.map(({ streamId, period }) => files.find(streamId, period));
    const missing = keys.filter((_, i) => !kept[i]);
    const began = missing.map(({ streamId, period }) => files.begin(streamId, period));
    const read = missing.length > 0 ? (await store.blocksOf(missing)).map(own) : [];
    const rowsOf = missing.map(({ streamId, period }, i) => {
      const rows = read.filter((row) => row.streamId === streamId && row.periodStart === period);
      if (isWhole(rows)) files.keep(streamId, period, began[i] as ReadFrom, rows, bytesOf(rows));
      return rows;
    });
    return kept.flatMap((rows) => rows ?? rowsOf.shift() ?? []);
  }

  function beginAll(streamId: string, first: number, end: number): ReadFrom[] {
    const began: ReadFrom[] = [];
    for (let hour = first; hour < end; hour += HOUR_MS) began.push(files.begin(streamId, hour));
    return began;
  }

  function keepAll(streamId: string, first: number, began: ReadFrom[], rows: readonly BlockRow[]): void {
    began.forEach((each, i) => {
      const hour = first + i * HOUR_MS;
      const own = rows.filter((row) => row.periodStart === hour);
      if (isWhole(own)) files.keep(streamId, hour, each, own, bytesOf(own));
    });
  }

  return {
    blocksBetween,
    blocksOf,
    blocksNext: (cursors, isDescending, periods) => store.blocksNext(cursors, isDescending, periods),
    overviewsBetween: (streamId, from, to) => store.overviewsBetween(streamId, from, to),
    rollupsBetween: (streamIds, from, to) => store.rollupsBetween(streamIds, from, to),
    newestBlocks: (streamIds) => store.newestBlocks(streamIds),
    sealed(streamId, hour, rows) {
      if (isWhole(rows)) files.sealed(streamId, hour, rows.map(own), bytesOf(rows));
    },
    forget: (streamIds) => files.forget(streamIds),
    forgetAll: () => files.forgetAll(),
    get bytes() {
      return files.bytes;
    },
  };
}

/** What the archive has lost may come back. */
const isWhole = (rows: readonly BlockRow[]) => !rows.some((row) => row.fault);

const bytesOf = (rows: readonly BlockRow[]) =>
  rows.reduce((sum, row) => sum + row.payload.length + ROW_BYTES, ENTRY_BYTES);

/** Without all that came from the database with it: a small file must not hold a large buffer. */
function own({ streamId, periodStart, associationId, payload, fault }: BlockRow): BlockRow {
  const row = { streamId, periodStart, associationId, payload: new Uint8Array(payload) };
  return fault ? { ...row, fault } : row;
}
