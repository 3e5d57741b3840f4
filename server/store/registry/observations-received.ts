import type { Tables } from "./transaction.ts";

/** Names that other systems gave to what they wrote: asked before it is written again. */
export function createObservationsReceived({ tables, now }: { readonly tables: Tables; readonly now: () => number }) {
  return {
    async written(organisationId: string, hash: Uint8Array): Promise<string | undefined> {
      const [row] = await tables.inOrganisation(organisationId, (tx) =>
        tx.rows<{ id: string }>("SELECT observation_id AS id FROM observation_received WHERE identifier_hash = $1", [
          Buffer.from(hash),
        ]),
      );
      return row?.id;
    },

    /** @returns false where another came first */
    async note(row: {
      readonly organisationId: string;
      readonly hash: Uint8Array;
      readonly patientId: string;
      readonly observationId: string;
      readonly by: string;
    }): Promise<boolean> {
      const { organisationId, hash, patientId, observationId, by } = row;
      const added = await tables.inOrganisation(organisationId, (tx) =>
        tx.run(
          `INSERT INTO observation_received (organisation_id, identifier_hash, patient_id, observation_id, received_at, received_by)
           VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
          [organisationId, Buffer.from(hash), patientId, observationId, now(), by],
        ),
      );
      return added > 0;
    },
  };
}
