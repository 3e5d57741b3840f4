import { RefusedInput } from "@openward/errors";
import type { Place } from "./ports.ts";
import { needUuid, type Transaction } from "./transaction.ts";

/**
 * Begins a stay. Two patients in one bed without a word are how a value reaches the wrong one, so a bed in which
 * somebody else lies is refused unless whoever places the patient says that it is shared.
 *
 * @throws RefusedInput BED_OCCUPIED, FIELD_INVALID, NOT_FOUND
 */
export async function beginStay(
  tx: Transaction,
  { id, organisationId, patientId, place, at }: StayToBegin,
): Promise<void> {
  const wardId = needUuid(place.wardId, "wardId");
  const bed = checkBed(place.bed);
  // One at a time for a bed: two who are placed at once would both find it free.
  await tx.rows("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [`bed ${wardId} ${bed.toLowerCase()}`]);
  if (!place.shareBed) {
    const [other] = await tx.rows(
      `SELECT patient_id FROM stay
        WHERE ward_id = $1 AND lower(bed) = lower($2) AND to_at IS NULL AND patient_id <> $3 LIMIT 1`,
      [wardId, bed, patientId],
    );
    if (other) throw new RefusedInput("BED_OCCUPIED", { at: "bed", expected: "a free bed, or shareBed" });
  }
  await tx.run(
    "INSERT INTO stay (id, organisation_id, patient_id, ward_id, bed, from_at) VALUES ($1, $2, $3, $4, $5, $6)",
    [id, organisationId, patientId, wardId, bed, at],
  );
}

interface StayToBegin {
  readonly id: string;
  readonly organisationId: string;
  readonly patientId: string;
  readonly place: Place;
  readonly at: number;
}

/** @returns whether there was one. A clock that was set back must not make a stay end before it began. */
export async function endStay(tx: Transaction, patientId: string, at: number): Promise<boolean> {
  const sql = "UPDATE stay SET to_at = greatest(from_at, $2) WHERE patient_id = $1 AND to_at IS NULL";
  return (await tx.run(sql, [patientId, at])) > 0;
}

function checkBed(bed: string): string {
  const text = bed.trim();
  if (text === "" || text.length > 32)
    throw new RefusedInput("FIELD_INVALID", { at: "bed", expected: "1 to 32 characters" });
  return text;
}
