import { peekBlockHeader } from "@openward/timeseries";
import type { Queries } from "./ports.ts";

export interface TableSize {
  readonly name: string;
  /** Estimated by PostgreSQL. */
  readonly rows: number;
  readonly bytes: number;
  readonly indexBytes: number;
}

export interface KindSize {
  readonly streams: number;
  readonly blocks: number;
  /** Readings, or samples of waveforms. */
  readonly readings: number;
  /** Of the blocks themselves. */
  readonly bytes: number;
}

export interface StoreStats {
  readonly tables: readonly TableSize[];
  /** Where the bytes are: tables with their indexes. */
  readonly parts: Readonly<Record<"blocks" | "rollups" | "journal" | "rawInput" | "other", number>> & {
    readonly indexes: number;
  };
  readonly kinds: Readonly<Record<"numeric" | "waveform", KindSize>>;
  readonly signals: readonly (KindSize & { readonly signal: string; readonly bytesPerReading: number })[];
  /** Readings and samples in blocks. */
  readonly readings: number;
  /** Blocks, rollups and their indexes, by readings and samples; null: there are none. */
  readonly bytesPerReading: number | null;
  /** Up to where the journal is in blocks. */
  readonly journal: { readonly rows: number; readonly notSealed: number; readonly days: readonly string[] };
  readonly damaged: { readonly setAside: number; readonly faults: number };
  readonly total: number;
}

const PART_OF: Readonly<Record<string, keyof StoreStats["parts"]>> = {
  block: "blocks",
  day_block: "blocks",
  rollup: "rollups",
  day_distribution: "rollups",
  journal: "journal",
  quarantine: "rawInput",
};
const HEADER_BYTES = 256;
const PAGE = 2_000;

