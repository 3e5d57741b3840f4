import type { JournalRows, SqlStatement } from "../../../server/store/journal/index.ts";
import type { DueDays } from "../../../server/store/telemetry/block-store.ts";
import type { BlockStore } from "../../../server/store/telemetry/index.ts";

/** What stands in the database, for the checks. */
export interface Stored {
  readonly journal: readonly { readonly position: number; readonly batch: Uint8Array }[];
  readonly raw: readonly { readonly position: number; readonly input: Uint8Array }[];
  /** Numeric blocks in rows of their own. */
  readonly hours: readonly { readonly streamId: string; readonly periodStart: number }[];
  /** Rows of finished days. */
  readonly days: number;
  readonly quarantine: readonly {
    readonly id: string;
    readonly organisationId: string;
    readonly deviceId: string;
    /** As it lies in the table, encrypted. */
    readonly raw: Uint8Array;
  }[];
  readonly events: readonly { readonly deviceId: string; readonly patientId: string | null; readonly at: number }[];
  readonly watermark: number;
}

export const connectionLost = () => Object.assign(new Error("Connection terminated unexpectedly"), { code: "08006" });

/** A database that does at once, and without faults, what it is asked: a model, or PostgreSQL. Faults stand before it. */
export interface Store {
  /** One statement of the journal's committer, in a commit of its own. */
  run(statement: SqlStatement): Promise<readonly Record<string, unknown>[]>;
  readonly rows: JournalRows;
  readonly blocks: BlockStore;
  /**
   * `blocks.joinDays`, of whose transactions so many go through before the connection is lost.
   *
   * @returns how many days were written, when it came to its end
   */
  joinDays(due: DueDays, transactionsMax: number): Promise<number>;
  stored(): Promise<Stored>;
  /** Is this place of the journal committed? Where it can be said without waiting. */
  hasPosition?(position: number): boolean;
  close(): Promise<void>;
}

/**
 * Streams whose devices are worn now: the store of these histories has no associations, and any answer is right, as it
 * only decides what is read first at a start.
 */
export function halfOf(streamIds: readonly string[]): string[] {
  return streamIds.toSorted().filter((_, i) => i % 2 === 0);
}
