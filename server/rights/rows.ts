import type { Tables } from "./ports.ts";

/** Tables that tell of patients and whose rows are not in an export as they are, each with where it is told instead. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  block: "encoded measurements: fhir/Observation.ndjson",
  day_block: "encoded measurements: fhir/Observation.ndjson",
  archived_block: "where encoded measurements lie: fhir/Observation.ndjson",
  lost_block: "where encoded measurements lay that could not be read",
  damaged_block: "encoded measurements that could not be read",
  rollup: "sums over measurements: fhir/Observation.ndjson has them one by one",
  amendment: "encrypted: amendments.ndjson, fhir/Provenance.ndjson",
  consent_rule: "what consents mean to the database: the rows of consent, fhir/Consent.ndjson",
  audit_event: "linked into the audit log: fhir/AuditEvent.ndjson",
  erased_patient: "who is in it has no record any more",
  store_fault: "the state of a disk, of nobody's body",
  oauth_record: "secrets of a sign-in that is under way",
  resource_string: "words by which resources are found: resource.ndjson",
  resource_span: "dates and amounts by which resources are found: resource.ndjson",
  observation_stream: "over which streams there are texts: resource.ndjson",
  observation_reading: "for which readings a text stands: resource.ndjson, fhir/Observation.ndjson",
  observation_untaken: "what was written and is on its way to telemetry: resource.ndjson",
  nightscout_document: "encrypted: nightscout.ndjson",
  outbox_notice: "that something changed, without what: amendments.ndjson, the rows of association",
  subscription_event: "which resources programs were told of, by their ids: fhir/AuditEvent.ndjson says whom and when",
  oauth_launch: "secrets of a sign-in that is under way",
};

const PAGE = 500;

export interface PatientTable {
  readonly name: string;
  readonly key: readonly { readonly name: string; readonly type: string }[];
  /** Bytes are secrets, hashes or codes of ours: nothing that can be read. */
  readonly binary: readonly string[];
}

/** Every table with a patient in it that the role of requests may read, from the database's own catalogue: also later ones. */
export async function patientTables(tables: Tables, organisationId: string): Promise<PatientTable[]> {
  const found = await tables.inOrganisation(organisationId, (tx) => tx.rows<PatientTable>(CATALOGUE));
  return found.filter(({ name }) => !(name in LEFT_OUT));
}

/** The rows of one table that are about these records, page by page, each in a statement of its own. */
export async function* rowsOf(
  tables: Tables,
  organisationId: string,
  { name, key, binary }: PatientTable,
  patientIds: readonly string[],
): AsyncGenerator<object> {
  const columns = key.map((column) => `"${column.name}"`).join(", ");
  const places = key.map((column, i) => `$${i + 3}::text::${column.type}`).join(", ");
  for (let after: readonly string[] | undefined; ; ) {
    const behind = after ? `AND (${columns}) > (${places})` : "";
    const text = `SELECT to_jsonb(t) - $2::text[] AS row, ARRAY[${key.map(({ name: column }) => `"${column}"::text`).join(", ")}] AS key
      FROM "${name}" t WHERE patient_id = ANY ($1::uuid[]) ${behind} ORDER BY ${columns} LIMIT ${PAGE}`;
    const page = await tables.inOrganisation(organisationId, (tx) =>
      tx.rows<{ row: object; key: string[] }>(text, [patientIds, binary, ...(after ?? [])]),
    );
    for (const { row } of page) yield row;
    if (page.length < PAGE) return;
    after = page.at(-1)?.key;
  }
}

const CATALOGUE = `
  SELECT c.relname AS name,
      (SELECT json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, NULL)) ORDER BY k.n)
         FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, n)
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
        WHERE i.indrelid = c.oid AND i.indisprimary) AS key,
      coalesce((SELECT json_agg(a.attname) FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.atttypid = 'bytea'::regtype AND NOT a.attisdropped), '[]') AS binary
    FROM pg_class c JOIN pg_attribute p ON p.attrelid = c.oid AND p.attname = 'patient_id' AND NOT p.attisdropped
   WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
     AND has_table_privilege(c.oid, 'SELECT')
   ORDER BY c.relname`;
