import { RefusedInput } from "@openward/errors";
import type { Findable, PatientAct } from "@openward/fhir/store";
import type { Patient } from "@openward/model";
import { audit } from "../registry/audit.ts";
import type { FollowPatient, PatientChange } from "../registry/context.ts";
import { readPatients, toRecord } from "../registry/patient-rows.ts";
import { insertPatient, updatePatient } from "../registry/patients.ts";
import { HOUSE, lookAs, needSeen, type Transaction } from "../registry/transaction.ts";
import { writeVersion } from "./write.ts";

interface Writing {
  readonly organisationId: string;
  readonly id: string;
  /** Id of who does it. */
  readonly by: string;
  readonly at: number;
}

/**
 * What a Patient that is written means to the registry: there it is the same act as in the portals, with the same checks
 * and audit rows. From here on the transaction looks as the house.
 *
 * @returns by what else the resource is found from now on
 * @throws RefusedInput CONFLICT, FIELD_INVALID; NOT_FOUND where the patient is not there for who does it
 */
export async function actOnPatient(tx: Transaction, act: PatientAct, writing: Writing): Promise<readonly string[]> {
  const { organisationId, id, by, at } = writing;
  if (act.kind === "create") await lookAs(tx, HOUSE);
  else await needSeen(tx, by, [id]);
  switch (act.kind) {
    case "create": {
      const mrn = await freeNumber(tx, act.numbers);
      const { timeZone, ...facts } = act.patient;
      const patient = { ...facts, mrn, ageGroup: null, timeZone: timeZone ?? (await zoneOfHouse(tx)) };
      await insertPatient(tx, { id, organisationId, patient, by, at });
      return act.termsOf(mrn);
    }
    case "change":
      await change(tx, act.change, writing);
      return [];
    case "withdraw":
      await needEmptyChart(tx, id);
      await withdraw(tx, at, writing);
      return [];
    case "restore":
      await withdraw(tx, null, writing);
      await change(tx, act.change, writing);
      return [];
  }
}

type Changed = Extract<PatientAct, { kind: "change" }>["change"];

async function change(tx: Transaction, asked: Changed, { id, by, at }: Writing): Promise<void> {
  const { timeZone, ...facts } = asked;
  const before = await lock(tx, id);
  if (before.mergedInto !== null)
    throw new RefusedInput("CONFLICT", {
      at: `Patient/${id}`,
      expected: "the patient into whom this one was merged: see link",
    });
  if (Object.keys(asked).length === 0) return;
  await updatePatient(tx, { before, change: { ...facts, ...(timeZone && { timeZone }) }, by, at });
}

async function lock(tx: Transaction, id: string): Promise<Patient> {
  await tx.rows("SELECT FROM patient WHERE id = $1 FOR UPDATE", [id]);
  const [row] = await readPatients(tx, "p.id = $1", [id]);
  if (!row) throw new RefusedInput("NOT_FOUND", { at: "patient" });
  return toRecord(row).patient;
}

/** What is in it is named by the table in which the first of it stands. */
async function needEmptyChart(tx: Transaction, id: string): Promise<void> {
  await lock(tx, id);
  const [row] = await tx.rows<{ found: string | null }>("SELECT first_of_chart($1) AS found", [id]);
  if (row?.found != null)
    throw new RefusedInput("CONFLICT", {
      at: `Patient/${id}`,
      expected: `a patient with nothing in the chart, and there is something (${row.found}): set active to false, or merge or erase them in the portals`,
    });
}

async function withdraw(tx: Transaction, when: number | null, { organisationId, id, by, at }: Writing): Promise<void> {
  await tx.run(
    "UPDATE patient SET withdrawn_at = $2, updated_at = greatest($3::bigint, updated_at + 1) WHERE id = $1",
    [id, when, at],
  );
  const action = when === null ? "patient.restore" : "patient.withdraw";
  await audit(tx, { organisationId, at, by, action, patientId: id });
}

/** The first that no other patient has; the last of them where all are taken, and then the registry says so. */
async function freeNumber(tx: Transaction, numbers: readonly string[]): Promise<string> {
  const rows = await tx.rows<{ mrn: string }>(
    "SELECT mrn FROM patient WHERE organisation_id = current_organisation() AND mrn = ANY ($1::text[])",
    [numbers],
  );
  const taken = new Set(rows.map(({ mrn }) => mrn));
  return numbers.find((one) => !taken.has(one)) ?? String(numbers.at(-1));
}

async function zoneOfHouse(tx: Transaction): Promise<string> {
  const [ward] = await tx.rows<{ time_zone: string }>(
    "SELECT time_zone FROM ward WHERE organisation_id = current_organisation() ORDER BY created_at, id LIMIT 1",
  );
  return ward?.time_zone ?? "UTC";
}

/** A Patient resource as it shall be from now on. */
export interface PatientText {
  readonly content: string;
  readonly patientIds: readonly string[];
  readonly findable: Findable;
}

/**
 * What the house changes of a patient who was written is a new version of what was written, in the same transaction.
 *
 * @param textOf the text with what was changed, and the rest as it was; undefined: it says so already
 */
export const followPatients =
  (textOf: (content: string, change: PatientChange) => Promise<PatientText | undefined>): FollowPatient =>
  async (tx, change) => {
    const { id, organisationId } = change.after;
    const [row] = await tx.rows<{ version: number; content: string }>(
      `SELECT version, content FROM resource
        WHERE organisation_id = current_organisation() AND type = 'Patient' AND id = $1 AND content IS NOT NULL FOR UPDATE`,
      [id],
    );
    const text = row && (await textOf(row.content, change));
    if (!text) return;
    const written = { type: "Patient", id, after: row.version, method: "PUT", ...text } as const;
    await writeVersion(tx, written, { organisationId, by: change.by, at: change.at });
  };
