import { RefusedInput } from "@openward/errors";
import type { Patient } from "@openward/model";
import { endAssociationsOf, moveAssociations } from "./associations.ts";
import { audit } from "./audit.ts";
import type { RegistryContext } from "./context.ts";
import { checkPatient } from "./patient-checks.ts";
import { type PatientRow, readPatients, toRecord } from "./patient-rows.ts";
import type { By, NewPatient, PatientRecord, PatientRegistry, PatientsNarrowed, Place } from "./ports.ts";
import { hasSameFamilyName, isSimilarName, nameKey, wordsOf } from "./similar-names.ts";
import { beginStay, endStay } from "./stays.ts";
import { inOrganisation, lookAs, needUuid, type Transaction } from "./transaction.ts";

const SIMILAR_MAX = 20;

/** Patients, where they lie, and who they were taken for. */
export function createPatientRegistry(context: RegistryContext): PatientRegistry {
  const { api, runtime } = context;
  const now = () => runtime.clock.now();

  /** Looked for in the name of who changes it: whom they may not see is not there. */
  const lock = async (tx: Transaction, patientId: string, by: By): Promise<PatientRow> => {
    await lookAs(tx, by);
    const rows = await tx.rows<{ id: string }>(
      "SELECT id FROM patient WHERE id = $1 AND withdrawn_at IS NULL FOR UPDATE",
      [needUuid(patientId, "patient")],
    );
    await lookAs(tx, "the house");
    const [row] = rows.length > 0 ? await readPatients(tx, "p.id = $1", [patientId]) : [];
    if (!row) throw new RefusedInput("NOT_FOUND", { at: "patient" });
    return row;
  };

  const lockUnmerged = async (tx: Transaction, patientId: string, by: By): Promise<PatientRow> => {
    const row = await lock(tx, patientId, by);
    if (row.merged_into)
      throw new RefusedInput("CONFLICT", {
        at: "patient",
        expected: `patient ${row.merged_into}, into whom this one was merged`,
      });
    return row;
  };

  const recordOf = async (tx: Transaction, patientId: string): Promise<PatientRecord> => {
    const [row] = await readPatients(tx, "p.id = $1", [patientId]);
    if (!row) throw new RefusedInput("NOT_FOUND", { at: "patient" });
    return toRecord(row);
  };

  const told = async <T>(organisationId: string, patientIds: readonly string[], result: T): Promise<T> => {
    await Promise.all(patientIds.map((patientId) => context.changed({ kind: "patient", organisationId, patientId })));
    return result;
  };

  /** What was written of them by FHIR says the same from here on. */
  const follow = async (tx: Transaction, before: Patient, by: By, replaces?: string): Promise<void> => {
    if (!context.followPatient) return;
    const { patient } = await recordOf(tx, before.id);
    await context.followPatient(tx, { before, after: patient, by, at: now(), ...(replaces && { replaces }) });
  };

  const lieDown = (tx: Transaction, organisationId: string, patientId: string, place: Place, at: number) =>
    beginStay(tx, { id: runtime.ids.uuid(), organisationId, patientId, place, at });

  return {
    async list(asker, { all, q, narrowed }) {
      return inOrganisation(api, asker, async (tx) => {
        const words = q ? wordsOf(q) : [];
        const conditions = ["p.merged_into IS NULL AND p.withdrawn_at IS NULL"];
        const values: unknown[] = [];
        if (!all) conditions.push("s.id IS NOT NULL");
        if (q?.trim()) {
          values.push(like(q.trim()));
          const byName = words.map((word) => `p.name_key LIKE $${values.push(like(word))}`).join(" AND ");
          conditions.push(byName ? `(p.mrn ILIKE $1 OR (${byName}))` : "p.mrn ILIKE $1");
        }
        const put = (value: unknown) => `$${values.push(value)}`;
        if (narrowed) conditions.push(...narrowing(narrowed, put));
        const page = narrowed?.limit === undefined ? undefined : `p.id LIMIT ${put(narrowed.limit)}`;
        return (await readPatients(tx, conditions.join(" AND "), values, page)).map(toRecord);
      });
    },

    async find(asker, patientId) {
      return inOrganisation(api, asker, async (tx) => {
        const [row] = await readPatients(tx, "p.id = $1 AND p.withdrawn_at IS NULL", [needUuid(patientId, "patient")]);
        return row && toRecord(row);
      });
    },

    async similar(asker, name, birthDate) {
      const words = wordsOf(name);
      if (words.length === 0) return [];
      // Every rule keeps the first letter of some word, or the birth date: the rest is not fetched.
      const initials = [...new Set(words.map((word) => word.slice(0, 1)))]
        .map((letter) => `(^| )${escapeRegex(letter)}`)
        .join("|");
      const candidates = await inOrganisation(api, asker, (tx) =>
        readPatients(
          tx,
          "p.merged_into IS NULL AND p.withdrawn_at IS NULL AND (p.name_key ~ $1 OR p.birth_date = $2::date)",
          [initials, birthDate ?? null],
        ),
      );
      const key = nameKey(name);
      return candidates
        .filter(
          (row) =>
            isSimilarName(row.name, name) ||
            (birthDate != null && row.birth_date === birthDate && hasSameFamilyName(row.name, name)),
        )
        .sort((a, b) => Number(b.name_key === key) - Number(a.name_key === key))
        .slice(0, SIMILAR_MAX)
        .map(toRecord);
    },

    async create(organisationId, patient, by, place) {
      const at = now();
      checkPatient(patient, at);
      const id = runtime.ids.uuid();
      const record = await inOrganisation(api, organisationId, async (tx) => {
        await insertPatient(tx, { id, organisationId, patient, by, at });
        if (place) {
          await lieDown(tx, organisationId, id, place, at);
          await audit(tx, { organisationId, at, by, action: "patient.admit", patientId: id, detail: { ...place } });
        }
        return recordOf(tx, id);
      });
      return told(organisationId, [id], record.patient);
    },

    async change(organisationId, patientId, change, by) {
      const at = now();
      const record = await inOrganisation(api, organisationId, async (tx) => {
        const before = toRecord(await lockUnmerged(tx, patientId, by)).patient;
        await updatePatient(tx, { before, change, by, at });
        await follow(tx, before, by);
        return recordOf(tx, patientId);
      });
      return told(organisationId, [patientId], record.patient);
    },

    async admit(organisationId, patientId, place, by) {
      const at = now();
      const record = await inOrganisation(api, organisationId, async (tx) => {
        await lockUnmerged(tx, patientId, by);
        await lieDown(tx, organisationId, patientId, place, at);
        await audit(tx, { organisationId, at, by, action: "patient.admit", patientId, detail: { ...place } });
        return recordOf(tx, patientId);
      });
      return told(organisationId, [patientId], record);
    },

    async transfer(organisationId, patientId, place, by) {
      const at = now();
      const record = await inOrganisation(api, organisationId, async (tx) => {
        await lockUnmerged(tx, patientId, by);
        if (!(await endStay(tx, patientId, at))) throw notAdmitted();
        await lieDown(tx, organisationId, patientId, place, at);
        await audit(tx, { organisationId, at, by, action: "patient.transfer", patientId, detail: { ...place } });
        return recordOf(tx, patientId);
      });
      return told(organisationId, [patientId], record);
    },

    async discharge(organisationId, patientId, by) {
      const at = now();
      const { record, released } = await inOrganisation(api, organisationId, async (tx) => {
        await lock(tx, patientId, by);
        if (!(await endStay(tx, patientId, at))) throw notAdmitted();
        const released = await endAssociationsOf(tx, patientId, at);
        await audit(tx, { organisationId, at, by, action: "patient.discharge", patientId, detail: { released } });
        return { record: await recordOf(tx, patientId), released };
      });
      await Promise.all(
        released.map((deviceId) => context.changed({ kind: "association", organisationId, deviceId, patientId })),
      );
      return told(organisationId, [patientId], record);
    },

    async merge(organisationId, patientId, into, by) {
      if (patientId === into) throw new RefusedInput("CONFLICT", { at: "into", expected: "another patient" });
      const at = now();
      const { record, moved } = await inOrganisation(api, organisationId, async (tx) => {
        // In the order of ids, so that two merges the opposite ways do not wait for each other.
        for (const id of [patientId, into].sort()) await lock(tx, id, by);
        const gone = await lockUnmerged(tx, patientId, by);
        const kept = await lockUnmerged(tx, into, by);
        await tx.run("UPDATE patient SET merged_into = $2, updated_at = greatest($3, updated_at + 1) WHERE id = $1", [
          patientId,
          into,
          at,
        ]);
        await follow(tx, toRecord(gone).patient, by);
        await follow(tx, toRecord(kept).patient, by, patientId);
        await endStay(tx, patientId, at);
        // The bed they lie in already, with whoever shares it.
        if (!kept.stay_id && gone.ward_id && gone.bed) {
          await lieDown(tx, organisationId, into, { wardId: gone.ward_id, bed: gone.bed, shareBed: true }, at);
        }
        const moved = await moveAssociations(tx, patientId, into, { at, by, newId: () => runtime.ids.uuid() });
        await audit(tx, { organisationId, at, by, action: "patient.merge", patientId, detail: { into, moved } });
        await audit(tx, {
          organisationId,
          at,
          by,
          action: "patient.merged-from",
          patientId: into,
          detail: { from: patientId, moved },
        });
        return { record: await recordOf(tx, into), moved };
      });
      await Promise.all(
        moved.map((deviceId) => context.changed({ kind: "association", organisationId, deviceId, patientId: into })),
      );
      return told(organisationId, [patientId, into], record);
    },
  };
}

