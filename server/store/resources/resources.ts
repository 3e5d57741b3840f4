import { RefusedInput } from "@openward/errors";
import { fillIn } from "@openward/fhir/form";
import type {
  Change,
  FoundResource,
  HistoryQuery,
  Method,
  ResourceAsker,
  Resources,
  StoredResource,
  StoredVersion,
} from "@openward/fhir/store";
import type { Clock } from "@openward/runtime";
import type { RegistryChange } from "../registry/ports.ts";
import { HOUSE, lookAs, needSeen, type Tables, type Transaction } from "../registry/transaction.ts";
import { withHouse } from "./house.ts";
import { insertAll } from "./insert.ts";
import type { KnownOverlays } from "./overlays.ts";
import { actOnPatient } from "./patients.ts";
import type { Reservations } from "./reservations.ts";
import { COLUMNS_OF_FILLED, countStatement, listStatement, searchStatement, whoseText } from "./search.ts";
import { typesIn } from "./types.ts";
import { type Writer, writeVersion } from "./write.ts";

interface Row {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly updated_at: number;
  readonly patient_id: string | null;
  readonly others: readonly string[];
  readonly content: string | null;
  /** Of what was filled in, in place of its content. */
  readonly form?: string | null;
  readonly effective?: string;
  readonly value?: string;
}

interface VersionRow extends Row {
  readonly method: Method;
  readonly change: number;
}

const OBSERVATION = "Observation";
const NO_BLANKS = "NULL::text AS form, NULL::text AS effective, NULL::text AS value";

const COLUMNS =
  "r.type, r.id, r.version, r.updated_at, r.patient_id::text AS patient_id, r.other_patient_ids::text[] AS others, r.content";

const READ = `SELECT ${COLUMNS}`;
const READ_FROM = "FROM resource r WHERE r.organisation_id = current_organisation() AND r.type = $1 AND r.id = $2";
const READ_FILLED = `UNION ALL SELECT ${COLUMNS_OF_FILLED} FROM filled_observation r
  WHERE r.organisation_id = current_organisation() AND r.id = $2 AND NOT r.is_superseded`;

