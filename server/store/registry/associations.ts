import { RefusedInput } from "@openward/errors";
import type { Association } from "@openward/model";
import type { By } from "./ports.ts";
import type { Transaction } from "./transaction.ts";

/** An association as the database has it. */
export interface AssociationRow {
  readonly id: string;
  readonly organisation_id: string;
  readonly device_id: string;
  readonly patient_id: string;
  readonly from_at: number;
  readonly to_at: number | null;
}

export const ASSOCIATION_COLUMNS = "id, organisation_id, device_id, patient_id, from_at, to_at";

export function toAssociation(row: AssociationRow): Association {
  return {
    id: row.id,
    organisationId: row.organisation_id,
    deviceId: row.device_id,
    patientId: row.patient_id,
    from: row.from_at,
    to: row.to_at,
  };
}

// An association lasts a millisecond at least: ended in the one it began in, it ends in the next.
const END = "greatest($2, from_at + 1)";

/** @returns the association that ran and has ended at `at` now, or undefined when none ran */
export async function endRunning(tx: Transaction, deviceId: string, at: number): Promise<AssociationRow | undefined> {
  const rows = await tx.rows<AssociationRow>(
    `UPDATE association SET to_at = ${END} WHERE device_id = $1 AND to_at IS NULL RETURNING ${ASSOCIATION_COLUMNS}`,
    [deviceId, at],
  );
  return rows[0];
}

/** @returns the devices that were on the patient until now */
export async function endAssociationsOf(tx: Transaction, patientId: string, at: number): Promise<string[]> {
  const rows = await tx.rows<{ device_id: string }>(
    `UPDATE association SET to_at = ${END} WHERE patient_id = $1 AND to_at IS NULL RETURNING device_id`,
    [patientId, at],
  );
  return rows.map((row) => row.device_id);
}

export interface Change {
  readonly at: number;
  readonly by: By;
  newId(): string;
}

/** The patient turns out to be somebody else: what was measured so far stays where it is, from now on it is theirs. */
export async function moveAssociations(tx: Transaction, from: string, to: string, change: Change): Promise<string[]> {
  const ended = await tx.rows<AssociationRow>(
    `UPDATE association SET to_at = ${END} WHERE patient_id = $1 AND to_at IS NULL RETURNING ${ASSOCIATION_COLUMNS}`,
    [from, change.at],
  );
  for (const row of ended) await beginAssociation(tx, { ...row, patient_id: to }, row.to_at ?? change.at, change);
  return ended.map((row) => row.device_id);
}

/** @throws RefusedInput CONFLICT, from the database, when the device was on a patient at a time from `from` on */
export async function beginAssociation(
  tx: Transaction,
  on: Pick<AssociationRow, "organisation_id" | "device_id" | "patient_id">,
  from: number,
  change: Change,
): Promise<AssociationRow> {
  const id = change.newId();
  await tx.run(
    `INSERT INTO association (id, organisation_id, device_id, patient_id, from_at, created_at, created_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [id, on.organisation_id, on.device_id, on.patient_id, from, change.at, change.by],
  );
  return { id, ...on, from_at: from, to_at: null };
}

/**
 * The association that is to run from `from` on: a new one, or the one that runs when it is the same patient's (begun
 * earlier where `from` says so).
 *
 * @throws RefusedInput CONFLICT when another patient's association began after `from`: it would vanish
 */
export async function reassign(
  tx: Transaction,
  on: Pick<AssociationRow, "organisation_id" | "device_id" | "patient_id">,
  from: number,
  change: Change,
): Promise<{ association: AssociationRow; ended: AssociationRow | undefined }> {
  const [running] = await tx.rows<AssociationRow>(
    `SELECT ${ASSOCIATION_COLUMNS} FROM association WHERE device_id = $1 AND to_at IS NULL FOR UPDATE`,
    [on.device_id],
  );
  if (!running) return { association: await beginAssociation(tx, on, from, change), ended: undefined };
  if (running.patient_id === on.patient_id) {
    if (from < running.from_at) await tx.run("UPDATE association SET from_at = $2 WHERE id = $1", [running.id, from]);
    return { association: { ...running, from_at: Math.min(from, running.from_at) }, ended: undefined };
  }
  if (from < running.from_at) {
    const expected = `a time after ${new Date(running.from_at).toISOString()}, when the device was put on another patient`;
    throw new RefusedInput("CONFLICT", { at: "from", expected });
  }
  const ended = await endRunning(tx, on.device_id, from);
  return { association: await beginAssociation(tx, on, ended?.to_at ?? from, change), ended };
}