/** What is about to be done to somebody's row, and by whom. */
interface Act {
  readonly by: By;
  readonly at: number;
}

/** With its audit row. @throws RefusedInput FIELD_INVALID */
export async function insertPatient(
  tx: Transaction,
  { id, organisationId, patient, by, at }: Act & { id: string; organisationId: string; patient: NewPatient },
): Promise<void> {
  checkPatient(patient, at);
  await tx.run(
    `INSERT INTO patient (id, organisation_id, name, name_key, birth_date, sex, mrn, is_unknown, time_zone, age_group, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)`,
    [
      id,
      organisationId,
      patient.name,
      nameKey(patient.name),
      patient.birthDate,
      patient.sex,
      patient.mrn,
      patient.isUnknown,
      patient.timeZone,
      patient.ageGroup,
      at,
    ],
  );
  await setTimeZone(tx, organisationId, id, patient.timeZone, at);
  await audit(tx, { organisationId, at, by, action: "patient.create", patientId: id });
}

/** With its audit row. @throws RefusedInput FIELD_INVALID */
export async function updatePatient(
  tx: Transaction,
  { before, change, by, at }: Act & { before: Patient; change: Partial<NewPatient> },
): Promise<void> {
  const { id, organisationId } = before;
  const next = applyChange(before, change);
  checkPatient(next, at);
  await tx.run(
    `UPDATE patient SET name = $2, name_key = $3, birth_date = $4, sex = $5, mrn = $6, is_unknown = $7, time_zone = $8,
       age_group = $9, updated_at = greatest($10, updated_at + 1) WHERE id = $1`,
    [
      id,
      next.name,
      nameKey(next.name),
      next.birthDate,
      next.sex,
      next.mrn,
      next.isUnknown,
      next.timeZone,
      next.ageGroup,
      at,
    ],
  );
  if (next.timeZone !== before.timeZone) await setTimeZone(tx, organisationId, id, next.timeZone, at);
  const fields = (Object.keys(next) as (keyof NewPatient)[]).filter((field) => next[field] !== before[field]);
  await audit(tx, { organisationId, at, by, action: "patient.change", patientId: id, detail: { fields } });
}