/** @param worker under the role `worker` */
export async function storeStats(worker: Queries): Promise<StoreStats> {
  const tables = await tableSizes(worker);
  const parts = { blocks: 0, rollups: 0, journal: 0, rawInput: 0, other: 0, indexes: 0 };
  for (const { name, bytes, indexBytes } of tables) {
    parts[PART_OF[name] ?? "other"] += bytes;
    parts.indexes += indexBytes;
  }
  const signals = await signalSizes(worker);
  const kinds = { numeric: sumOf(signals, "numeric"), waveform: sumOf(signals, "waveform") };
  const readings = kinds.numeric.readings + kinds.waveform.readings;
  return {
    tables,
    parts,
    kinds,
    signals: signals.map(({ kind: _, ...size }) => ({
      ...size,
      bytesPerReading: perReading(size.bytes, size.readings) ?? 0,
    })),
    readings,
    bytesPerReading: perReading(parts.blocks + parts.rollups, readings),
    journal: await journalSize(worker),
    damaged: await damage(worker),
    total: tables.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

const perReading = (bytes: number, readings: number) =>
  readings === 0 ? null : Math.round((bytes / readings) * 10_000) / 10_000;

type SignalSize = KindSize & { signal: string; kind: "numeric" | "waveform" };

function sumOf(signals: readonly SignalSize[], kind: SignalSize["kind"]): KindSize {
  const sum = { streams: 0, blocks: 0, readings: 0, bytes: 0 };
  for (const each of signals) {
    if (each.kind !== kind) continue;
    sum.streams += each.streams;
    sum.blocks += each.blocks;
    sum.readings += each.readings;
    sum.bytes += each.bytes;
  }
  return sum;
}

/** Partitions are counted with their table. */
async function tableSizes(worker: Queries): Promise<TableSize[]> {
  const { rows } = await worker.query(
    `SELECT coalesce(p.relname, c.relname)::text AS name, sum(greatest(c.reltuples, 0))::float8 AS rows,
        sum(pg_total_relation_size(c.oid))::float8 AS bytes, sum(pg_indexes_size(c.oid))::float8 AS "indexBytes"
      FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class p ON p.oid = i.inhparent
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' GROUP BY 1 ORDER BY 3 DESC, 1`,
  );
  return rows as TableSize[];
}

/** From the headers of blocks, which stand in plain in front of each. */
async function signalSizes(worker: Queries): Promise<SignalSize[]> {
  const { rows } = await worker.query("SELECT id::text AS id, signal, kind FROM stream ORDER BY id");
  const streams = new Map((rows as { id: string; signal: string; kind: SignalSize["kind"] }[]).map((s) => [s.id, s]));
  const sizes = new Map<string, SignalSize>();
  for (const { signal, kind } of streams.values()) {
    const key = `${kind} ${signal}`;
    const known = sizes.get(key) ?? { signal, kind, streams: 0, blocks: 0, readings: 0, bytes: 0 };
    sizes.set(key, { ...known, streams: known.streams + 1 });
  }
  for await (const { streamId, head, bytes } of headers(worker)) {
    const stream = streams.get(streamId);
    const size = stream && sizes.get(`${stream.kind} ${stream.signal}`);
    if (!stream || !size) continue;
    const readings = countOf(head);
    sizes.set(`${stream.kind} ${stream.signal}`, {
      ...size,
      blocks: size.blocks + 1,
      readings: size.readings + readings,
      bytes: size.bytes + bytes,
    });
  }
  return [...sizes.values()].sort((a, b) => b.bytes - a.bytes || a.signal.localeCompare(b.signal));
}

/** 0 where the header cannot be read: `verify` says so. */
function countOf(head: Uint8Array): number {
  try {
    return peekBlockHeader(head).count;
  } catch {
    return 0;
  }
}

interface Head {
  readonly streamId: string;
  readonly head: Uint8Array;
  readonly bytes: number;
}

async function* headers(worker: Queries): AsyncGenerator<Head> {
  yield* paged(worker, (after) => ({
    text: `SELECT stream_id::text AS "streamId", period_start::float8 AS at, association_id::text AS "associationId",
        substring(payload FROM 1 FOR ${HEADER_BYTES}) AS head, octet_length(payload) + coalesce(octet_length(overview), 0) AS bytes
      FROM block WHERE (stream_id, period_start, association_id) > ($1::uuid, $2::bigint, $3::uuid)
      ORDER BY stream_id, period_start, association_id LIMIT ${PAGE}`,
    values: after,
  }));
  // An hour that stands in `block` as well is the older one, and not counted.
  yield* paged(worker, (after) => ({
    text: `SELECT d.stream_id::text AS "streamId", d.day_start::float8 AS at, d.association_id::text AS "associationId",
        h.head, h.bytes
      FROM (SELECT * FROM day_block WHERE (stream_id, day_start, association_id) > ($1::uuid, $2::bigint, $3::uuid)
        ORDER BY stream_id, day_start, association_id LIMIT ${PAGE / 20}) AS d
      CROSS JOIN LATERAL (SELECT substring(d.payload FROM d.bounds[n + 1] + 1 FOR least(${HEADER_BYTES}, d.bounds[n + 2] - d.bounds[n + 1])) AS head,
          d.bounds[n + 2] - d.bounds[n + 1] AS bytes
        FROM generate_series(0, 23) AS n WHERE d.bounds[n + 2] > d.bounds[n + 1] AND NOT EXISTS (SELECT FROM block b
          WHERE b.stream_id = d.stream_id AND b.association_id = d.association_id
            AND b.period_start = d.day_start + n * 3600000::bigint)) AS h
      ORDER BY d.stream_id, d.day_start, d.association_id`,
    values: after,
  }));
}

const NIL = "00000000-0000-0000-0000-000000000000";

type PagedRow = Head & { readonly at: number; readonly associationId: string };

async function* paged(
  worker: Queries,
  page: (after: [string, number, string]) => { text: string; values: unknown[] },
): AsyncGenerator<Head> {
  let after: [string, number, string] = [NIL, Number.MIN_SAFE_INTEGER, NIL];
  for (;;) {
    const { text, values } = page(after);
    const { rows } = await worker.query(text, values);
    const last = (rows as PagedRow[]).at(-1);
    if (!last) return;
    yield* rows as PagedRow[];
    after = [last.streamId, last.at, last.associationId];
  }
}

async function journalSize(worker: Queries): Promise<StoreStats["journal"]> {
  const { rows } = await worker.query(
    `SELECT count(*)::float8 AS rows, count(*) FILTER (WHERE position >= coalesce((SELECT min(watermark) FROM seal_state), 0))::float8
        AS "notSealed", coalesce(array_agg(DISTINCT day::text), '{}') AS days FROM journal`,
  );
  return rows[0] as StoreStats["journal"];
}

async function damage(worker: Queries): Promise<StoreStats["damaged"]> {
  const { rows } = await worker.query(
    `SELECT (SELECT count(*) FROM damaged_block)::float8 AS "setAside",
      (SELECT count(*) FROM store_fault WHERE mended_at IS NULL)::float8 AS faults`,
  );
  return rows[0] as StoreStats["damaged"];
}
