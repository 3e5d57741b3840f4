import type { BatchVisitor } from "./batch.ts";
import { readBatch } from "./batch.ts";
import type { JournalLog, WorkerQueries } from "./ports.ts";

const PAGE_ROWS = 64;

export interface Recovered {
  readonly batches: number;
  /** Rows that could not be read: reported, and left where they are. */
  readonly unreadable: number;
  /** Position of the newest row, or 0. */
  readonly last: number;
}

/** From which position on the journal is not all in blocks; 0 when nothing has been sealed yet. */
export async function readWatermark(worker: WorkerQueries): Promise<number> {
  const { rows } = await worker.query("SELECT min(watermark)::float8 AS watermark FROM seal_state");
  return (rows[0] as { watermark: number | null }).watermark ?? 0;
}

/**
 * Read the journal again from a position on, in order. The next page is fetched while one is read.
 *
 * @param visitorAt for the batch at a position
 */
export async function replayJournal(
  worker: WorkerQueries,
  from: number,
  visitorAt: (position: number) => BatchVisitor<unknown>,
  log: JournalLog,
): Promise<Recovered> {
  let batches = 0;
  let unreadable = 0;
  let last = 0;
  let next = fetchPage(worker, from - 1);
  for (;;) {
    const page = await next;
    const newest = page.at(-1);
    if (!newest) return { batches, unreadable, last };
    last = newest.position;
    next = fetchPage(worker, last);
    // Awaited in the next turn; until then a rejection is not unhandled.
    next.catch(() => {});
    for (const { position, batch } of page) {
      try {
        readBatch(batch, visitorAt(position));
        batches++;
      } catch (error) {
        unreadable++;
        log.error(
          { position, reason: (error as Error).message },
          "a row of the journal cannot be read; it is left where it is",
        );
      }
    }
  }
}

async function fetchPage(worker: WorkerQueries, after: number): Promise<{ position: number; batch: Buffer }[]> {
  const text = "SELECT position::float8 AS position, batch FROM journal WHERE position > $1 ORDER BY position LIMIT $2";
  const { rows } = await worker.query(text, [after, PAGE_ROWS]);
  return rows as { position: number; batch: Buffer }[];
}
