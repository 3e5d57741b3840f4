import type { Stream } from "@openward/model";

/** A stream and the start of one of its periods. */
export interface PeriodKey {
  readonly streamId: string;
  readonly period: number;
}

/** Where one stream is read on from. */
export interface BlockCursor {
  readonly streamId: string;
  readonly from: number;
  readonly to: number;
}

/** A block, an overview or a rollup as it is stored; `periodStart` is the start of its period, or of a rollup's day. */
export interface BlockRow {
  readonly streamId: string;
  readonly periodStart: number;
  readonly associationId: string;
  readonly payload: Uint8Array;
  /** Why there is no payload: the archive has lost it. */
  readonly fault?: Error;
}

/** A block or a rollup as it is saved: in the place of the one with the same key, where there is one. */
export interface SavedRow extends BlockRow {
  readonly organisationId: string;
  readonly patientId: string;
}

export interface SavedBlock extends SavedRow {
  readonly overview: Uint8Array | null;
  /** Everything up to this place in the journal is in the block. */
  readonly sealedThrough: number;
  readonly sealedAt: number;
}

export interface RollupKey {
  readonly streamId: string;
  readonly dayStart: number;
  readonly associationId: string;
}

/** Days that are over, and in which some block was written last at `sealedBefore` or earlier. */
export interface DueDays {
  /** The day of this time is the first that is not over. */
  readonly before: number;
  readonly sealedBefore: number;
}

/**
 * Blocks, rollups and how far sealing has come, as rows: PostgreSQL on a machine and its archive, a model in simulation.
 * Blocks are read through both tiers; where the archive does not answer, OutsideTrouble ARCHIVE_UNREACHABLE.
 */
export interface BlockStore {
  /** Blocks of periods that begin in [from, to), ordered by stream and period. */
  blocksBetween(streamIds: readonly string[], from: number, to: number): Promise<BlockRow[]>;
  blocksOf(keys: readonly PeriodKey[]): Promise<BlockRow[]>;
  /** Of each stream the next `periods` periods that begin in [from, to), from the end or the beginning. */
  blocksNext(cursors: readonly BlockCursor[], isDescending: boolean, periods: number): Promise<BlockRow[]>;
  overviewsBetween(streamId: string, from: number, to: number): Promise<BlockRow[]>;
  /** Rollups of days that begin in [from, to). */
  rollupsBetween(streamIds: readonly string[], from: number, to: number): Promise<BlockRow[]>;
  /** The two newest blocks of each stream, and all of the same period; of a waveform the first bytes of the payload, with the header. */
  newestBlocks(streamIds: readonly string[]): Promise<(BlockRow & { readonly isNumeric: boolean })[]>;

  streams(): Promise<Stream[]>;
  /** Streams whose device is on their patient now. */
  runningStreams(): Promise<string[]>;
  /** Of blocks that have something from this place in the journal on, or later: up to which place they have everything. */
  sealedThrough(watermark: number): Promise<(PeriodKey & { readonly through: number })[]>;
  saveWatermark(organisationIds: readonly string[], watermark: number, now: number): Promise<void>;

  /**
   * Put the numeric blocks of finished days together, a row for each stream, day and association, which takes less room.
   * What is read is the same before and after.
   *
   * @returns how many days were written
   */
  joinDays(due: DueDays): Promise<number>;

  /** All of the work or nothing of it. A rejection says nothing about whether it was: doing it again is harmless. */
  transaction(work: (rows: SealRows) => Promise<void>): Promise<void>;
}

/** Rows within a transaction. */
export interface SealRows {
  blocksOf(keys: readonly PeriodKey[]): Promise<BlockRow[]>;
  /** Numeric blocks of the periods of one day. */
  blocksOfDay(key: RollupKey): Promise<BlockRow[]>;
  /** Keep a block that cannot be read beside the others, before it is replaced. */
  setAside(block: BlockRow, now: number): Promise<void>;
  saveBlocks(blocks: readonly SavedBlock[]): Promise<void>;
  rollupsOf(keys: readonly RollupKey[]): Promise<BlockRow[]>;
  saveRollups(rollups: readonly SavedRow[]): Promise<void>;
}
