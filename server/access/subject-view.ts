import { type PatientFact, type PatientRelation, type PatientView, type Principal, standingOf } from "@openward/model";
import type { Clock } from "@openward/runtime";
import type { Tables } from "./ports.ts";

/**
 * The view of one patient, every record of theirs, for whoever has a right to everything about them: the patient, a
 * guardian, and the privacy officer who acts on a request. For anybody else there is nobody in it. It rests on a relation
 * or an office and not on a grant, is minted for one question, and is asked again while the answer lasts.
 */
export function createSubjectViews({ tables, clock }: { tables: Tables; clock: Pick<Clock, "now"> }) {
  return async (principal: Principal, patientId: string): Promise<PatientView> =>
    tables.inOrganisation(principal.organisationId, async (tx) => {
      const records = await tx.rows<{ id: string }>(RECORDS, [patientId]);
      const ids = records.map(({ id }) => id);
      const [kept] = ids;
      if (kept === undefined || !(principal.role === "privacy-officer" || (await isBeside(ids))))
        return empty(principal);
      return {
        principal,
        has: (id) => ids.includes(id),
        patientIds: () => [kept],
        recordsOf: (id) => (id === kept ? ids : ids.filter((one) => one === id)),
        // Whom a patient shares with says nothing of what they may have themselves.
        hiddenOf: () => undefined,
      };

      async function isBeside(patientIds: readonly string[]): Promise<boolean> {
        // A token is a program's: it stands beside nobody.
        if (principal.kind !== "person") return false;
        const relations = await tx.rows<Pick<PatientRelation, "relation" | "from" | "to">>(
          `SELECT relation, from_at AS "from", to_at AS "to" FROM patient_relation
            WHERE person_id = $1 AND patient_id = ANY ($2::uuid[]) AND relation IN ('self', 'guardian')`,
          [principal.id, patientIds],
        );
        if (relations.length === 0) return false;
        const facts = await tx.rows<Pick<PatientFact, "fact" | "from" | "to">>(
          `SELECT fact, from_at AS "from", to_at AS "to" FROM patient_fact WHERE patient_id = ANY ($1::uuid[])`,
          [patientIds],
        );
        return relations.some((relation) => standingOf(relation, facts, clock.now()).maySee);
      }
    });
}

const empty = (principal: Principal): PatientView => ({
  principal,
  has: () => false,
  patientIds: () => [],
  recordsOf: () => [],
  hiddenOf: () => undefined,
});

/** The record that stands for this one today, and then all that were merged into it. */
const RECORDS = `WITH RECURSIVE up AS (
    SELECT id, merged_into FROM patient WHERE id = $1
    UNION SELECT p.id, p.merged_into FROM up JOIN patient p ON p.id = up.merged_into
  ), person AS (
    SELECT id, 0 AS depth FROM up WHERE merged_into IS NULL
    UNION SELECT p.id, person.depth + 1 FROM person JOIN patient p ON p.merged_into = person.id
  ) SELECT id FROM person ORDER BY depth, id`;
