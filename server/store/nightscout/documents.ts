import { createHash } from "node:crypto";
import { RefusedInput } from "@openward/errors";
import { open, seal } from "../keys/cipher.ts";
import type { DataKeys } from "../keys/ports.ts";
import type { Tables, Transaction } from "../registry/transaction.ts";
import type { DocumentQuery, NewDocument, NightscoutDocuments, StoredDocument, Where } from "./ports.ts";

interface Row {
  readonly patient_id: string;
  readonly collection: string;
  readonly id: string;
  readonly identifier: string | null;
  readonly sameness: Buffer;
  readonly at: number;
  readonly created_at: number;
  readonly modified_at: number;
  readonly is_valid: boolean;
  readonly content: Buffer;
}

const COLUMNS =
  "patient_id::text AS patient_id, collection, id, identifier, sameness, at, created_at, modified_at, is_valid, content";
const KEY_ID_BYTES = 4;
const SAVED_AT_A_TIME = 1_000;

/** Documents of clients of Nightscout, each under its patient's key. */
export function createNightscoutDocuments({ tables, keys }: { tables: Tables; keys: DataKeys }): NightscoutDocuments {
  const toDocument = (row: Row): StoredDocument => ({
    patientId: row.patient_id,
    id: row.id,
    identifier: row.identifier,
    sameness: row.sameness.toString("hex"),
    at: row.at,
    createdAt: row.created_at,
    modifiedAt: row.modified_at,
    isValid: row.is_valid,
    content: openContent(keys, row),
  });

  return {
    find: ({ asker, patientIds, collection }, query) =>
      tables.inOrganisation(asker, async (tx) => {
        const { text, values } = textOf(query);
        const rows = await tx.rows<Row>(text, [patientIds, collection, ...values]);
        return rows.map(toDocument);
      }),

    same: (where, { ids, identifiers, samenesses }) =>
      tables.inOrganisation(where.asker, async (tx) => {
        const rows = await findSame(tx, where, ids, identifiers, samenesses);
        return rows.map(toDocument);
      }),

    async save(where, documents) {
      const { asker, collection } = where;
      for (let i = 0; i < documents.length; i += SAVED_AT_A_TIME) {
        const some = documents.slice(i, i + SAVED_AT_A_TIME);
        const sealed = some.map((one) => sealContent(keys, asker.organisationId, collection, one));
        await tables.inOrganisation(asker, (tx) => insert(tx, asker.organisationId, collection, some, sealed));
      }
    },

    newest: ({ asker, patientIds }) =>
      tables.inOrganisation(asker, async (tx) => {
        const rows = await tx.rows<{ collection: string; at: number }>(
          "SELECT collection, max(modified_at) AS at FROM nightscout_document WHERE patient_id = ANY ($1::uuid[]) GROUP BY 1",
          [patientIds],
        );
        return new Map(rows.map(({ collection, at }) => [collection, at]));
      }),

    forgetBefore: ({ asker, patientIds, collection }, at) =>
      tables.inOrganisation(asker, (tx) =>
        tx.run("DELETE FROM nightscout_document WHERE patient_id = ANY ($1::uuid[]) AND collection = $2 AND at < $3", [
          patientIds,
          collection,
          at,
        ]),
      ),

    async *ofPatients(organisationId, patientIds) {
      for (let after = ["", "", ""]; ; ) {
        const rows = await tables.inOrganisation(organisationId, (tx) =>
          tx.rows<Row>(
            `SELECT ${COLUMNS} FROM nightscout_document WHERE patient_id = ANY ($1::uuid[])
               AND (patient_id::text, collection, id) > ($2, $3, $4) ORDER BY patient_id::text, collection, id LIMIT ${SAVED_AT_A_TIME}`,
            [patientIds, ...after],
          ),
        );
        for (const row of rows) yield { collection: row.collection, ...toDocument(row) };
        const last = rows.at(-1);
        if (!last || rows.length < SAVED_AT_A_TIME) return;
        after = [last.patient_id, last.collection, last.id];
      }
    },
  };
}

