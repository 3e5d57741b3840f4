import type { Tables } from "./transaction.ts";

/** Names that other systems gave to what they wrote before its text was kept: asked before it is written again. */
export function createObservationsReceived({ tables }: { readonly tables: Tables }) {
  return {
    async written(organisationId: string, hash: Uint8Array): Promise<string | undefined> {
      const [row] = await tables.inOrganisation(organisationId, (tx) =>
        tx.rows<{ id: string }>("SELECT observation_id AS id FROM observation_received WHERE identifier_hash = $1", [
          Buffer.from(hash),
        ]),
      );
      return row?.id;
    },
  };
}
