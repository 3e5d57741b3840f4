import type { OutboxNotice, ResourceNotice } from "@openward/model";
import type { WorkerQueries } from "../journal/ports.ts";

export interface NumberedNotice {
  readonly number: number;
  readonly after: number;
  readonly notice: OutboxNotice;
}

/** What the outbox asks of PostgreSQL. */
export interface OutboxRows {
  /** Rows of the journal behind a position, up to another, in order. */
  journal(
    after: number,
    until: number,
    rowsMax: number,
  ): Promise<readonly { readonly position: number; readonly writtenAt: number; readonly batch: Uint8Array }[]>;
  /** Give numbers to what has none. @returns the greatest number, 0 for none */
  number(afterPosition: number): Promise<number>;
  /** Numbered notices behind a number, those that stand behind a position up to `until` only. */
  notices(after: number, until: number, rowsMax: number): Promise<readonly NumberedNotice[]>;
  /** The last position written up to `at`, and the last number; 0 for none. */
  placeAt(at: number): Promise<{ position: number; number: number }>;
  /** When the last row up to a position was written; null: there is none. */
  writtenAt(position: number): Promise<number | null>;
  /** The greatest position in the journal; 0 for none. */
  lastPosition(): Promise<number>;
  /** Begin of the oldest day that the journal has, ms UTC; null: it has none. */
  firstDay(): Promise<number | null>;
  /** Let go of notices of before. */
  dropNotices(before: number): Promise<void>;
}

interface NoticeRow {
  readonly id: string;
  readonly organisation_id: string;
  readonly patient_id: string | null;
  readonly kind: OutboxNotice["kind"];
  readonly device_id: string | null;
  readonly subject_id: string | null;
  readonly reference: string | null;
  readonly method: string | null;
  readonly from_at: number | null;
  readonly to_at: number | null;
  readonly at: number;
  readonly number: number;
  readonly after: number;
}

/** @param worker under the role `worker` */
export function postgresOutboxRows(worker: WorkerQueries): OutboxRows {
  return {
    async journal(after, until, rowsMax) {
      const { rows } = await worker.query(
        `SELECT position::float8 AS position, written_at::float8 AS "writtenAt", batch FROM journal
          WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3`,
        [after, until, rowsMax],
      );
      return rows as { position: number; writtenAt: number; batch: Buffer }[];
    },
    async number(afterPosition) {
      // One process numbers, one statement after the other: a number that is seen has none before it that is not.
      await worker.query(
        `UPDATE outbox_notice n SET number = nextval('outbox_number'), after_position = $1
           FROM (SELECT id FROM outbox_notice WHERE number IS NULL ORDER BY at, id LIMIT 1000) o WHERE n.id = o.id`,
        [afterPosition],
      );
      const { rows } = await worker.query("SELECT coalesce(max(number), 0)::float8 AS last FROM outbox_notice");
      return (rows[0] as { last: number }).last;
    },
    async notices(after, until, rowsMax) {
      const { rows } = await worker.query(
        `SELECT id::text, organisation_id::text, patient_id::text, kind, device_id, subject_id::text, reference, method,
            from_at::float8, to_at::float8, at::float8, number::float8, after_position::float8 AS after
           FROM outbox_notice WHERE number > $1 AND after_position <= $2 ORDER BY number LIMIT $3`,
        [after, until, rowsMax],
      );
      return (rows as NoticeRow[]).map((row) => ({
        number: row.number,
        after: row.after,
        notice: noticeOf(row),
      }));
    },
    async placeAt(at) {
      const { rows } = await worker.query(
        `SELECT coalesce((SELECT max(position) FROM journal WHERE written_at < $1), 0)::float8 AS position,
            coalesce((SELECT max(number) FROM outbox_notice WHERE at < $1), 0)::float8 AS number`,
        [at],
      );
      return rows[0] as { position: number; number: number };
    },
    async writtenAt(position) {
      const text = "SELECT written_at::float8 AS at FROM journal WHERE position <= $1 ORDER BY position DESC LIMIT 1";
      const { rows } = await worker.query(text, [position]);
      return (rows[0] as { at: number } | undefined)?.at ?? null;
    },
    async lastPosition() {
      const { rows } = await worker.query("SELECT coalesce(max(position), 0)::float8 AS position FROM journal");
      return (rows[0] as { position: number }).position;
    },
    async firstDay() {
      const { rows } = await worker.query(
        `SELECT min(right(inhrelid::regclass::text, 8)) AS day FROM pg_inherits WHERE inhparent = 'journal'::regclass`,
      );
      const { day } = rows[0] as { day: string | null };
      return day === null ? null : Date.UTC(Number(day.slice(0, 4)), Number(day.slice(4, 6)) - 1, Number(day.slice(6)));
    },
    async dropNotices(before) {
      await worker.query("DELETE FROM outbox_notice WHERE number IS NOT NULL AND at < $1", [before]);
    },
  };
}

function noticeOf(row: NoticeRow): OutboxNotice {
  const base = { id: row.id, organisationId: row.organisation_id, at: row.at };
  if (row.kind === "resource") {
    const method = (row.method ?? "PUT") as ResourceNotice["method"]; // the constraint of the table it comes from says so
    return { ...base, kind: row.kind, patientId: row.patient_id, reference: row.reference ?? "", method };
  }
  const { kind, patient_id: patientId, subject_id: subjectId } = row;
  return {
    ...base,
    kind,
    patientId: patientId ?? "",
    deviceId: row.device_id,
    subjectId: subjectId ?? "",
    from: row.from_at,
    to: row.to_at,
  };
}