/** Resources of FHIR in PostgreSQL, each version of them. */
export function createResources({
  tables: given,
  clock,
  overlays,
  reservations,
  changed,
}: {
  readonly tables: Tables;
  readonly clock: Clock;
  readonly overlays: KnownOverlays;
  readonly reservations: Reservations;
  /** Told after the commit of each patient, and waited for: who wrote one reads what was written. */
  changed(change: RegistryChange): Promise<void>;
}): Resources {
  const tables = withHouse(given);
  const told = async (organisationId: string, changes: readonly Change[]) => {
    for (const { id, patient } of changes)
      if (patient) await changed({ kind: "patient", organisationId, patientId: id });
  };
  return {
    read: (asker, type, id) =>
      tables.inOrganisation(asker, async (tx) => {
        const [row] = await tx.rows<Row>(
          type === OBSERVATION ? `${READ}, ${NO_BLANKS} ${READ_FROM} ${READ_FILLED}` : `${READ} ${READ_FROM}`,
          [type, id],
        );
        return row && toResource(row);
      }),

    version: (asker, type, id, version) =>
      tables.inOrganisation(asker, async (tx) => {
        const [row] = await tx.rows<VersionRow>(
          `SELECT ${COLUMNS}, r.method, r.change FROM resource_version r
            WHERE r.organisation_id = current_organisation() AND r.type = $1 AND r.id = $2 AND r.version = $3`,
          [type, id, version],
        );
        if (row || type !== OBSERVATION || version !== 1) return row && toVersion(row);
        const [filled] = await tx.rows<VersionRow>(
          `SELECT ${COLUMNS_OF_FILLED}, r.method, r.change FROM filled_observation r
            WHERE r.organisation_id = current_organisation() AND r.id = $1`,
          [id],
        );
        return filled && toVersion(filled);
      }),

    list: (asker, query) =>
      tables.inOrganisation(asker, async (tx) => {
        const { text, values } = listStatement(query);
        return (await tx.rows<Row>(text, values)).map(toResource);
      }),

    types: (organisationId) => tables.inOrganisation(organisationId, typesIn),

    history: (asker, query) => tables.inOrganisation(asker, (tx) => history(tx, query)),

    ids: (asker, { type, whose, among }) =>
      tables.inOrganisation(asker, async (tx) => {
        const values: unknown[] = [type];
        const put = (value: unknown) => `$${values.push(value)}`;
        const parts = ["r.organisation_id = current_organisation()", "r.type = $1"];
        if (among) parts.push(`r.id = ANY (${put(among)}::text[])`);
        parts.push(...whoseText(whose, put));
        const all = parts.join(" AND ");
        const filled = `UNION ALL SELECT r.id FROM filled_observation r WHERE ${all} AND NOT r.is_superseded`;
        const rows = await tx.rows<{ id: string }>(
          `SELECT r.id FROM resource r WHERE ${all} AND r.content IS NOT NULL ${type === OBSERVATION ? filled : ""}`,
          values,
        );
        return rows.map(({ id }) => id);
      }),

    search: (asker, query) =>
      tables.inOrganisation(asker, async (tx) => {
        const { text, values } = searchStatement(query);
        const rows = await tx.rows<Row & Readonly<Record<`s${number}`, string | number>>>(text, values);
        const keys = query.sort.length + 1;
        return rows.map((row): FoundResource => {
          const place = Array.from({ length: keys }, (_, i) => row[`s${i}`] as string | number);
          return { ...toResource(row), place };
        });
      }),

    count: (asker, query, atMost) =>
      tables.inOrganisation(asker, async (tx) => {
        const { text, values } = countStatement(query, atMost);
        const [row] = await tx.rows<{ n: number }>(text, values);
        return row?.n ?? 0;
      }),

    async write(asker, changes, by, beside) {
      const { organisationId } = asker;
      const newIds = changes.flatMap(({ type, id, after }) => (type === OBSERVATION && after === 0 ? [id] : []));
      await reservations.takeAll(newIds);
      const stored = await tables
        .inOrganisation(asker, async (tx) => {
          const at = clock.now();
          const writer = { organisationId, by, at };
          const done = new Map<Change, StoredResource>();
          // Patients first: what is about them is written as whoever writes, and that one must see them.
          for (const change of changes) {
            const { patient, findable } = change;
            if (!patient) continue;
            const more = await actOnPatient(tx, patient, { organisationId, id: change.id, by: asker.id, at });
            const found = { ...findable, terms: [...findable.terms, ...more] };
            done.set(change, await writeVersion(tx, { ...change, findable: found }, writer));
          }
          const fresh = changes.filter((one) => one.after === 0 && !done.has(one));
          const made = [...(await insertOfNew(tx, asker, fresh, changes, writer))];
          if (done.size > 0) await lookAs(tx, asker.id);
          if (newIds.length > 0) await needUnfilled(tx, newIds);
          await supersede(tx, organisationId, changes);
          const theirs = new Set(made.map(({ type, id }) => `${type}/${id}`));
          const others = fresh.filter(({ type, id }) => !theirs.has(`${type}/${id}`));
          if (others.length > 0) made.push(...(await insertAll(tx, others, by, at)));
          const byName = new Map(made.map((one) => [`${one.type}/${one.id}`, one]));
          const written: StoredResource[] = [];
          for (const change of changes) {
            const { type, id } = change;
            const known = done.get(change) ?? byName.get(`${type}/${id}`);
            written.push(known ?? (await writeVersion(tx, change, writer)));
          }
          // Of whom this made, who writes sees nothing yet.
          if (done.size > 0) await lookAs(tx, HOUSE);
          for (const { id, places } of changes) if (places) await overlays.place(tx, organisationId, id, places);
          if (beside) await overlays.keep(tx, organisationId, beside, at);
          return written;
        })
        .catch(refused)
        .finally(() => reservations.release(newIds));
      overlays.kept(
        beside,
        changes.flatMap(({ type, patientIds }) => (type === "Observation" ? patientIds.slice(0, 1) : [])),
      );
      await told(organisationId, changes);
      return stored;
    },
  };
}

/**
 * What is about patients whom this transaction makes is written by the house: nobody else sees them yet. Whoever is named beside
 * them must be seen by who writes.
 *
 * @throws RefusedInput NOT_FOUND
 */
