import { RefusedInput } from "@openward/errors";
import type { Change, StoredResource } from "@openward/fhir/store";
import type { Transaction } from "../registry/transaction.ts";
import { hashOf } from "./hash.ts";

/** Of one version: in which organisation, by whom, when. */
export interface Writer {
  readonly organisationId: string;
  readonly by: string;
  /** ms UTC. */
  readonly at: number;
}

/**
 * One version, and by what it is found.
 *
 * @throws RefusedInput CONFLICT where it is not at the version that the change follows on
 */
export async function writeVersion(tx: Transaction, change: Change, writer: Writer): Promise<StoredResource> {
  const { type, id, after, method, content, findable, stoodBefore } = change;
  const { organisationId, by, at } = writer;
  const [patientId = null, ...others] = change.patientIds;
  const terms = findable.terms.map((term) => hashOf(type, term));
  const stood = stoodBefore?.version ?? 1;
  const version = stoodBefore ? stood + 1 : after + 1;
  const values = [organisationId, type, id, version, at, patientId, others, content, terms, findable.words];
  const rows = await tx.rows<{ number: string }>(
    after === 0
      ? `INSERT INTO resource (organisation_id, type, id, version, updated_at, patient_id, other_patient_ids, content, terms, words)
         VALUES ($1, $2, $3, $4, $5, $6, $7::uuid[], $8, $9::bigint[], to_tsvector('simple', $10)) RETURNING number::text AS number`
      : `UPDATE resource SET version = $4, updated_at = $5, patient_id = $6, other_patient_ids = $7::uuid[], content = $8,
           terms = $9::bigint[], words = to_tsvector('simple', $10)
          WHERE organisation_id = $1 AND type = $2 AND id = $3 AND version = $4 - 1 RETURNING number::text AS number`,
    values,
  );
  const number = rows[0]?.number;
  if (number === undefined) throw new RefusedInput("CONFLICT", { at: `${type}/${id}`, expected: "its newest version" });
  if (stoodBefore)
    await tx.run(VERSION, [
      ...[organisationId, type, id, stood, stoodBefore.updatedAt, "house", "POST", patientId, [], stoodBefore.content],
    ]);
  await tx.run(VERSION, [organisationId, type, id, version, at, by, method, patientId, others, content]);
  if (after > 0) {
    await tx.run("DELETE FROM resource_string WHERE number = $1", [number]);
    await tx.run("DELETE FROM resource_span WHERE number = $1", [number]);
  }
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
  return { type, id, version, updatedAt: at, content, patientIds: change.patientIds };
}

const VERSION = `INSERT INTO resource_version (organisation_id, type, id, version, updated_at, updated_by, method, patient_id, other_patient_ids, content)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::uuid[], $10)`;
