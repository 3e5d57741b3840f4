import { RefusedInput } from "@openward/errors";
import {
  FACTS,
  type Fact,
  type PatientFact,
  type PatientRelation,
  RELATIONS,
  type Relation,
  type Role,
  roleFor,
} from "@openward/model";
import { audit } from "./audit.ts";
import type { RegistryContext } from "./context.ts";
import type { RelationRegistry } from "./ports.ts";
import { inOrganisation, isUuid, needSeen, needUuid, type Transaction } from "./transaction.ts";

interface Row {
  readonly id: string;
  readonly organisation_id: string;
  readonly patient_id: string;
  readonly reason: string;
  readonly from_at: number;
  readonly to_at: number | null;
}
type RelationRow = Row & { readonly person_id: string; readonly relation: Relation };
type FactRow = Row & { readonly fact: Fact };

const COLUMNS = "id, organisation_id, patient_id, reason, from_at, to_at";
const MOST = 200;

/** Who stands beside which patient, and what about a patient changes what they may do. */
export function createRelationRegistry({ api, runtime, changed }: RegistryContext): RelationRegistry {
  const now = () => runtime.clock.now();

  return {
    async ofPatient(asker, patientId) {
      return inOrganisation(api, asker, async (tx) => {
        const relations = await tx.rows<RelationRow>(
          `SELECT ${COLUMNS}, person_id, relation FROM patient_relation WHERE patient_id = $1 ORDER BY from_at DESC, id LIMIT ${MOST}`,
          [needUuid(patientId, "patient")],
        );
        const facts = await factsOf(tx, [patientId]);
        return { relations: relations.map(toRelation), facts: facts.map(toFact) };
      });
    },

    async ofPerson(organisationId, personId) {
      return inOrganisation(api, organisationId, async (tx) => {
        const relations = await tx.rows<RelationRow>(relationsWhere("r.person_id = $1"), [
          needUuid(personId, "person"),
        ]);
        const facts = await factsOf(tx, [...new Set(relations.map((row) => row.patient_id))]);
        return { relations: relations.map(toRelation), facts: facts.map(toFact) };
      });
    },

    async find(asker, relationId) {
      if (!isUuid(relationId)) return undefined;
      const [row] = await inOrganisation(api, asker, (tx) =>
        tx.rows<RelationRow>(relationsWhere("r.id = $1"), [relationId]),
      );
      return row && toRelation(row);
    },

    async ofPatients(asker, patientIds) {
      const rows = await inOrganisation(api, asker, (tx) =>
        tx.rows<RelationRow>(relationsWhere("r.patient_id = ANY ($1::uuid[])"), [patientIds.filter(isUuid)]),
      );
      return rows.map(toRelation);
    },

    async recordsOf(organisationId, patientId) {
      const rows = await inOrganisation(api, organisationId, (tx) =>
        tx.rows<{ id: string }>(
          `WITH RECURSIVE one AS (
             SELECT id FROM patient WHERE id = $1
             UNION SELECT p.id FROM patient p JOIN one ON p.merged_into = one.id)
           SELECT id FROM one`,
          [needUuid(patientId, "patient")],
        ),
      );
      return rows.map(({ id }) => id);
    },

    async relate(organisationId, patientId, { personId, relation, reason, from, to }, by) {
      const at = now();
      const made: PatientRelation = {
        id: runtime.ids.uuid(),
        organisationId,
        patientId,
        personId,
        relation: needOne(RELATIONS, relation, "relation"),
        reason: needReason(reason),
        from: from ?? at,
        to: to ?? null,
      };
      checkSpan(made);
      await inOrganisation(api, organisationId, async (tx) => {
        await checkPatient(tx, by, patientId);
        const [person] = await tx.rows<{ role: Role }>("SELECT role FROM person WHERE id = $1 FOR SHARE", [
          needUuid(personId, "personId"),
        ]);
        if (!person) throw new RefusedInput("NOT_FOUND", { at: "personId" });
        const role = roleFor(made.relation);
        if (person.role !== role)
          throw new RefusedInput("CONFLICT", { at: "personId", expected: `a person whose role is ${role}` });
        await tx.run(
          `INSERT INTO patient_relation (id, organisation_id, patient_id, person_id, relation, reason, from_at, to_at, created_at, created_by)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
          [made.id, organisationId, patientId, personId, made.relation, made.reason, made.from, made.to, at, by],
        );
        const detail = { relationId: made.id, personId, relation: made.relation };
        await audit(tx, { organisationId, at, by, action: "patient.relate", patientId, detail });
      });
      await changed({ kind: "patient", organisationId, patientId });
      return made;
    },

    async endRelation(organisationId, patientId, relationId, by) {
      const at = now();
      const ended = await inOrganisation(api, organisationId, async (tx) => {
        await needSeen(tx, by, [needUuid(patientId, "patient")]);
        const [row] = await tx.rows<RelationRow>(
          `UPDATE patient_relation SET to_at = greatest(from_at, $3)
            WHERE id = $1 AND patient_id = $2 AND (to_at IS NULL OR to_at > $3) RETURNING ${COLUMNS}, person_id, relation`,
          [needUuid(relationId, "relation"), needUuid(patientId, "patient"), at],
        );
        if (!row) throw new RefusedInput("NOT_FOUND", { at: "relation" });
        const detail = { relationId, personId: row.person_id };
        await audit(tx, { organisationId, at, by, action: "patient.end-relation", patientId, detail });
        return toRelation(row);
      });
      await changed({ kind: "patient", organisationId, patientId });
      return ended;
    },

    async state(organisationId, patientId, { fact, reason, from }, by) {
      const at = now();
      const made: PatientFact = {
        id: runtime.ids.uuid(),
        organisationId,
        patientId,
        fact: needOne(FACTS, fact, "fact"),
        reason: needReason(reason),
        from: from ?? at,
        to: null,
      };
      // What is going to be so is nobody's to know; a slip of the keyboard must not lock a patient out next year.
      if (made.from > at) throw new RefusedInput("FIELD_INVALID", { at: "from", expected: "a time that has been" });
      await inOrganisation(api, organisationId, async (tx) => {
        await checkPatient(tx, by, patientId);
        await tx.run(
          `INSERT INTO patient_fact (id, organisation_id, patient_id, fact, reason, from_at, created_at, created_by)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
          [made.id, organisationId, patientId, made.fact, made.reason, made.from, at, by],
        );
        const detail = { factId: made.id, fact: made.fact };
        await audit(tx, { organisationId, at, by, action: "patient.state-fact", patientId, detail });
      });
      await changed({ kind: "patient", organisationId, patientId });
      return made;
    },

    async endFact(organisationId, patientId, factId, by) {
      const at = now();
      const ended = await inOrganisation(api, organisationId, async (tx) => {
        await needSeen(tx, by, [needUuid(patientId, "patient")]);
        const [row] = await tx.rows<FactRow>(
          `UPDATE patient_fact SET to_at = greatest(from_at, $3) WHERE id = $1 AND patient_id = $2 AND to_at IS NULL
            RETURNING ${COLUMNS}, fact`,
          [needUuid(factId, "fact"), needUuid(patientId, "patient"), at],
        );
        if (!row) throw new RefusedInput("NOT_FOUND", { at: "fact" });
        const detail = { factId, fact: row.fact };
        await audit(tx, { organisationId, at, by, action: "patient.end-fact", patientId, detail });
        return toFact(row);
      });
      await changed({ kind: "patient", organisationId, patientId });
      return ended;
    },
  };
}

