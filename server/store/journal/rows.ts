import type { WorkerQueries } from "./ports.ts";

/** The journal's rows beside the appending of them: PostgreSQL on a machine, a model in simulation. */
export interface JournalRows {
  /** A number that no process had before, greater than all before it. */
  nextRange(): Promise<number>;
  /** From which position on the journal is not all in blocks; 0 when nothing has been sealed yet. */
  watermark(): Promise<number>;
  /** The next rows behind a position, in order. */
  page(after: number, rowsMax: number): Promise<readonly { readonly position: number; readonly batch: Uint8Array }[]>;
  /** Take rows of these days, from `first` ("2026-11-23") on. */
  prepareDays(first: string, count: number): Promise<void>;
  /** Drop the days before this one that are in blocks. @returns how many there were */
  dropBefore(day: string): Promise<number>;
  /** Drop what was sent on the days before this one. @returns how many there were */
  dropRawBefore(day: string): Promise<number>;
}

/** @param worker under the role `worker` */
export function postgresJournalRows(worker: WorkerQueries): JournalRows {
  return {
    async nextRange() {
      const { rows } = await worker.query("SELECT nextval('journal_position_range')::float8 AS range");
      return (rows[0] as { range: number }).range;
    },
    async watermark() {
      const { rows } = await worker.query("SELECT min(watermark)::float8 AS watermark FROM seal_state");
      return (rows[0] as { watermark: number | null }).watermark ?? 0;
    },
    async page(after, rowsMax) {
      const text =
        "SELECT position::float8 AS position, batch FROM journal WHERE position > $1 ORDER BY position LIMIT $2";
      const { rows } = await worker.query(text, [after, rowsMax]);
      return rows as { position: number; batch: Buffer }[];
    },
    async prepareDays(first, count) {
      await worker.query("SELECT journal_prepare($1, $2)", [first, count]);
    },
    async dropBefore(day) {
      const { rows } = await worker.query("SELECT journal_drop_before($1) AS name", [day]);
      return rows.length;
    },
    async dropRawBefore(day) {
      const { rows } = await worker.query("SELECT raw_input_drop_before($1) AS name", [day]);
      return rows.length;
    },
  };
}
