import type { BatchVisitor, ReadingKeys } from "./batch.ts";
import { readBatch } from "./batch.ts";
import type { JournalLog } from "./ports.ts";
import type { JournalRows } from "./rows.ts";

const PAGE_ROWS = 64;

export interface Recovered {
  readonly batches: number;
  /** Rows that could not be read: reported, and left where they are. */
  readonly unreadable: number;
  /** Position of the newest row, or 0. */
  readonly last: number;
}

/**
 * Read the journal again from a position on, in order. The next page is fetched while one is read.
 *
 * @param visitorAt for the batch at a position
 */
export async function replayJournal(
  rows: JournalRows,
  from: number,
  visitorAt: (position: number) => BatchVisitor<unknown>,
  keys: ReadingKeys,
  log: JournalLog,
): Promise<Recovered> {
  let batches = 0;
  let unreadable = 0;
  let last = 0;
  let next = rows.page(from - 1, PAGE_ROWS);
  for (;;) {
    const page = await next;
    const newest = page.at(-1);
    if (!newest) return { batches, unreadable, last };
    last = newest.position;
    next = rows.page(last, PAGE_ROWS);
    // Awaited in the next turn; until then a rejection is not unhandled.
    next.catch(() => {});
    for (const { position, batch } of page) {
      let faults = 0;
      const report = (error: unknown) => {
        faults++;
        log.error(
          { position, reason: (error as Error).message },
          "a row of the journal, or a part of it, cannot be read; it is left where it is",
        );
      };
      try {
        readBatch(batch, visitorAt(position), keys, report);
      } catch (error) {
        report(error);
      }
      if (faults === 0) batches++;
      else unreadable++;
    }
  }
}