function textOf({ by, from, to, isDescending, limit, withDeleted, skip = 0 }: DocumentQuery): {
  text: string;
  values: number[];
} {
  const column = by === "modified" ? "modified_at" : "at";
  const order = isDescending ? "DESC" : "ASC";
  const valid = withDeleted ? "" : "AND is_valid";
  return {
    text: `SELECT ${COLUMNS} FROM nightscout_document WHERE patient_id = ANY ($1::uuid[]) AND collection = $2
      AND ${column} >= $3 AND ${column} <= $4 ${valid} ORDER BY ${column} ${order}, id ${order} LIMIT $5 OFFSET $6`,
    values: [Math.floor(from), Math.ceil(to), limit, skip],
  };
}

const findSame = (
  tx: Transaction,
  { patientIds, collection }: Where,
  ids: readonly string[],
  identifiers: readonly string[],
  samenesses: readonly string[],
) =>
  tx.rows<Row>(
    `SELECT ${COLUMNS} FROM nightscout_document WHERE patient_id = ANY ($1::uuid[]) AND collection = $2
       AND (id = ANY ($3::text[]) OR identifier = ANY ($4::text[])
         OR sameness = ANY (SELECT decode(unnest($5::text[]), 'hex')))
     ORDER BY created_at, id`,
    [patientIds, collection, ids, identifiers, samenesses],
  );

/** What came meanwhile under the same id or name is written over: it is the same document. */
async function insert(
  tx: Transaction,
  organisationId: string,
  collection: string,
  documents: readonly NewDocument[],
  sealed: readonly Uint8Array[],
): Promise<void> {
  await tx.run(
    `INSERT INTO nightscout_document (organisation_id, patient_id, collection, id, identifier, sameness, at, created_at, modified_at, is_valid, content)
     SELECT $1, p, $2, i, n, decode(s, 'hex'), a, c, m, v, x
       FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::bigint[], $10::boolean[], $11::bytea[])
         AS d (p, i, n, s, a, c, m, v, x)
     ON CONFLICT (patient_id, collection, id) DO UPDATE SET identifier = excluded.identifier, sameness = excluded.sameness,
       at = excluded.at, modified_at = excluded.modified_at, is_valid = excluded.is_valid, content = excluded.content`,
    [
      organisationId,
      collection,
      documents.map(({ patientId }) => patientId),
      documents.map(({ id }) => id),
      documents.map(({ identifier }) => identifier),
      documents.map(({ sameness }) => sameness),
      documents.map(({ at }) => Math.round(at)),
      documents.map(({ createdAt }) => createdAt),
      documents.map(({ modifiedAt }) => modifiedAt),
      documents.map(({ isValid }) => isValid),
      sealed.map((bytes) => Buffer.from(bytes)),
    ],
  );
}

/** keyId:u32, and what `cipher.ts` seals: the document as JSON, bound to its place. */
function sealContent(keys: DataKeys, organisationId: string, collection: string, one: NewDocument): Uint8Array {
  const key = keys.ofPatient(organisationId, one.patientId);
  const plain = new TextEncoder().encode(JSON.stringify(one.content));
  const sealed = seal(key.secret, keys.nextIv, plain, boundTo(one.patientId, collection, one.id));
  const bytes = new Uint8Array(KEY_ID_BYTES + sealed.length);
  new DataView(bytes.buffer).setUint32(0, key.id, true);
  bytes.set(sealed, KEY_ID_BYTES);
  return bytes;
}

/** @throws RefusedInput KEY_DESTROYED, KEY_MISSING, BLOCK_CORRUPT */
function openContent(keys: DataKeys, { content, patient_id, collection, id }: Row): Readonly<Record<string, unknown>> {
  if (content.length < KEY_ID_BYTES) throw new RefusedInput("BLOCK_CORRUPT", { at: "document" });
  const keyId = new DataView(content.buffer, content.byteOffset).getUint32(0, true);
  const plain = open(keys.byId(keyId).secret, content.subarray(KEY_ID_BYTES), boundTo(patient_id, collection, id));
  return JSON.parse(new TextDecoder().decode(plain)) as Readonly<Record<string, unknown>>; // authenticated: sealContent wrote it
}

const boundTo = (patientId: string, collection: string, id: string): Uint8Array =>
  createHash("sha256").update(`nightscout ${patientId} ${collection} ${id}`).digest();
