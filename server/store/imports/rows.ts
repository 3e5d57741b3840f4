import type { BulkOwner, ImportCursor, ImportFile, ImportJob, ImportRequest } from "@openward/model";
import type { Transaction } from "../registry/transaction.ts";

export interface JobRow {
  readonly id: string;
  readonly owner: BulkOwner;
  readonly request: Buffer;
  readonly key_id: number;
  readonly state: ImportJob["state"];
  readonly refusal: string | null;
  readonly begun_at: number;
  readonly expires_at: number;
  readonly cursor: ImportCursor | null;
  readonly files: readonly ImportFile[];
}

export const JOB = `id::text AS id, owner, request, key_id, state, refusal, begun_at::float8 AS begun_at, expires_at::float8 AS expires_at, cursor, files`;

export interface PieceRow {
  readonly first_line: number;
  readonly lines: number;
  readonly plain_bytes: number;
  readonly stored_at: number;
  readonly stored_bytes: number;
  readonly key_id: number;
}

export const PIECE =
  "first_line::float8 AS first_line, lines, plain_bytes, stored_at::float8 AS stored_at, stored_bytes, key_id";

/** @param request as it was before it was sealed */
export const toJob = (row: JobRow, request: ImportRequest): ImportJob => ({
  id: row.id,
  owner: row.owner,
  request,
  state: row.state,
  refusal: row.refusal,
  begunAt: row.begun_at,
  expiresAt: row.expires_at,
  cursor: row.cursor,
  files: row.files,
});

/** @returns false: the job is gone, or has ended */
export async function saveFiles(
  tx: Transaction,
  job: Pick<ImportJob, "id">,
  files: readonly ImportFile[],
  now: number,
  cursor?: ImportCursor,
): Promise<boolean> {
  const touched = await tx.run(
    `UPDATE import_job SET files = $2, updated_at = $3, cursor = coalesce($4::jsonb, cursor) WHERE id = $1 AND state = 'running'`,
    [job.id, JSON.stringify(files), now, cursor ? JSON.stringify(cursor) : null],
  );
  return touched > 0;
}

export const LINES = `INSERT INTO import_line (job_id, organisation_id, file, line, outcome)
  SELECT $1, $2, $3, l, o FROM unnest($4::bigint[], $5::text[]) AS given (l, o)
  ON CONFLICT (job_id, file, line) DO UPDATE SET outcome = excluded.outcome`;
