import { RefusedInput } from "@openward/errors";
import type { KeyStore } from "./key-store.ts";
import type { Erasure } from "./ports.ts";

/** A pool, or a client in a transaction, under the role `worker`. */
export interface Queries {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

/** The key store that a database was filled with. */
export interface BoundStore {
  readonly id: string;
  /** How many keys it has had at least. */
  readonly keys: number;
}

/**
 * null: none yet.
 *
 * @throws RefusedInput KEY_STORE_MISSING when there are several: databases were mixed
 */
export async function boundStore(worker: Queries): Promise<BoundStore | null> {
  const { rows } = await worker.query(
    "SELECT store_id::text AS id, max(keys) AS keys FROM key_store GROUP BY 1 ORDER BY 1",
  );
  const stores = rows as BoundStore[];
  if (stores.length > 1) {
    const received = stores.map(({ id }) => id).join(", ");
    throw new RefusedInput("KEY_STORE_MISSING", { at: "database", expected: "one key store", received });
  }
  return stores[0] ?? null;
}

/** From now on this database opens with this key store only, and no copy of it gives ids of these keys again. */
export async function bindStore(worker: Queries, { id, keys }: BoundStore, now: number): Promise<void> {
  const text = `INSERT INTO key_store (organisation_id, store_id, keys, since) SELECT organisation_id, $1, $2, $3 FROM organisation
    ON CONFLICT (organisation_id) DO UPDATE SET keys = excluded.keys WHERE key_store.keys < excluded.keys`;
  await worker.query(text, [id, keys, now]);
}

/**
 * Where an erasure begins: from here on it is gone through with, if need be by the next start, and no hold can be placed any
 * more.
 *
 * @throws RefusedInput LEGAL_HOLD, and then nothing has happened
 */
export async function beginErasure(worker: Queries, patientIds: readonly string[], now: number): Promise<void> {
  const { rows } = await worker.query("SELECT begin_erasure($1, $2) AS begun", [[...patientIds], now]);
  if (!(rows[0] as { begun: boolean }).begun)
    throw new RefusedInput("LEGAL_HOLD", {
      at: "patient",
      expected: "a patient whom nobody holds; `openward hold list`",
    });
}

/** Delete every row of patients who were erased. @param streamIds of theirs, where they are known. @returns how many */
export async function eraseRows(
  worker: Queries,
  erasures: readonly Pick<Erasure, "patientId" | "organisationId">[],
  streamIds: readonly string[],
  now: number,
): Promise<number> {
  if (erasures.length === 0) return 0;
  const patients = erasures.map(({ patientId }) => patientId);
  const organisations = erasures.map(({ organisationId }) => organisationId);
  const { rows } = await worker.query("SELECT erase_patients($1, $2, $3, $4)::float8 AS deleted", [
    patients,
    organisations,
    streamIds,
    now,
  ]);
  return (rows[0] as { deleted: number }).deleted;
}

/**
 * Before anybody is served: who was erased stays erased, whatever backup the database or the key store came from. The
 * ledger and the ids that the database kept complete each other.
 *
 * @returns how many rows had come back
 */
export async function replayErasures(worker: Queries, keys: KeyStore, now: number): Promise<number> {
  const { rows } = await worker.query(
    "SELECT patient_id::text AS patient, organisation_id::text AS organisation, erased_at::float8 AS at FROM erased_patient",
  );
  keys.erase(
    (rows as { patient: string; organisation: string; at: number }[]).map(({ patient, organisation, at }) => ({
      patientId: patient,
      organisationId: organisation,
      at,
      by: "database",
      reason: "the database says so, and the ledger did not",
    })),
  );
  return eraseRows(worker, keys.erasures(), [], now);
}

/** The patient and everybody who was merged into them: the same person. */
export async function withMerged(worker: Queries, patientId: string): Promise<string[]> {
  const { rows } = await worker.query(
    `WITH RECURSIVE same (id) AS (SELECT $1::uuid UNION SELECT p.id FROM patient p JOIN same ON p.merged_into = same.id)
     SELECT id::text AS id FROM same`,
    [patientId],
  );
  return (rows as { id: string }[]).map((row) => row.id);
}
