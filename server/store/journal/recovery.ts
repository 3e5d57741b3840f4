import type { Delivery } from "@openward/model";
import type { DataKeys } from "../keys/ports.ts";
import type { BatchVisitor, ReadingKeys } from "./batch.ts";
import { readBatch, readBatchHeader } from "./batch.ts";
import type { JournalLog } from "./ports.ts";
import type { JournalRows } from "./rows.ts";

const PAGE_ROWS = 64;

export interface Recovered {
  readonly batches: number;
  /** Rows that could not be read: reported, and left where they are. */
  readonly unreadable: number;
}

/** How the journal is read while others work. */
export interface ReadingPace {
  /** After each row: undefined, or a while in which others have their turn. Rejects to give up. */
  turn(): Promise<void> | undefined;
  /** The database did not answer: resolves when it is to be asked again. Rejects to give up. */
  failed(error: unknown): Promise<void>;
}

/** Which rows are read: both positions inclusive. */
export interface RowSpan {
  readonly from: number;
  readonly until: number;
}

const AT_ONCE: ReadingPace = { turn: () => undefined, failed: (error) => Promise.reject(error) };

/**
 * Read the journal again, in order. The next page is fetched while one is read.
 *
 * @param visitorAt for the batch at a position
 */
export async function replayJournal(
  rows: JournalRows,
  span: RowSpan,
  visitorAt: (position: number) => BatchVisitor<unknown>,
  keys: ReadingKeys,
  log: JournalLog,
  pace: ReadingPace = AT_ONCE,
): Promise<Recovered> {
  let batches = 0;
  let unreadable = 0;
  const read = (position: number, batch: Uint8Array) => {
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
  };
  await eachRow(rows, span, pace, read);
  return { batches, unreadable };
}

/**
 * Only the deliveries: few, and under the organisations' keys, so that nothing else is decrypted for them. What cannot be
 * read is reported by whoever reads the rest.
 */
export function replayDeliveries(
  rows: JournalRows,
  span: RowSpan,
  found: (delivery: Delivery) => void,
  keys: DataKeys,
  pace: ReadingPace,
): Promise<void> {
  const ofOrganisations = new Map<string, BatchVisitor<never>>();
  const visitorOf = (organisationId: string) => {
    let visitor = ofOrganisations.get(organisationId);
    if (!visitor) {
      const { id } = keys.ofOrganisation(organisationId);
      visitor = {
        slice: (keyId) => keyId === id,
        stream: () => undefined,
        reading() {},
        waveform() {},
        entry: (entry) => entry.kind === "delivery" && found(entry.delivery),
      };
      ofOrganisations.set(organisationId, visitor);
    }
    return visitor;
  };
  return eachRow(rows, span, pace, (_, batch) => {
    try {
      readBatch(batch, visitorOf(readBatchHeader(batch).organisationId), keys, () => {});
    } catch {
      // Reported with the rest.
    }
  });
}

async function eachRow(
  rows: JournalRows,
  { from, until }: RowSpan,
  pace: ReadingPace,
  read: (position: number, batch: Uint8Array) => void,
): Promise<void> {
  const pageAfter = (position: number) => {
    const page = rows.page(position, PAGE_ROWS);
    // Awaited in the next turn; until then a rejection is not unhandled.
    page.catch(() => {});
    return page;
  };
  let last = from - 1;
  for (let next = pageAfter(last); ; ) {
    let page: Awaited<typeof next>;
    try {
      page = await next;
    } catch (error) {
      await pace.failed(error);
      next = pageAfter(last);
      continue;
    }
    const newest = page.at(-1);
    if (!newest) return;
    last = newest.position;
    const isLast = last >= until;
    if (!isLast) next = pageAfter(last);
    for (const { position, batch } of page) {
      if (position > until) return;
      read(position, batch);
      const turn = pace.turn();
      if (turn) await turn;
    }
    if (isLast) return;
  }
}