/** A record that was merged stands for the one into which it was. */
const relationsWhere = (condition: string) =>
  `WITH RECURSIVE kept AS (
     SELECT r.id AS relation_id, p.id, p.merged_into FROM patient_relation r JOIN patient p ON p.id = r.patient_id
      WHERE ${condition}
     UNION ALL SELECT k.relation_id, p.id, p.merged_into FROM kept k JOIN patient p ON p.id = k.merged_into)
   SELECT r.id, r.organisation_id, k.id AS patient_id, r.reason, r.from_at, r.to_at, r.person_id, r.relation
     FROM patient_relation r JOIN kept k ON k.relation_id = r.id AND k.merged_into IS NULL
    ORDER BY r.from_at DESC, r.id LIMIT ${MOST}`;

/** Also those of records that were merged into these: whoever died, died under either number. */
const factsOf = (tx: Transaction, patientIds: readonly string[]) =>
  tx.rows<FactRow>(
    `WITH RECURSIVE one AS (
       SELECT id, id AS kept FROM patient WHERE id = ANY ($1::uuid[])
       UNION SELECT p.id, one.kept FROM patient p JOIN one ON p.merged_into = one.id)
     SELECT f.id, f.organisation_id, one.kept AS patient_id, f.reason, f.from_at, f.to_at, f.fact
       FROM patient_fact f JOIN one ON one.id = f.patient_id ORDER BY f.from_at DESC, f.id LIMIT ${MOST}`,
    [patientIds],
  );

async function checkPatient(tx: Transaction, by: string, patientId: string): Promise<void> {
  await needSeen(tx, by, [needUuid(patientId, "patient")]);
  const [row] = await tx.rows<{ merged_into: string | null }>(
    "SELECT merged_into FROM patient WHERE id = $1 FOR SHARE",
    [needUuid(patientId, "patient")],
  );
  if (!row) throw new RefusedInput("NOT_FOUND", { at: "patient" });
  if (row.merged_into !== null)
    throw new RefusedInput("CONFLICT", {
      at: "patient",
      expected: `patient ${row.merged_into}, into whom this one was merged`,
    });
}

function checkSpan({ from, to }: PatientRelation): void {
  if (to !== null && to <= from) throw new RefusedInput("FIELD_INVALID", { at: "to", expected: "a time after `from`" });
}

function needOne<T extends string>(known: readonly T[], value: T, at: string): T {
  if (!known.includes(value)) throw new RefusedInput("FIELD_INVALID", { at, expected: known.join(", ") });
  return value;
}

function needReason(reason: string): string {
  const text = reason.trim();
  if (text === "" || text.length > 200)
    throw new RefusedInput("FIELD_INVALID", { at: "reason", expected: "1 to 200 characters" });
  return text;
}

const common = (row: Row) => ({
  id: row.id,
  organisationId: row.organisation_id,
  patientId: row.patient_id,
  reason: row.reason,
  from: row.from_at,
  to: row.to_at,
});
const toRelation = (row: RelationRow): PatientRelation => ({
  ...common(row),
  personId: row.person_id,
  relation: row.relation,
});
const toFact = (row: FactRow): PatientFact => ({ ...common(row), fact: row.fact });