async function insertOfNew(
  tx: Transaction,
  asker: ResourceAsker,
  fresh: readonly Change[],
  changes: readonly Change[],
  { by, at }: Writer,
): Promise<readonly StoredResource[]> {
  const newcomers = new Set(changes.flatMap(({ id, patient }) => (patient?.kind === "create" ? [id] : [])));
  const ofNew = fresh.filter(({ patientIds }) => patientIds.some((id) => newcomers.has(id)));
  if (ofNew.length === 0) return [];
  const others = new Set(ofNew.flatMap(({ patientIds }) => patientIds.filter((id) => !newcomers.has(id))));
  if (others.size > 0 && !asker.isHouse) await needSeen(tx, asker.id, [...others]);
  await lookAs(tx, HOUSE);
  return insertAll(tx, ofNew, by, at);
}

/** Row-level security did not let it be written: what the view still showed a grant shows no more. */
function refused(error: unknown): never {
  if ((error as { code?: string }).code === "42501")
    throw new RefusedInput("NOT_PERMITTED", { at: "http.body", expected: "patients whom you see" }, { cause: error });
  throw error;
}

async function history(
  tx: Transaction,
  { type, id, since, before, withoutTypes, limit, whose }: HistoryQuery,
): Promise<StoredVersion[]> {
  const values: unknown[] = [];
  const put = (value: unknown) => `$${values.push(value)}`;
  const parts = ["r.organisation_id = current_organisation()"];
  if (type !== undefined) parts.push(`r.type = ${put(type)}`);
  if (id !== undefined) parts.push(`r.id = ${put(id)}`);
  if (since !== undefined) parts.push(`r.updated_at >= ${put(since)}`);
  if (before !== undefined) parts.push(`r.change < ${put(before)}`);
  if (withoutTypes && withoutTypes.length > 0) parts.push(`r.type <> ALL (${put(withoutTypes)}::text[])`);
  parts.push(...whoseText(whose, put));
  const page = `WHERE ${parts.join(" AND ")} ORDER BY r.change DESC LIMIT ${put(limit)}`;
  const whole = (more: string) => `SELECT ${COLUMNS}, ${more} r.method, r.change FROM resource_version r ${page}`;
  const filled = `SELECT ${COLUMNS_OF_FILLED}, r.method, r.change FROM filled_observation r ${page}`;
  const isOfFilled = (type ?? OBSERVATION) === OBSERVATION && !withoutTypes?.includes(OBSERVATION);
  const text = isOfFilled
    ? `SELECT * FROM ((${whole(`${NO_BLANKS},`)}) UNION ALL (${filled})) u ORDER BY change DESC LIMIT ${put(limit)}`
    : whole("");
  return (await tx.rows<VersionRow>(text, values)).map(toVersion);
}

/** @throws RefusedInput CONFLICT where one of them was filled in */
async function needUnfilled(tx: Transaction, ids: readonly string[]): Promise<void> {
  const there = await tx.rows("SELECT FROM observation_filled WHERE id = ANY ($1::text[]) LIMIT 1", [ids]);
  if (there.length > 0) throw new RefusedInput("CONFLICT", { at: OBSERVATION, expected: "ids that are not there yet" });
}

/** What was filled in becomes a resource like any other, of which it is version 1, with its first change. */
async function supersede(tx: Transaction, organisationId: string, changes: readonly Change[]): Promise<void> {
  const ids = changes.flatMap(({ type, id, after }) => (type === OBSERVATION && after === 1 ? [id] : []));
  if (ids.length === 0) return;
  await tx.run(
    `WITH gone AS (
       UPDATE observation_filled SET is_superseded = true
        WHERE organisation_id = $1 AND id = ANY ($2::text[]) AND NOT is_superseded RETURNING id, number, updated_at, patient_id
     )
     INSERT INTO resource (organisation_id, type, id, number, version, updated_at, patient_id, content)
     OVERRIDING SYSTEM VALUE SELECT $1, '${OBSERVATION}', id, number, 1, updated_at, patient_id, '{}' FROM gone`,
    [organisationId, ids],
  );
}

function toResource(row: Row): StoredResource {
  const {
    type,
    id,
    version,
    updated_at: updatedAt,
    patient_id: patientId,
    others,
    form,
    effective = "",
    value = "",
  } = row;
  const content = form == null ? row.content : fillIn(form, { effective, value });
  return { type, id, version, updatedAt, content, patientIds: patientId === null ? [] : [patientId, ...others] };
}

const toVersion = (row: VersionRow): StoredVersion => ({
  ...toResource(row),
  method: row.method,
  change: Number(row.change),
});
