import { RefusedInput } from "@openward/errors";
import type { Amendment } from "@openward/model";
import type { DataKeys } from "../keys/ports.ts";
import type { Transaction } from "../registry/transaction.ts";
import { openContent, sealContent } from "./content.ts";

interface Row {
  readonly id: string;
  readonly patient_id: string;
  readonly organisation_id: string;
  readonly sequence: number;
  readonly at: number;
  readonly made_by: string;
  readonly withdraws: string | null;
  readonly content: Buffer;
}

/** One at a time, whatever the organisation: what has a greater sequence was made later, and is seen later. */
const LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('openward amendment', 0))";

/** Waits for others who amend. @returns the newest of the organisation that there is now */
export async function lockAmendments(tx: Transaction): Promise<number> {
  await tx.run(LOCK);
  const [row] = await tx.rows<{ newest: number | null }>("SELECT max(sequence)::float8 AS newest FROM amendment");
  return row?.newest ?? 0;
}

/** @returns it with its place in the order */
export async function insertAmendment(
  tx: Transaction,
  keys: DataKeys,
  draft: Omit<Amendment, "sequence">,
): Promise<Amendment> {
  const [amendment] = await numbered(tx, [draft]);
  if (!amendment) throw new Error("the sequence gave no number");
  const { id, organisationId, sequence, at, by, patientId, toPatientId, withdraws } = amendment;
  const rows: [whose: string, givenTo: string | null, givenBy: string | null][] = [[patientId, toPatientId, null]];
  if (toPatientId !== null) rows.push([toPatientId, null, patientId]);
  for (const [whose, givenTo, givenBy] of rows) {
    await tx.run(
      `INSERT INTO amendment (id, patient_id, organisation_id, sequence, at, made_by, given_to, given_by, withdraws, content)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [id, whose, organisationId, sequence, at, by, givenTo, givenBy, withdraws, sealContent(keys, amendment, whose)],
    );
  }
  return amendment;
}

/** Many at once, each about one record alone (no re-attribution). @returns them with their places in the order */
export async function insertAmendments(
  tx: Transaction,
  keys: DataKeys,
  drafts: readonly Omit<Amendment, "sequence">[],
): Promise<Amendment[]> {
  const amendments = await numbered(tx, drafts);
  await tx.run(
    `INSERT INTO amendment (id, patient_id, organisation_id, sequence, at, made_by, withdraws, content)
     SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[], $6::text[], $7::uuid[], $8::bytea[])`,
    [
      amendments.map(({ id }) => id),
      amendments.map(({ patientId }) => patientId),
      amendments.map(({ organisationId }) => organisationId),
      amendments.map(({ sequence }) => sequence),
      amendments.map(({ at }) => at),
      amendments.map(({ by }) => by),
      amendments.map(({ withdraws }) => withdraws),
      amendments.map((amendment) => Buffer.from(sealContent(keys, amendment, amendment.patientId))),
    ],
  );
  return amendments;
}

async function numbered(tx: Transaction, drafts: readonly Omit<Amendment, "sequence">[]): Promise<Amendment[]> {
  const numbers = await tx.rows<{ sequence: number }>(
    "SELECT nextval('amendment_sequence')::float8 AS sequence FROM generate_series(1, $1::integer) ORDER BY 1",
    [drafts.length],
  );
  return drafts.map((draft, i) => ({ ...draft, sequence: numbers[i]?.sequence ?? 0 }));
}

/**
 * Patients who have something that was measured in the records of these, and encrypted under these patients' keys: when
 * they are destroyed, it is gone. @param worker a pool under that role
 */
export async function givenAway(
  worker: { query(text: string, values: unknown[]): Promise<{ rows: unknown[] }> },
  patients: readonly string[],
): Promise<string[]> {
  const { rows } = await worker.query(
    `SELECT DISTINCT g.given_to::text AS id FROM amendment g JOIN patient p ON p.id = g.given_to
      WHERE g.patient_id = ANY ($1) AND g.withdraws IS NULL AND g.given_to <> ALL ($1)
        AND NOT EXISTS (SELECT FROM amendment w WHERE w.patient_id = g.patient_id AND w.withdraws = g.id) ORDER BY 1`,
    [patients],
  );
  return (rows as { id: string }[]).map(({ id }) => id);
}

export interface Damage {
  readonly id: string;
  readonly reason: string;
}

/** Those behind a place in the order, oldest first. What an erased patient's key had encrypted is as if it were not there. */
export async function loadAmendments(
  tx: Transaction,
  keys: DataKeys,
  behind: number,
): Promise<{ amendments: Amendment[]; damaged: Damage[] }> {
  const rows = await tx.rows<Row>(
    `SELECT id::text, patient_id::text, organisation_id::text, sequence::float8 AS sequence, at::float8 AS at, made_by,
            withdraws::text, content
       FROM amendment WHERE sequence > $1 ORDER BY sequence, patient_id`,
    [behind],
  );
  const amendments = new Map<string, Amendment>();
  const failed = new Map<string, Damage>();
  for (const row of rows) {
    if (amendments.has(row.id)) continue;
    try {
      const content = openContent(keys, row.content, row.id, row.patient_id);
      const { id, sequence, at, withdraws } = row;
      const own = { id, sequence, organisationId: row.organisation_id, at, by: row.made_by, withdraws };
      amendments.set(row.id, { ...content, ...own });
      failed.delete(row.id);
    } catch (error) {
      if (error instanceof RefusedInput && error.code === "KEY_DESTROYED") continue;
      failed.set(row.id, { id: row.id, reason: (error as Error).message });
    }
  }
  return { amendments: [...amendments.values()], damaged: [...failed.values()] };
}
