import { OutsideTrouble } from "@openward/errors";
import {
  decodeNumericBlock,
  decodeOverview,
  decodeRollup,
  decodeWaveformBlock,
  type NumericBlock,
  peekBlockHeader,
  type RollupSlot,
  type SecondsOverview,
  type WaveformRun,
} from "@openward/timeseries";
import type { Pool } from "pg";
import { zstd } from "./compression.ts";

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

/** A stream and the start of one of its periods. */
export interface PeriodKey {
  readonly streamId: string;
  readonly period: number;
}

/** Blocks as PostgreSQL has them, decoded. A block that cannot be read is reported and left out: the rest stays readable. */
export interface Blocks {
  /** Numeric blocks whose periods begin in [from, to), oldest first. */
  numericBetween(streamIds: readonly string[], from: number, to: number): Promise<Stored<NumericBlock>[]>;
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
  waveformBetween(streamId: string, from: number, to: number): Promise<Stored<readonly WaveformRun[]>[]>;
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

export interface BlockCursor {
  readonly streamId: string;
  readonly from: number;
  readonly to: number;
}

interface Row {
  readonly stream_id: string;
  readonly period_start: number;
  readonly association_id: string;
  readonly payload: Buffer;
}

const COLUMNS =
  "b.stream_id::text AS stream_id, b.period_start::float8 AS period_start, b.association_id::text AS association_id";
const HEADER_BYTES = 256;

/** @param pool under the role `worker` */
export function createBlocks(pool: Pool, log: StoreLog): Blocks {
  let damaged = 0;

  const rowsOf = async (text: string, values: unknown[]): Promise<Row[]> => {
    try {
      const { rows } = await pool.query(text, values);
      return rows as Row[];
    } catch (error) {
      throw new OutsideTrouble("DATABASE_UNREACHABLE", true, { at: "blocks" }, { cause: error });
    }
  };
  const tried = <T>(row: Row, decode: (payload: Uint8Array) => T): Stored<T | undefined> => {
    const where = { streamId: row.stream_id, periodStart: row.period_start, associationId: row.association_id };
    try {
      return { ...where, content: decode(row.payload) };
    } catch (error) {
      damaged++;
      log.error({ ...where, reason: (error as Error).message }, "a block cannot be read; it is left out");
      return { ...where, content: undefined };
    }
  };
  const decoded = <T>(rows: readonly Row[], decode: (payload: Uint8Array) => T): Stored<T>[] =>
    rows.map((row) => tried(row, decode)).filter((each): each is Stored<T> => each.content !== undefined);
  const numeric = (payload: Uint8Array) => decodeNumericBlock(payload, zstd);

  return {
    get damaged() {
      return damaged;
    },
    async numericBetween(streamIds, from, to) {
      const text = `SELECT ${COLUMNS}, b.payload FROM block b
        WHERE b.stream_id = ANY($1::uuid[]) AND b.period_start >= $2 AND b.period_start < $3
        ORDER BY b.stream_id, b.period_start`;
      return decoded(await rowsOf(text, [streamIds, from, to]), numeric);
    },
    async numericOf(keys) {
      if (keys.length === 0) return [];
      const text = `SELECT ${COLUMNS}, b.payload FROM unnest($1::uuid[], $2::bigint[]) AS k (stream_id, period_start)
        JOIN block b USING (stream_id, period_start) ORDER BY b.stream_id, b.period_start`;
      return decoded(await rowsOf(text, [keys.map((key) => key.streamId), keys.map((key) => key.period)]), numeric);
    },
    async numericNext(cursors, isDescending, periods) {
      if (cursors.length === 0) return [];
      const order = isDescending ? "DESC" : "ASC";
      const text = `SELECT ${COLUMNS}, b.payload FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS c (stream_id, since, until)
        JOIN LATERAL (SELECT DISTINCT n.period_start FROM block n
          WHERE n.stream_id = c.stream_id AND n.period_start >= c.since AND n.period_start < c.until
          ORDER BY n.period_start ${order} LIMIT $4) AS p ON true
        JOIN block b ON b.stream_id = c.stream_id AND b.period_start = p.period_start
        ORDER BY b.stream_id, b.period_start`;
      const values = [
        cursors.map((c) => c.streamId),
        cursors.map((c) => Math.floor(c.from)),
        cursors.map((c) => Math.ceil(c.to)),
        periods,
      ];
      return (await rowsOf(text, values)).map((row) => tried(row, numeric));
    },
    async waveformBetween(streamId, from, to) {
      const text = `SELECT ${COLUMNS}, b.payload FROM block b
        WHERE b.stream_id = $1 AND b.period_start >= $2 AND b.period_start < $3 ORDER BY b.period_start`;
      return decoded(await rowsOf(text, [streamId, from, to]), (payload) => decodeWaveformBlock(payload, zstd).runs);
    },
    async overviewBetween(streamId, from, to) {
      const text = `SELECT ${COLUMNS}, b.overview AS payload FROM block b
        WHERE b.stream_id = $1 AND b.period_start >= $2 AND b.period_start < $3 AND b.overview IS NOT NULL ORDER BY b.period_start`;
      return decoded(await rowsOf(text, [streamId, from, to]), (payload) => decodeOverview(payload, zstd));
    },
    async rollupsBetween(streamIds, from, to) {
      const text = `SELECT b.stream_id::text AS stream_id, b.day_start::float8 AS period_start, b.association_id::text AS association_id, b.payload
        FROM rollup b WHERE b.stream_id = ANY($1::uuid[]) AND b.day_start >= $2 AND b.day_start < $3 ORDER BY b.stream_id, b.day_start`;
      return (await rowsOf(text, [streamIds, from, to])).map((row) =>
        tried(row, (payload) => decodeRollup(payload, zstd)),
      );
    },
    async newest(streamIds) {
      // The two newest rows: where an association changed within the period, both belong to it. Waveforms need no samples.
      const text = `SELECT ${COLUMNS}, CASE WHEN s.kind = 'numeric' THEN b.payload ELSE substring(b.payload FROM 1 FOR ${HEADER_BYTES}) END AS payload,
          s.kind = 'numeric' AS is_numeric
        FROM stream s CROSS JOIN LATERAL (
          SELECT * FROM block WHERE stream_id = s.id ORDER BY period_start DESC LIMIT 2) AS b
        WHERE s.id = ANY($1::uuid[])`;
      const rows = (await rowsOf(text, [streamIds])) as (Row & { is_numeric: boolean })[];
      const newest = new Map<string, { streamId: string; lastTime: number; block: NumericBlock | undefined }>();
      const consider = (streamId: string, lastTime: number, block?: NumericBlock) => {
        if (lastTime > (newest.get(streamId)?.lastTime ?? Number.NEGATIVE_INFINITY))
          newest.set(streamId, { streamId, lastTime, block });
      };
      for (const each of decoded(
        rows.filter((row) => row.is_numeric),
        numeric,
      ))
        consider(each.streamId, each.content.header.lastTime, each.content);
      for (const each of decoded(
        rows.filter((row) => !row.is_numeric),
        peekBlockHeader,
      ))
        consider(each.streamId, each.content.lastTime);
      return [...newest.values()];
    },
  };
}