function applyChange(before: Patient, change: Partial<NewPatient>): NewPatient {
  const { name, birthDate, sex, mrn, isUnknown, timeZone, ageGroup } = before;
  const next: Record<string, unknown> = { name, birthDate, sex, mrn, isUnknown, timeZone, ageGroup };
  for (const field of Object.keys(next)) {
    const value = change[field as keyof NewPatient];
    if (value !== undefined) next[field] = value;
  }
  return next as unknown as NewPatient;
}

async function setTimeZone(
  tx: Transaction,
  organisationId: string,
  patientId: string,
  timeZone: string,
  at: number,
): Promise<void> {
  await tx.run(
    `INSERT INTO patient_time_zone (organisation_id, patient_id, from_at, time_zone)
     SELECT $1, $2, greatest($3, (SELECT max(from_at) + 1 FROM patient_time_zone WHERE patient_id = $2)), $4`,
    [organisationId, patientId, at, timeZone],
  );
}

const notAdmitted = () => new RefusedInput("CONFLICT", { at: "patient", expected: "a patient who is admitted" });
const like = (text: string) => `%${text.replace(/[\\%_]/g, "\\$&")}%`;
const escapeRegex = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** Letters that the two ways of folding a name fold alike; a name with any other is looked at. */
const ODD_LETTER = "p.name ~ '[^ -~À-ıĴ-ľŁ-ňŊ-ž]'";

function narrowing({ mrns, bornFrom, bornTo, names = [], after }: PatientsNarrowed, put: (value: unknown) => string) {
  const parts: string[] = [];
  if (mrns) parts.push(`p.mrn = ANY (${put(mrns)}::text[])`);
  if (bornFrom !== undefined) parts.push(`p.birth_date >= ${put(bornFrom)}::date`);
  if (bornTo !== undefined) parts.push(`p.birth_date <= ${put(bornTo)}::date`);
  for (const anyOf of names) {
    const words = anyOf.map(wordsOf);
    // What has no letters narrows nothing.
    if (words.some((some) => some.length === 0)) continue;
    const ways = words.map((some) => `(${some.map((word) => `p.name_key LIKE ${put(like(word))}`).join(" AND ")})`);
    parts.push(`(${[ODD_LETTER, ...ways].join(" OR ")})`);
  }
  if (after !== undefined) parts.push(`p.id > ${put(after)}::uuid`);
  return parts;
}
