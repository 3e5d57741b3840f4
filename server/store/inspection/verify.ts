import { RefusedInput } from "@openward/errors";
import type { Stream } from "@openward/model";
import { decodeOverview, decodeWaveformBlock } from "@openward/timeseries";
import type { Pool } from "pg";
import { type BatchVisitor, readBatch } from "../journal/index.ts";
import type { BlockPacking, DataKeys } from "../keys/index.ts";
import { openRaw } from "../keys/index.ts";
import type { Fault, Queries } from "./ports.ts";
import { verifyNumeric } from "./verify-numeric.ts";

export interface VerifyOptions {
  /** Under the role `worker`. */
  readonly worker: Pool;
  readonly keys: DataKeys;
  readonly packing: BlockPacking;
  /** Hours of a numeric stream that are in no block here, but in the archive. */
  readonly elsewhere?: (streamId: string, from: number, to: number) => Promise<ReadonlySet<number>>;
  readonly progress: (text: string) => void;
}

export interface Verification {
  readonly blocks: number;
  readonly overviews: number;
  readonly rollups: number;
  readonly journalRows: number;
  readonly quarantined: number;
  /** Readings and samples that were decoded from blocks. */
  readonly readings: number;
  readonly faults: readonly Fault[];
}

/** What is being counted; `fault` notes a row that is wrong, unless it was erased. */
export interface Findings {
  readonly counts: {
    blocks: number;
    overviews: number;
    rollups: number;
    journalRows: number;
    quarantined: number;
    readings: number;
  };
  fault(where: Omit<Fault, "reason">, reason: unknown): void;
}

/**
 * Decode everything that is stored: checksum, encryption, content. Blocks are compared with their rollups. What is wrong is
 * noted and the rest is read on. Each stream is read in one snapshot, so that sealing meanwhile is no fault.
 */
export async function verifyStore({
  worker,
  keys,
  packing,
  elsewhere,
  progress,
}: VerifyOptions): Promise<Verification> {
  const faults: Fault[] = [];
  const noted = new Set<string>();
  const counts = { blocks: 0, overviews: 0, rollups: 0, journalRows: 0, quarantined: 0, readings: 0 };
  const findings: Findings = {
    counts,
    fault(where, reason) {
      if (reason instanceof RefusedInput && reason.code === "KEY_DESTROYED") return;
      const known = `${where.kind} ${where.key}`;
      if (noted.has(known)) return;
      noted.add(known);
      faults.push({ ...where, reason: reason instanceof Error ? reason.message : String(reason) });
    },
  };
  const streams = await streamsOf(worker);
  progress(`${streams.length} streams ...`);
  for (const stream of streams) {
    if (stream.kind === "waveform") await verifyWaveform(worker, stream, packing, findings);
    else
      await inSnapshot(worker, (client) =>
        verifyNumeric(client, stream, { packing, findings, elsewhere: elsewhere ?? (async () => new Set()) }),
      );
  }
  progress("the journal ...");
  await verifyJournal(worker, keys, findings);
  progress("quarantined input ...");
  await verifyQuarantine(worker, keys, findings);
  return { ...counts, faults };
}

async function streamsOf(worker: Queries): Promise<Stream[]> {
  const { rows } = await worker.query(
    `SELECT id::text AS id, organisation_id::text AS "organisationId", patient_id::text AS "patientId",
      device_id AS "deviceId", signal, kind, unit FROM stream ORDER BY id`,
  );
  return rows as Stream[];
}

async function inSnapshot(pool: Pool, work: (client: Queries) => Promise<void>): Promise<void> {
  const client = await pool.connect();
  let failed: unknown;
  try {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    await work(client);
    await client.query("COMMIT");
  } catch (error) {
    failed = error;
    throw error;
  } finally {
    client.release(failed instanceof Error ? failed : undefined);
  }
}

const WAVEFORM_PAGE = 16;
const JOURNAL_PAGE = 64;
const QUARANTINE_PAGE = 64;
const NIL = "00000000-0000-0000-0000-000000000000";

interface WaveformRow {
  readonly at: number;
  readonly associationId: string;
  readonly payload: Uint8Array;
  readonly overview: Uint8Array | null;
}

async function verifyWaveform(worker: Queries, stream: Stream, packing: BlockPacking, { counts, fault }: Findings) {
  const { id, organisationId, patientId } = stream;
  let [after, association] = [Number.MIN_SAFE_INTEGER, NIL];
  for (;;) {
    const { rows } = await worker.query(
      `SELECT period_start::float8 AS at, association_id::text AS "associationId", payload, overview FROM block
        WHERE stream_id = $1 AND (period_start, association_id) > ($2::bigint, $3::uuid)
        ORDER BY period_start, association_id LIMIT ${WAVEFORM_PAGE}`,
      [id, after, association],
    );
    const page = rows as WaveformRow[];
    const last = page.at(-1);
    if (!last) return;
    for (const { at, associationId, payload, overview } of page) {
      const where = { key: `${id} ${at} ${associationId}`, organisationId, patientId };
      counts.blocks++;
      try {
        counts.readings += decodeWaveformBlock(payload, packing.of(id)).header.count;
      } catch (error) {
        fault({ kind: "block", ...where }, error);
      }
      if (!overview) continue;
      counts.overviews++;
      try {
        decodeOverview(overview, packing.of(id));
      } catch (error) {
        fault({ kind: "overview", ...where }, error);
      }
    }
    [after, association] = [last.at, last.associationId];
  }
}

async function verifyJournal(worker: Queries, keys: DataKeys, { counts, fault }: Findings): Promise<void> {
  const everything: BatchVisitor<string> = {
    stream: (streamId) => streamId,
    reading() {},
    waveform: (_stream, _head, samples) => void samples(),
    entry() {},
  };
  let after = -1;
  for (;;) {
    const { rows } = await worker.query(
      `SELECT position::float8 AS position, organisation_id::text AS "organisationId", batch FROM journal
        WHERE position > $1 ORDER BY position LIMIT ${JOURNAL_PAGE}`,
      [after],
    );
    const page = rows as { position: number; organisationId: string; batch: Uint8Array }[];
    const last = page.at(-1);
    if (!last) return;
    for (const { position, organisationId, batch } of page) {
      counts.journalRows++;
      const report = (error: unknown) =>
        fault({ kind: "journal", key: String(position), organisationId, patientId: null }, error);
      try {
        readBatch(batch, everything, keys, report);
      } catch (error) {
        report(error);
      }
    }
    after = last.position;
  }
}

async function verifyQuarantine(worker: Queries, keys: DataKeys, { counts, fault }: Findings): Promise<void> {
  let after = NIL;
  for (;;) {
    const { rows } = await worker.query(
      `SELECT id::text AS id, organisation_id::text AS "organisationId", raw FROM quarantine
        WHERE id > $1 ORDER BY id LIMIT ${QUARANTINE_PAGE}`,
      [after],
    );
    const page = rows as { id: string; organisationId: string; raw: Uint8Array }[];
    const last = page.at(-1);
    if (!last) return;
    for (const entry of page) {
      counts.quarantined++;
      try {
        openRaw(keys, entry);
      } catch (error) {
        fault({ kind: "quarantine", key: entry.id, organisationId: entry.organisationId, patientId: null }, error);
      }
    }
    after = last.id;
  }
}
