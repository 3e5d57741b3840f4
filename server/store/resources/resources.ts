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
import type { Tables, Transaction } from "../registry/transaction.ts";
import { hashOf } from "./hash.ts";
import { withHouse } from "./house.ts";
import { insertAll } from "./insert.ts";
import type { KnownOverlays } from "./overlays.ts";
import { countStatement, listStatement, searchStatement, whoseText } from "./search.ts";

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
}: {
  readonly tables: Tables;
  readonly clock: Clock;
  readonly overlays: KnownOverlays;
}): Resources {
  const tables = withHouse(given);
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

    history: (asker, query) => tables.inOrganisation(asker, (tx) => history(tx, query)),

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
      const stored = await tables.inOrganisation(asker, async (tx) => {
        const updatedAt = clock.now();
        const isNew = ({ after }: Change) => after === 0;
        const fresh = changes.filter(isNew);
        const made = fresh.length > 0 ? await insertAll(tx, fresh, by, updatedAt) : [];
        const byName = new Map(made.map((one) => [`${one.type}/${one.id}`, one]));
        const written: StoredResource[] = [];
        for (const change of changes) {
          const { type, id, places } = change;
          const known = isNew(change) ? byName.get(`${type}/${id}`) : undefined;
          written.push(known ?? (await update(tx, asker, change, by, updatedAt)));
          if (places) await overlays.place(tx, organisationId, id, places);
        }
        if (beside) await overlays.keep(tx, organisationId, beside, updatedAt);
        return written;
      });
      overlays.kept(
        beside,
        changes.flatMap(({ type, patientIds }) => (type === "Observation" ? patientIds.slice(0, 1) : [])),
      );
      return stored;
    },
  };
}

async function history(
  tx: Transaction,
  { type, id, since, before, limit, whose }: HistoryQuery,
): Promise<StoredVersion[]> {
  const values: unknown[] = [];
  const put = (value: unknown) => `$${values.push(value)}`;
  const parts = ["r.organisation_id = current_organisation()"];
  if (type !== undefined) parts.push(`r.type = ${put(type)}`);
  if (id !== undefined) parts.push(`r.id = ${put(id)}`);
  if (since !== undefined) parts.push(`r.updated_at >= ${put(since)}`);
  if (before !== undefined) parts.push(`r.change < ${put(before)}`);
  parts.push(...whoseText(whose, put));
  const rows = await tx.rows<VersionRow>(
    `SELECT ${COLUMNS}, r.method, r.change FROM resource_version r WHERE ${parts.join(" AND ")}
      ORDER BY r.change DESC LIMIT ${put(limit)}`,
    values,
  );
  return rows.map(toVersion);
}

async function update(
  tx: Transaction,
  asker: ResourceAsker,
  change: Change,
  by: string,
  updatedAt: number,
): Promise<StoredResource> {
  const { type, id, after, method, content, findable } = change;
  const { organisationId } = asker;
  const [patientId = null, ...others] = change.patientIds;
  const terms = findable.terms.map((term) => hashOf(type, term));
  const version = after + 1;
  const rows = await tx.rows<{ number: string }>(
    `UPDATE resource SET version = $4, updated_at = $5, patient_id = $6, other_patient_ids = $7::uuid[], content = $8,
       terms = $9::bigint[], words = to_tsvector('simple', $10)
      WHERE organisation_id = $1 AND type = $2 AND id = $3 AND version = $4 - 1 RETURNING number::text AS number`,
    [organisationId, type, id, version, updatedAt, patientId, others, content, terms, findable.words],
  );
  const number = rows[0]?.number;
  if (number === undefined) throw new RefusedInput("CONFLICT", { at: `${type}/${id}`, expected: "its newest version" });
  await tx.run(
    `INSERT INTO resource_version (organisation_id, type, id, version, updated_at, updated_by, method, patient_id, other_patient_ids, content)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::uuid[], $10)`,
    [organisationId, type, id, version, updatedAt, by, method, patientId, others, content],
  );
  await tx.run("DELETE FROM resource_string WHERE number = $1", [number]);
  await tx.run("DELETE FROM resource_span WHERE number = $1", [number]);
  const { strings, spans } = findable;
  if (strings.length > 0)
    await tx.run(
      `INSERT INTO resource_string (number, ordinal, organisation_id, patient_id, key, value, folded)
       SELECT $1, n, $2, $3, k, v, f FROM unnest($4::bigint[], $5::text[], $6::text[]) WITH ORDINALITY AS s (k, v, f, n)`,
      [
        number,
        organisationId,
        patientId,
        strings.map(({ key }) => hashOf(type, key)),
        strings.map(({ value }) => value),
        strings.map(({ folded }) => folded),
      ],
    );
  if (spans.length > 0)
    await tx.run(
      `INSERT INTO resource_span (number, ordinal, organisation_id, patient_id, key, low, high)
       SELECT $1, n, $2, $3, k, l, h FROM unnest($4::bigint[], $5::double precision[], $6::double precision[]) WITH ORDINALITY AS s (k, l, h, n)`,
      [
        number,
        organisationId,
        patientId,
        spans.map(({ key }) => hashOf(type, key)),
        spans.map(({ low }) => low),
        spans.map(({ high }) => high),
      ],
    );
  return { type, id, version, updatedAt, content, patientIds: change.patientIds };
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
