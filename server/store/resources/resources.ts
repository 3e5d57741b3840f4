import { RefusedInput } from "@openward/errors";
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
import { countStatement, listStatement, searchStatement, whoseText } from "./search.ts";
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
}

interface VersionRow extends Row {
  readonly method: Method;
  readonly change: number;
}

const COLUMNS =
  "r.type, r.id, r.version, r.updated_at, r.patient_id::text AS patient_id, r.other_patient_ids::text[] AS others, r.content";

/** Resources of FHIR in PostgreSQL, each version of them. */
export function createResources({
  tables: given,
  clock,
  overlays,
  changed,
}: {
  readonly tables: Tables;
  readonly clock: Clock;
  readonly overlays: KnownOverlays;
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
          `SELECT ${COLUMNS} FROM resource r WHERE r.organisation_id = current_organisation() AND r.type = $1 AND r.id = $2`,
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
        return row && toVersion(row);
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
        const parts = ["r.organisation_id = current_organisation()", "r.type = $1", "r.content IS NOT NULL"];
        if (among) parts.push(`r.id = ANY (${put(among)}::text[])`);
        parts.push(...whoseText(whose, put));
        const rows = await tx.rows<{ id: string }>(`SELECT r.id FROM resource r WHERE ${parts.join(" AND ")}`, values);
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
        .catch(refused);
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
  const rows = await tx.rows<VersionRow>(
    `SELECT ${COLUMNS}, r.method, r.change FROM resource_version r WHERE ${parts.join(" AND ")}
      ORDER BY r.change DESC LIMIT ${put(limit)}`,
    values,
  );
  return rows.map(toVersion);
}

function toResource(row: Row): StoredResource {
  const { type, id, version, updated_at: updatedAt, patient_id: patientId, others, content } = row;
  return { type, id, version, updatedAt, content, patientIds: patientId === null ? [] : [patientId, ...others] };
}

const toVersion = (row: VersionRow): StoredVersion => ({
  ...toResource(row),
  method: row.method,
  change: Number(row.change),
});
