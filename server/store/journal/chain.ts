import type { DataKeys } from "../keys/ports.ts";
import { isRawBatch } from "../raw/format.ts";
import { readRawHeader } from "../raw/reader.ts";
import { type BatchVisitor, type RareEntry, readBatch } from "./batch.ts";
import type { Committer } from "./committer.ts";
import { dayOf } from "./group.ts";
import type { JournalLog } from "./ports.ts";
import type { JournalRow, PlacedEntry, RawRow } from "./projections.ts";

const CHUNK_BYTES = 2 * 1024 * 1024;
// Nobody waits for these, and they are larger than what a device waits for.
const WAIT_MS = 20_000;

export interface ChainContext {
  readonly committer: Committer;
  /** Makes sure that the journal takes rows of a day. */
  readonly prepareDay: (day: string) => Promise<void>;
  readonly keys: DataKeys;
  readonly log: JournalLog;
}

/** Insert batches into the journal as they would have been at first, tables included, some at a time. */
export async function chainBatches(
  batches: readonly Uint8Array[],
  { committer, prepareDay, keys, log }: ChainContext,
): Promise<void> {
  let rows: JournalRow[] = [];
  let raws: RawRow[] = [];
  let placed: PlacedEntry[] = [];
  let bytes = 0;
  let before = "";
  const flush = async () => {
    if (rows.length + raws.length > 0) await committer.commit({ rows, raws, placed }, WAIT_MS);
    [rows, raws, placed, bytes] = [[], [], [], 0];
  };
  for (const batch of batches) {
    if (isRawBatch(batch)) {
      // It stands in the spool behind the batch that came of it, and goes into the journal with it, or behind it.
      const { batchId, organisationId, position, writtenAt } = readRawHeader(batch);
      if (batchId !== before) {
        // Its batch is damaged, or was cut off with a write that was never confirmed.
        log.warn({ position }, "what was sent stands alone in the spool; it is left out");
        continue;
      }
      const day = dayOf(writtenAt);
      await prepareDay(day);
      raws.push({ day, position, batchId, organisationId, writtenAt, input: Buffer.from(batch) });
      bytes += batch.length;
      continue;
    }
    const entries: { entry: RareEntry; ordinal: number }[] = [];
    const header = readBatch(
      batch,
      onlyRare((entry, ordinal) => entries.push({ entry, ordinal })),
      keys,
      // Its row goes into the journal as it is, and the start that reads it says so again.
      ({ message }) => log.error({ reason: message }, "a slice of a spooled batch cannot be read"),
    );
    const { batchId, organisationId, position, writtenAt } = header;
    before = batchId;
    const day = dayOf(writtenAt);
    await prepareDay(day);
    rows.push({ day, position, batchId, organisationId, writtenAt, batch: Buffer.from(batch) });
    for (const each of entries) placed.push({ ...each, position, writtenAt });
    bytes += batch.length;
    if (bytes >= CHUNK_BYTES || rows.length + raws.length >= 100) await flush();
  }
  await flush();
}

function onlyRare(entry: (entry: RareEntry, ordinal: number) => void): BatchVisitor<never> {
  return { stream: () => undefined, reading() {}, waveform() {}, entry };
}
