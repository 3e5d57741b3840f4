import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { RefusedInput } from "@openward/errors";
import type { BulkCursor, BulkFile, BulkJob, BulkOwner, BulkRequest, BulkStore, StoredPiece } from "@openward/model";
import type { Clock } from "@openward/runtime";
import { open, seal } from "../keys/cipher.ts";
import type { DataKeys } from "../keys/ports.ts";
import type { Tables, Transaction } from "../registry/transaction.ts";
import type { BulkFiles } from "./files.ts";

export { bulkFiles } from "./files.ts";

/** A file of an export ends here, at the next piece. */
const FILE_BYTES = 100_000_000;
// Lines of one type are alike: the least level finds nearly all of it.
const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

interface JobRow {
  readonly id: string;
  readonly owner: BulkOwner;
  readonly request: BulkRequest;
  readonly state: BulkJob["state"];
  readonly transaction_time: number;
  readonly expires_at: number;
  readonly cursor: BulkCursor | null;
  readonly files: readonly (BulkFile & { readonly storedBytes: number })[];
}

const JOB = `id::text AS id, owner, request, state, transaction_time::float8 AS transaction_time, expires_at::float8 AS expires_at, cursor, files`;

export function createBulkStore(deps: {
  readonly tables: Tables;
  readonly keys: DataKeys;
  readonly files: BulkFiles;
  readonly clock: Clock;
  readonly fileBytes?: number;
}): BulkStore {
  const { tables, keys, files, clock, fileBytes = FILE_BYTES } = deps;
  const boundTo = (jobId: string, file: number, number: number) => Buffer.from(`bulk ${jobId} ${file} ${number}`);

  return {
    begin: ({ id, owner, request, transactionTime, expiresAt }) =>
      tables.everywhere(async (tx) => {
        await tx.run(
          `INSERT INTO bulk_job (id, organisation_id, owner_id, client_id, owner, request, state, transaction_time, updated_at, expires_at)
            VALUES ($1, $2, $3, $4, $5, $6, 'running', $7, $8, $9)`,
          [
            id,
            owner.organisation.id,
            owner.principal.id,
            owner.app?.clientId ?? null,
            JSON.stringify(owner),
            JSON.stringify(request),
            transactionTime,
            clock.now(),
            expiresAt,
          ],
        );
      }),

    running: () =>
      tables.everywhere(async (tx) =>
        (
          await tx.rows<JobRow>(`SELECT ${JOB} FROM bulk_job WHERE state = 'running' ORDER BY transaction_time, id`)
        ).map(toJob),
      ),

    find: (id) => tables.everywhere((tx) => findJob(tx, id)),

    countRunning: ({ organisation, principal }) =>
      tables.everywhere(async (tx) => {
        const [row] = await tx.rows<{ n: number }>(
          "SELECT count(*)::int AS n FROM bulk_job WHERE organisation_id = $1 AND owner_id = $2 AND state = 'running'",
          [organisation.id, principal.id],
        );
        return row?.n ?? 0;
      }),

    async add(job, pieces) {
      const all = (job.files as JobRow["files"]).map((one) => ({ ...one }));
      const rows: unknown[][] = [];
      const parts = new Map<number, { at: number; bytes: Uint8Array[] }>();
      for (const piece of pieces) {
        let last = all.at(-1);
        if (!last || last.type !== piece.type || last.bytes >= fileBytes) {
          last = { type: piece.type, pieces: 0, lines: 0, bytes: 0, storedBytes: 0 };
          all.push(last);
        }
        const file = all.length - 1;
        const plain = Buffer.from(piece.text);
        const { organisation } = job.owner;
        const [patientId = null, ...others] = piece.patientIds;
        const key =
          patientId === null ? keys.ofOrganisation(organisation.id) : keys.ofPatient(organisation.id, patientId);
        const sealed = seal(key.secret, keys.nextIv, zstdCompressSync(plain, FAST), boundTo(job.id, file, last.pieces));
        const part = parts.get(file) ?? { at: last.storedBytes, bytes: [] };
        part.bytes.push(sealed);
        parts.set(file, part);
        const { signal, isWritten, lines } = piece;
        rows.push([
          job.id,
          file,
          last.pieces,
          organisation.id,
          patientId,
          others,
          signal,
          isWritten,
          lines,
          plain.length,
          last.storedBytes,
          sealed.length,
          key.id,
        ]);
        all[file] = {
          type: piece.type,
          pieces: last.pieces + 1,
          lines: last.lines + lines,
          bytes: last.bytes + plain.length,
          storedBytes: last.storedBytes + sealed.length,
        };
      }
      // Bytes before rows: what a row names is there.
      for (const [file, { at, bytes }] of parts) await files.write(job.id, file, at, bytes);
      const cursor = pieces.at(-1)?.cursor ?? job.cursor;
      return tables.everywhere(async (tx) => {
        const touched = await tx.run(
          "UPDATE bulk_job SET cursor = $2, files = $3, updated_at = $4 WHERE id = $1 AND state = 'running'",
          [job.id, JSON.stringify(cursor), JSON.stringify(all), clock.now()],
        );
        if (touched === 0) return undefined;
        for (const row of rows)
          await tx.run(
            `INSERT INTO bulk_piece (job_id, file, number, organisation_id, patient_id, other_patient_ids, signal, is_written, lines, plain_bytes, stored_at, stored_bytes, key_id)
              VALUES ($1, $2, $3, $4, $5, $6::uuid[], $7, $8, $9, $10, $11, $12, $13)`,
            row,
          );
        return { ...job, cursor, files: all };
      });
    },

    end: (id, state) =>
      tables.everywhere(async (tx) => {
        await tx.run("UPDATE bulk_job SET state = $2, updated_at = $3 WHERE id = $1 AND state = 'running'", [
          id,
          state,
          clock.now(),
        ]);
      }),

    async remove(id) {
      await tables.everywhere((tx) => tx.run("DELETE FROM bulk_job WHERE id = $1", [id]));
      await files.remove(id);
    },

    async removeExpired(now) {
      const gone = await tables.everywhere((tx) =>
        tx.rows<{ id: string }>("DELETE FROM bulk_job WHERE expires_at <= $1 RETURNING id::text AS id", [now]),
      );
      for (const { id } of gone) await files.remove(id);
      return gone.length;
    },

    async pieces({ principal }, id, file) {
      const rows = await tables.inOrganisation(principal, (tx) =>
        tx.rows<PieceRow>(
          `SELECT file, number, patient_id::text AS patient_id, other_patient_ids::text[] AS others, signal, is_written, lines, plain_bytes,
              stored_at::float8 AS stored_at, stored_bytes, key_id
            FROM bulk_piece WHERE job_id = $1 AND ($2::integer IS NULL OR file = $2) ORDER BY file, number`,
          [id, file ?? null],
        ),
      );
      return rows.map((row): StoredPiece & Place => ({
        file: row.file,
        number: row.number,
        patientIds: row.patient_id === null ? [] : [row.patient_id, ...row.others],
        signal: row.signal,
        isWritten: row.is_written,
        lines: row.lines,
        plainBytes: row.plain_bytes,
        storedAt: row.stored_at,
        storedBytes: row.stored_bytes,
        keyId: row.key_id,
      }));
    },

    async read(id, piece) {
      const { file, number, storedAt, storedBytes, keyId, plainBytes } = piece as StoredPiece & Place;
      const sealed = await files.read(id, file, storedAt, storedBytes);
      if (sealed.length < storedBytes) throw new RefusedInput("BLOCK_CORRUPT", { at: "bulk file" });
      const packed = open(keys.byId(keyId).secret, sealed, boundTo(id, file, number));
      return zstdDecompressSync(packed, { maxOutputLength: Math.max(1, plainBytes) });
    },
  };
}

/** Where a piece lies; nobody else's to know. */
interface Place {
  readonly storedAt: number;
  readonly storedBytes: number;
  readonly keyId: number;
}

interface PieceRow {
  readonly file: number;
  readonly number: number;
  readonly patient_id: string | null;
  readonly others: readonly string[];
  readonly signal: string | null;
  readonly is_written: boolean;
  readonly lines: number;
  readonly plain_bytes: number;
  readonly stored_at: number;
  readonly stored_bytes: number;
  readonly key_id: number;
}

async function findJob(tx: Transaction, id: string): Promise<BulkJob | undefined> {
  const [row] = await tx.rows<JobRow>(`SELECT ${JOB} FROM bulk_job WHERE id = $1`, [id]);
  return row && toJob(row);
}

const toJob = (row: JobRow): BulkJob => ({
  id: row.id,
  owner: row.owner,
  request: row.request,
  state: row.state,
  transactionTime: row.transaction_time,
  expiresAt: row.expires_at,
  cursor: row.cursor,
  files: row.files,
});
