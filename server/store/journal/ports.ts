import type { JournalEntry } from "@openward/model";

/** Lines for operators: no clinical values, no identifiers but internal ones. */
export interface JournalLog {
  info(fields: Readonly<Record<string, unknown>>, text: string): void;
  warn(fields: Readonly<Record<string, unknown>>, text: string): void;
  error(fields: Readonly<Record<string, unknown>>, text: string): void;
}

/** The budget of the tails. */
export interface TailRoom {
  /** Bytes that may be taken up yet. */
  bytesFree(): number;
  /** Told whenever tails gave memory back. */
  onFreed(listener: () => void): void;
}

/** The memory side of what became durable; called in the order of the journal, before anybody is answered. */
export interface Tails {
  /**
   * @param first the least position at which these entries may stand
   * @param last everything up to here is in the tails when this returns
   */
  committed(entries: readonly JournalEntry[], first: number, last: number): void;
  /** Without it there is always room. */
  readonly room?: TailRoom;
}

/** A pool, or anything else that queries under the role `worker`. */
export interface WorkerQueries {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}
