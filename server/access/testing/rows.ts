import type { Ids } from "@openward/runtime";
import type { Pool } from "pg";

/** What a check of the schema wants; everything else is made from the column's type. */
const VALUES: Readonly<Record<string, unknown>> = {
  "quarantine_resolution.state": "claimed",
  "alarm_revision.priority": "high",
  "alarm_revision.state": "raised",
  "alarm_limit.priority": "high",
  "expectation.source": "learned",
  "stream.kind": "numeric",
  "patient_fact.fact": "incapacity",
  "patient_relation.relation": "family",
  "day_block.bounds": new Array(25).fill(0),
  "day_block.payload": Buffer.alloc(0),
  "store_fault.kind": "block",
  "access_grant.grantee_kind": "role",
  "access_grant.grantee_role": "nobody",
  "access_grant.purpose": "care",
  "access_grant.basis": "care-team",
  "consent.status": "active",
  "consent.decision": "deny",
  "consent.categories": ["other"],
  "consent.actors": '[{"kind": "everybody"}]',
  "consent.said_as": "self",
  "observation_reading.to_at": Number.MAX_SAFE_INTEGER,
  "observation_untaken.body": "{}",
  "observation_form.terms": [],
  "observation_form.words": "",
  "observation_form.string_keys": [],
  "observation_form.string_values": [],
  "observation_form.string_folded": [],
  "observation_form.amount_keys": [],
  "observation_form.base_keys": [],
  "feed.owner_kind": "person",
  "feed.way": "mqtt",
  "feed.kinds": ["readings"],
  "outbox_notice.kind": "association",
  "subscription.owner_kind": "token",
  "subscription.status": "off",
  "subscription.delivery": "{}",
  "subscription_event.events": "[]",
  "measurement_task.times": ["08:00"],
  "nightscout_document.collection": "entries",
  "resource.type": "Basic",
  "resource_version.method": "DELETE",
  "nightscout_document.id": "0123456789abcdef01234567",
};

export interface PatientTable {
  readonly name: string;
  /** Who it is about. */
  readonly column: string;
}

/** The tables with patients in them that the api may read; quarantine says it by its resolution. */
export async function patientTables(owner: Pool): Promise<PatientTable[]> {
  const { rows } = await owner.query<PatientTable>(
    `SELECT c.relname AS name, a.attname AS column FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND has_table_privilege('openward_api', c.oid, 'SELECT')
        AND (a.attname IN ('patient_id', 'patient_ids') OR c.relname = 'patient' AND a.attname = 'id')
      ORDER BY c.relname`,
  );
  return rows;
}

/** A row of this patient in each of those tables where there is none yet. Constraints to other tables are not looked at. */
export async function plantRows(owner: Pool, organisationId: string, patientId: string, ids: Ids): Promise<void> {
  const client = await owner.connect();
  try {
    await client.query("SET session_replication_role = replica");
    for (const { name, column } of await patientTables(owner)) {
      const { rows: there } = await client.query(
        `SELECT FROM ${name} WHERE $1::uuid = ANY (ARRAY[${column}]::uuid[]) LIMIT 1`,
        [patientId],
      );
      if (there.length > 0) continue;
      const { rows: columns } = await client.query<{ name: string; type: string }>(
        `SELECT column_name AS name, data_type AS type FROM information_schema.columns
          WHERE table_schema = 'public' AND table_name = $1 AND is_identity = 'NO'
            AND (is_nullable = 'NO' AND column_default IS NULL OR column_name = ANY ($2::text[]))`,
        [name, ["patient_id", ...given(name)]],
      );
      const values = columns.map((each) => fill(name, each, { organisationId, patientId, ids }));
      const places = columns.map((_, i) => `$${i + 1}`);
      await client.query(`INSERT INTO ${name} (${columns.map((each) => each.name)}) VALUES (${places})`, values);
    }
  } finally {
    await client.query("RESET session_replication_role");
    client.release();
  }
}

/** Columns of a table that are said here, also those that may be empty. */
const given = (table: string) =>
  Object.keys(VALUES)
    .filter((key) => key.startsWith(`${table}.`))
    .map((key) => key.slice(table.length + 1));

function fill(
  table: string,
  { name, type }: { readonly name: string; readonly type: string },
  { organisationId, patientId, ids }: { organisationId: string; patientId: string; ids: Ids },
): unknown {
  const given = VALUES[`${table}.${name}`];
  if (given !== undefined) return given;
  if (name === "organisation_id") return organisationId;
  if (name === "patient_id") return patientId;
  if (name === "patient_ids") return [patientId];
  switch (type) {
    case "uuid":
      return ids.uuid();
    case "bytea":
      return Buffer.from(ids.uuid());
    case "json":
    case "jsonb":
      return "{}";
    case "text":
      return `x-${ids.uuid()}`;
    case "boolean":
      return false;
    case "date":
      return "2026-11-22";
    case "ARRAY":
      return [];
    default:
      // A number of this patient's own: some are keys.
      return Number.parseInt(patientId.slice(-6), 16);
  }
}
