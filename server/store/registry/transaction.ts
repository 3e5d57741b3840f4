import { OutsideTrouble, RefusedInput } from "@openward/errors";
import type { Clock } from "@openward/runtime";
import type { Pool, PoolClient } from "pg";

/** The database under the role of requests, and the clock by which grants begin and end. */
export interface Api {
  readonly pool: Pool;
  /** Left out: the database's own. */
  readonly clock?: Pick<Clock, "now"> | undefined;
}

/**
 * In whose name a transaction looks: a principal, and then their grants decide which patients there are; or the id of an
 * organisation: the house itself, for the command line and for what is kept in memory and read through a view.
 */
export type Asker = string | { readonly organisationId: string; readonly id: string };

/** A query inside a transaction of one organisation. */
export interface Transaction {
  /** @param name under which the connection keeps the statement, read and planned; left out: it does not */
  rows<T extends object>(sql: string, values?: readonly unknown[], name?: string): Promise<T[]>;
  /** @returns how many rows it touched */
  run(sql: string, values?: readonly unknown[]): Promise<number>;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const isUuid = (text: string): boolean => UUID.test(text);

/** @throws RefusedInput NOT_FOUND for what cannot be an id at all */
export function needUuid(id: string, field: string): string {
  if (!isUuid(id)) throw new RefusedInput("NOT_FOUND", { at: field });
  return id;
}

/** The house itself. */
export const HOUSE = "organisation";

/**
 * Do the work in one transaction that sees one organisation and no other, and of its patients those of the asker's grants.
 *
 * @throws RefusedInput CONFLICT, NOT_FOUND where a constraint says so; OutsideTrouble DATABASE_UNREACHABLE, and then
 *   whether the change was made is not known
 */
export async function inOrganisation<T>(
  { pool, clock }: Api,
  asker: Asker,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const organisationId = needUuid(typeof asker === "string" ? asker : asker.organisationId, "organisation");
  const settings = [`organisation = '${organisationId}'`, `principal = '${principalOf(asker)}'`];
  if (clock) settings.push(`now = '${Math.trunc(clock.now())}'`);
  return transaction(pool, ["BEGIN", ...settings.map((one) => `SET LOCAL openward.${one}`)].join("; "), work);
}

/** An id that is none is nobody's, and nobody sees anything. */
function principalOf(asker: Asker): string {
  if (typeof asker === "string") return HOUSE;
  return isUuid(asker.id) ? asker.id : "";
}

/**
 * From here on the transaction looks in this one's name. A change is looked for in the name of who makes it, and then
 * written by the house, which also sees what it must not collide with.
 *
 * @param by id of a person or token; any other word, as "system" or "command line", is the house
 */
export async function lookAs(tx: Transaction, by: string): Promise<void> {
  await tx.run("SELECT set_config('openward.principal', $1, true)", [isUuid(by) ? by : HOUSE]);
}

/** @throws RefusedInput NOT_FOUND where one of them is not there for who does it */
export async function needSeen(tx: Transaction, by: string, patientIds: readonly string[]): Promise<void> {
  await lookAs(tx, by);
  const seen = await tx.rows("SELECT FROM patient WHERE id = ANY ($1::uuid[])", [patientIds]);
  await lookAs(tx, HOUSE);
  if (seen.length < new Set(patientIds).size) throw new RefusedInput("NOT_FOUND", { at: "patient" });
}

/** For the roles that see every organisation. */
export function everywhere<T>(pool: Pool, work: (tx: Transaction) => Promise<T>): Promise<T> {
  return transaction(pool, "BEGIN", work);
}

/** The same two for those who must not know the pools. */
export interface Tables {
  inOrganisation<T>(asker: Asker, work: (tx: Transaction) => Promise<T>): Promise<T>;
  everywhere<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
}

/** @param clock by which grants begin and end; left out: the database's own */
export function createTables(
  { api, worker }: { readonly api: Pool; readonly worker: Pool },
  clock?: Pick<Clock, "now">,
): Tables {
  return {
    inOrganisation: (asker, work) => inOrganisation({ pool: api, clock }, asker, work),
    everywhere: (work) => everywhere(worker, work),
  };
}

/**
 * One statement that commits by itself.
 *
 * @throws RefusedInput CONFLICT; OutsideTrouble DATABASE_UNREACHABLE, also where the pool's `query_timeout` was over: then
 *   whether it was done is not known
 */
export async function statement<T extends object>(
  pool: Pool,
  sql: string,
  values: readonly unknown[] = [],
  /** The connection keeps the statement under it, read and planned. */
  name?: string,
): Promise<T[]> {
  try {
    if (name !== undefined) return (await pool.query({ name, text: sql, values: values as unknown[] })).rows;
    return (await pool.query(sql, values as unknown[])).rows;
  } catch (error) {
    const isLate = /Query read timeout/.test((error as Error).message);
    throw isLate ? new OutsideTrouble("DATABASE_UNREACHABLE", true, {}, { cause: error }) : explain(error);
  }
}

async function transaction<T>(pool: Pool, begin: string, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const client = await connect(pool);
  let failure: Error | undefined;
  try {
    await client.query(begin);
    const result = await work({
      rows: async (sql, values, name) => {
        const given = values as unknown[];
        return (
          await (name === undefined ? client.query(sql, given) : client.query({ name, text: sql, values: given }))
        ).rows;
      },
      run: async (sql, values) => (await client.query(sql, values as unknown[])).rowCount ?? 0,
    });
    await client.query("COMMIT");
    return result;
  } catch (error) {
    failure = error as Error;
    await client.query("ROLLBACK").catch(() => {});
    throw explain(error);
  } finally {
    // A client that lost its connection leaves the pool.
    client.release(failure !== undefined && isConnectionLoss(failure) ? failure : undefined);
  }
}

async function connect(pool: Pool): Promise<PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw new OutsideTrouble("DATABASE_UNREACHABLE", true, {}, { cause: error });
  }
}

