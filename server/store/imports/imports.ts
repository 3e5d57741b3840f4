import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { RefusedInput } from "@openward/errors";
import type { ImportFile, ImportJob, ImportRequest, ImportStore } from "@openward/model";
import type { Clock } from "@openward/runtime";
import type { BulkFiles } from "../bulk/files.ts";
import { open, seal } from "../keys/cipher.ts";
import type { DataKeys } from "../keys/ports.ts";
import type { Tables } from "../registry/transaction.ts";
import { find, made, nameHash, reserve } from "./names.ts";
import { JOB, type JobRow, LINES, PIECE, type PieceRow, saveFiles, toJob } from "./rows.ts";

const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

export function createImportStore(deps: {
  readonly tables: Tables;
  readonly keys: DataKeys;
  readonly files: BulkFiles;
  readonly clock: Clock;
  /** Of this installation: names of sources are kept under it. */
  readonly secret: string;
}): ImportStore {
  const { tables, keys, files, clock } = deps;
  const hash = nameHash(deps.secret);
  const organisationOf = ({ owner }: Pick<ImportJob, "owner">) => owner.organisation.id;
  const sourceOf = (job: ImportJob) => ({ organisationId: organisationOf(job), source: job.request.source });
  const bound = (jobId: string, ...more: number[]) => Buffer.from(`import ${jobId} ${more.join(" ")}`);

  const jobOf = (row: JobRow): ImportJob => {
    const plain = open(keys.byId(row.key_id).secret, row.request, bound(row.id));
    return toJob(row, JSON.parse(Buffer.from(plain).toString("utf8")) as ImportRequest); // sealed by `begin`
  };
  const put = (job: ImportJob, file: number, now: ImportFile) => job.files.map((one, i) => (i === file ? now : one));

  return {
    begin: ({ id, owner, request, begunAt, expiresAt, files: given }) =>
      tables.everywhere(async (tx) => {
        const key = keys.ofOrganisation(owner.organisation.id);
        const sealed = seal(key.secret, keys.nextIv, Buffer.from(JSON.stringify(request)), bound(id));
        await tx.run(
          `INSERT INTO import_job (id, organisation_id, owner_id, client_id, owner, request, key_id, state, begun_at, updated_at, expires_at, files)
            VALUES ($1, $2, $3, $4, $5, $6, $7, 'running', $8, $8, $9, $10)`,
          [
            ...[id, owner.organisation.id, owner.principal.id, owner.app?.clientId ?? null, JSON.stringify(owner)],
            ...[Buffer.from(sealed), key.id, begunAt, expiresAt, JSON.stringify(given)],
          ],
        );
      }),

    running: () =>
      tables.everywhere(async (tx) =>
        (await tx.rows<JobRow>(`SELECT ${JOB} FROM import_job WHERE state = 'running' ORDER BY begun_at, id`)).map(
          jobOf,
        ),
      ),

    find: (id) =>
      tables.everywhere(async (tx) => {
        const [row] = await tx.rows<JobRow>(`SELECT ${JOB} FROM import_job WHERE id = $1`, [id]);
        return row && jobOf(row);
      }),

    countRunning: ({ organisation, principal }) =>
      tables.everywhere(async (tx) => {
        const [row] = await tx.rows<{ n: number }>(
          "SELECT count(*)::int AS n FROM import_job WHERE organisation_id = $1 AND owner_id = $2 AND state = 'running'",
          [organisation.id, principal.id],
        );
        return row?.n ?? 0;
      }),

    restart: (job, file, now) =>
      tables.everywhere(async (tx) => {
        await tx.run("DELETE FROM import_piece WHERE job_id = $1 AND file = $2", [job.id, file]);
        await tx.run("DELETE FROM import_line WHERE job_id = $1 AND file = $2", [job.id, file]);
        return saveFiles(tx, job, put(job, file, now), clock.now());
      }),

    async add(job, file, piece, { names, lines, bytes }) {
      const before = job.files[file] as ImportFile; // it has one for each input
      const key = keys.ofOrganisation(organisationOf(job));
      const packed = zstdCompressSync(piece.text, FAST);
      const sealed = seal(key.secret, keys.nextIv, packed, bound(job.id, file, before.pieces));
      // Bytes before rows: what a row names is there.
      await files.write(job.id, file, before.storedBytes, [sealed]);
      const now: ImportFile = {
        ...before,
        lines: before.lines + piece.lines,
        bytes: before.bytes + bytes,
        pieces: before.pieces + 1,
        storedBytes: before.storedBytes + sealed.length,
        refused: before.refused + lines.length,
      };
      return tables.everywhere(async (tx) => {
        const all = put(job, file, now);
        if (!(await saveFiles(tx, job, all, clock.now()))) return undefined;
        await tx.run(
          `INSERT INTO import_piece (job_id, organisation_id, file, number, first_line, lines, plain_bytes, stored_at, stored_bytes, key_id)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
          [
            ...[job.id, organisationOf(job), file, before.pieces, piece.firstLine, piece.lines],
            ...[piece.text.length, before.storedBytes, sealed.length, key.id],
          ],
        );
        await keepLines(job, file, lines, tx);
        await reserve(tx, hash, sourceOf(job), names);
        return { ...job, files: all };
      });
    },

    note: (job, file, now, lines = []) =>
      tables.everywhere(async (tx) => {
        const all = put(job, file, now);
        if (!(await saveFiles(tx, job, all, clock.now()))) return undefined;
        await keepLines(job, file, lines, tx);
        return { ...job, files: all };
      }),

    async piece(job, file, number) {
      const [row] = await tables.everywhere((tx) =>
        tx.rows<PieceRow>(`SELECT ${PIECE} FROM import_piece WHERE job_id = $1 AND file = $2 AND number = $3`, [
          job.id,
          file,
          number,
        ]),
      );
      if (!row) throw new RefusedInput("NOT_FOUND", { at: "import" });
      const sealed = await files.read(job.id, file, row.stored_at, row.stored_bytes);
      const packed = open(keys.byId(row.key_id).secret, sealed, bound(job.id, file, number));
      const text = zstdDecompressSync(packed, { maxOutputLength: Math.max(1, row.plain_bytes) });
      return { firstLine: row.first_line, lines: row.lines, text };
    },

    names: (organisationId, source, theirs) =>
      tables.everywhere((tx) => find(tx, hash, { organisationId, source }, theirs)),

    step: (job, { cursor, files: all, file, lines, settled, made: written }) =>
      tables.everywhere(async (tx) => {
        if (!(await saveFiles(tx, job, all, clock.now(), cursor))) return undefined;
        if (settled.length > 0)
          await tx.run("DELETE FROM import_line WHERE job_id = $1 AND file = $2 AND line = ANY ($3::bigint[])", [
            job.id,
            file,
            settled,
          ]);
        await keepLines(job, file, lines, tx);
        await made(tx, hash, sourceOf(job), written);
        return { ...job, files: all, cursor };
      }),

    waiting: (jobId, file, from, to) =>
      tables.everywhere(async (tx) => {
        const rows = await tx.rows<{ line: number }>(
          `SELECT line::float8 AS line FROM import_line
            WHERE job_id = $1 AND file = $2 AND line BETWEEN $3 AND $4 AND outcome IS NULL ORDER BY 1`,
          [jobId, file, from, to],
        );
        return rows.map(({ line }) => line);
      }),

    countWaiting: (jobId) =>
      tables.everywhere(async (tx) => {
        const [row] = await tx.rows<{ n: number }>(
          "SELECT count(*)::int AS n FROM import_line WHERE job_id = $1 AND outcome IS NULL",
          [jobId],
        );
        return row?.n ?? 0;
      }),

    outcomes: (jobId, file, after, limit) =>
      tables.everywhere((tx) =>
        tx.rows<{ line: number; outcome: string }>(
          `SELECT line::float8 AS line, outcome FROM import_line
            WHERE job_id = $1 AND file = $2 AND line > $3 AND outcome IS NOT NULL ORDER BY line LIMIT $4`,
          [jobId, file, after, limit],
        ),
      ),

    countOutcomes: (jobId) =>
      tables.everywhere((tx) =>
        tx.rows<{ file: number; count: number }>(
          "SELECT file, count(*)::int AS count FROM import_line WHERE job_id = $1 AND outcome IS NOT NULL GROUP BY file ORDER BY file",
          [jobId],
        ),
      ),

    async end(id, state, refusal, expiresAt) {
      await tables.everywhere(async (tx) => {
        await tx.run(
          "UPDATE import_job SET state = $2, refusal = $3, updated_at = $4, expires_at = $5 WHERE id = $1 AND state = 'running'",
          [id, state, refusal, clock.now(), expiresAt],
        );
        await tx.run("DELETE FROM import_piece WHERE job_id = $1", [id]);
        await tx.run("DELETE FROM import_line WHERE job_id = $1 AND outcome IS NULL", [id]);
      });
      await files.remove(id);
    },

    async remove(id) {
      await tables.everywhere((tx) => tx.run("DELETE FROM import_job WHERE id = $1", [id]));
      await files.remove(id);
    },

    async removeExpired(now) {
      const gone = await tables.everywhere((tx) =>
        tx.rows<{ id: string }>("DELETE FROM import_job WHERE expires_at <= $1 RETURNING id::text AS id", [now]),
      );
      for (const { id } of gone) await files.remove(id);
      return gone.length;
    },
  };

  async function keepLines(
    job: ImportJob,
    file: number,
    lines: readonly { readonly line: number; readonly outcome: string | null }[],
    tx: { run(sql: string, values?: readonly unknown[]): Promise<number> },
  ): Promise<void> {
    if (lines.length === 0) return;
    await tx.run(LINES, [
      ...[job.id, organisationOf(job), file, lines.map(({ line }) => line), lines.map(({ outcome }) => outcome)],
    ]);
  }
}
