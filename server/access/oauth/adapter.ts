import type { Clock } from "@openward/runtime";
import { type Adapter, type AdapterPayload, errors } from "oidc-provider";
import { hashSecret } from "../credentials.ts";
import type { Tables } from "../ports.ts";
import { type ClientRow, metadataOf } from "./client-metadata.ts";
import { endGrant } from "./records.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

interface Stored {
  readonly payload: AdapterPayload;
  readonly consumed_at: number | null;
}

/**
 * Where `oidc-provider` keeps what it gives out: rows of `oauth_record`, of which nobody can read a token. Nothing is
 * kept in memory, so that a restart forgets nothing and another process takes nothing for valid that was taken away.
 */
export function createAdapters(deps: { tables: Tables; clock: Clock }): (kind: string) => Adapter {
  return (kind) => {
    if (kind === "Client") return clientAdapter(deps.tables);
    return kind === "Session" ? noSessions : recordAdapter(kind, deps);
  };
}

/** Who is signed in to a browser is told by our own session, asked again each time; the provider's would be a second one. */
const noSessions: Adapter = {
  upsert: async () => {},
  find: async () => undefined,
  findByUid: async () => undefined,
  findByUserCode: async () => undefined,
  consume: async () => {},
  destroy: async () => {},
  revokeByGrantId: async () => {},
};

function clientAdapter(tables: Tables): Adapter {
  return {
    ...noSessions,
    async find(id) {
      if (!UUID.test(id)) return undefined;
      const [row] = await tables.everywhere((tx) =>
        tx.rows<ClientRow>("SELECT * FROM oauth_client WHERE id = $1 AND disabled_at IS NULL", [id]),
      );
      return row && metadataOf(row);
    },
  };
}

function recordAdapter(kind: string, { tables, clock }: { tables: Tables; clock: Clock }): Adapter {
  return {
    ...noSessions,

    async upsert(id, { jti: _token, ...payload }, expiresIn = 0) {
      const now = clock.now();
      const clientId = payload.clientId ?? payload.params?.client_id ?? payload.iss;
      // A used assertion is written once: of two requests with the same one the second fails.
      const conflict =
        kind === "ReplayDetection"
          ? "DO NOTHING"
          : "(kind, id_hash) DO UPDATE SET payload = excluded.payload, expires_at = excluded.expires_at";
      const written = await tables.everywhere((tx) =>
        tx.run(
          `INSERT INTO oauth_record (kind, id_hash, organisation_id, client_id, person_id, grant_hash, payload, created_at, expires_at)
           SELECT $1, $2, organisation_id, id, $4, $5, $6, $7, $8 FROM oauth_client WHERE id = $3 AND disabled_at IS NULL
           ON CONFLICT ${conflict}`,
          [
            kind,
            hashSecret(id),
            clientId,
            payload.accountId ?? null,
            payload.grantId === undefined ? null : hashSecret(payload.grantId),
            payload,
            now,
            now + Math.max(1, expiresIn) * 1000,
          ],
        ),
      );
      if (written === 0) throw new errors.InvalidClientAuth("client assertion tokens must only be used once");
    },

    async find(id) {
      const [row] = await tables.everywhere((tx) =>
        tx.rows<Stored>(
          "SELECT payload, consumed_at FROM oauth_record WHERE kind = $1 AND id_hash = $2 AND expires_at > $3",
          [kind, hashSecret(id), clock.now()],
        ),
      );
      if (!row) return undefined;
      const consumed = row.consumed_at === null ? {} : { consumed: Math.floor(row.consumed_at / 1000) };
      return { ...row.payload, jti: id, ...consumed };
    },

    async consume(id) {
      const idHash = hashSecret(id);
      const isOurs = await tables.everywhere(async (tx) => {
        const consumed = await tx.run(
          "UPDATE oauth_record SET consumed_at = $3 WHERE kind = $1 AND id_hash = $2 AND consumed_at IS NULL",
          [kind, idHash, clock.now()],
        );
        if (consumed > 0) return true;
        // Two came with it at the same moment: one of them stole it, and nobody knows which.
        const [row] = await tx.rows<{ grant_hash: Buffer | null }>(
          "SELECT grant_hash FROM oauth_record WHERE kind = $1 AND id_hash = $2",
          [kind, idHash],
        );
        if (row?.grant_hash) await endGrant(tx, row.grant_hash);
        return false;
      });
      if (!isOurs) throw new errors.InvalidGrant("it was used already");
    },

    async destroy(id) {
      await tables.everywhere((tx) =>
        tx.run("DELETE FROM oauth_record WHERE kind = $1 AND id_hash = $2", [kind, hashSecret(id)]),
      );
    },

    async revokeByGrantId(grantId) {
      await tables.everywhere((tx) => endGrant(tx, hashSecret(grantId)));
    },
  };
}