/** PostgreSQL's SQLSTATE as our refusals; what is neither refusal nor lost connection is our bug and stays as it is. */
export function explain(error: unknown): unknown {
  if (error instanceof RefusedInput || error instanceof OutsideTrouble) return error;
  const { code, constraint } = error as { code?: string; constraint?: string };
  switch (code) {
    case "23505": // unique_violation
    case "23P01": // exclusion_violation
    case "40001": // serialization_failure
    case "40P01": // deadlock_detected
      return new RefusedInput("CONFLICT", fieldOf(constraint), { cause: error });
    case "23503": // foreign_key_violation
      return new RefusedInput("NOT_FOUND", fieldOf(constraint), { cause: error });
    case "22P02": // invalid_text_representation: an id that is none
      return new RefusedInput("NOT_FOUND", {}, { cause: error });
  }
  return isConnectionLoss(error as Error)
    ? new OutsideTrouble("DATABASE_UNREACHABLE", true, {}, { cause: error })
    : error;
}

const FIELDS: Readonly<Record<string, { at: string; expected: string }>> = {
  patient_organisation_id_mrn_key: { at: "mrn", expected: "a record number that no other patient has" },
  ward_organisation_id_name_key: { at: "name", expected: "a name that no other ward has" },
  device_pkey: { at: "id", expected: "an id that no other device has" },
  association_never_overlaps: { at: "from", expected: "a time at which the device was on no other patient" },
  stay_running: { at: "patient", expected: "a patient who is not admitted" },
  patient_relation_one_self: { at: "relation", expected: "a patient who has no sign-in of their own at that time" },
  patient_relation_one_patient: { at: "personId", expected: "a person who is no other patient at that time" },
  patient_relation_once: { at: "personId", expected: "a person who is not related to this patient at that time" },
  patient_fact_once: { at: "fact", expected: "a patient of whom it is not said already" },
  stay_organisation_id_ward_id_fkey: { at: "wardId", expected: "a ward of this organisation" },
};

function fieldOf(constraint: string | undefined): { at?: string; expected?: string } {
  return FIELDS[constraint ?? ""] ?? (constraint ? { at: constraint } : {});
}

/** SQLSTATE classes 08, 53, 57P and 58, the system's own codes, and what pg says without any. */
export function isConnectionLoss(error: Error): boolean {
  const code = (error as { code?: string }).code;
  if (code !== undefined) return /^(08|53|57P|58)/.test(code) || /^E[A-Z]{3,}$/.test(code) || code === "25P03";
  return /connection (terminated|ended|closed)|timeout exceeded|client (was closed|has encountered)|not queryable/i.test(
    error.message,
  );
}
