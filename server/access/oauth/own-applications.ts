import { audit } from "../audit.ts";
import type { Tables } from "../ports.ts";
import type { Clients } from "./ports.ts";

interface Row {
  readonly id: string;
  readonly name: string;
  readonly resources: readonly Readonly<Record<string, string>>[];
  readonly since: number;
  readonly last_token_at: number | null;
  readonly expires_at: number;
}

/** What somebody has allowed applications to do in their name: seen, and taken away. */
export function createOwnApplications(tables: Tables, now: () => number): Pick<Clients, "ofPerson" | "endForPerson"> {
  return {
    async ofPerson(organisationId, personId) {
      const rows = await tables.inOrganisation(organisationId, (tx) =>
        tx.rows<Row>(
          `SELECT c.id, c.name, jsonb_agg(g.payload->'resources') AS resources, min(g.created_at) AS since,
                  max(g.expires_at) AS expires_at,
                  (SELECT max(t.created_at) FROM oauth_record t
                    WHERE t.client_id = c.id AND t.person_id = $1 AND t.kind IN ('AccessToken', 'RefreshToken')) AS last_token_at
             FROM oauth_record g JOIN oauth_client c ON c.id = g.client_id
            WHERE g.kind = 'Grant' AND g.person_id = $1 AND g.expires_at > $2
            GROUP BY c.id, c.name ORDER BY c.name, c.id`,
          [personId, now()],
        ),
      );
      return rows.map(({ id, name, resources, since, last_token_at: lastTokenAt, expires_at: expiresAt }) => {
        const words = resources.flatMap((one) => Object.values(one ?? {})).flatMap((text) => text.split(" "));
        return { id, name, scopes: [...new Set(words)].filter((word) => word !== ""), since, lastTokenAt, expiresAt };
      });
    },

    async endForPerson(organisationId, personId, clientId) {
      await tables.inOrganisation(organisationId, async (tx) => {
        const ended = await tx.run(
          `DELETE FROM oauth_record WHERE client_id = $1 AND (person_id = $2 OR grant_hash IN
             (SELECT id_hash FROM oauth_record WHERE kind = 'Grant' AND client_id = $1 AND person_id = $2))`,
          [clientId, personId],
        );
        if (ended === 0) return;
        await audit(tx, { organisationId, at: now(), by: personId, action: "app.end", detail: { clientId } });
      });
    },
  };
}
