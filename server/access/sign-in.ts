import { RefusedInput } from "@openward/errors";
import { type Principal, ROLES, type Role } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import { audit } from "./audit.ts";
import { hashSecret, isSecret, newSecret, TOKEN_PREFIX } from "./credentials.ts";
import type { GrantStore } from "./grants/grants.ts";
import type { BearerToken, Session, Tables, Transaction } from "./ports.ts";

const HOUR_MS = 3_600_000;
export const LINK_MS = 24 * HOUR_MS;
/** A shift, and not longer. */
export const SESSION_MS = 12 * HOUR_MS;
const TOKEN_MS_MAX = 366 * 24 * HOUR_MS;

/** Links, sessions and tokens as the database keeps them; each is in the audit log. */
export function createCredentialStore(deps: {
  tables: Tables;
  runtime: Runtime;
  grants: Pick<GrantStore, "forToken">;
}) {
  const { tables, runtime, grants } = deps;
  const now = () => runtime.clock.now();

  return {
    async issueLink(personId: string, by: string): Promise<{ token: string; expiresAt: number }> {
      const at = now();
      const token = newSecret(runtime.random);
      const expiresAt = at + LINK_MS;
      await tables.everywhere(async (tx) => {
        const [person] = await tx.rows<{ organisation_id: string; disabled_at: number | null }>(
          "SELECT organisation_id, disabled_at FROM person WHERE id = $1",
          [personId],
        );
        if (!person) throw new RefusedInput("NOT_FOUND", { at: "person" });
        if (person.disabled_at !== null)
          throw new RefusedInput("CONFLICT", { at: "person", expected: "one who may sign in" });
        await tx.run(
          `INSERT INTO sign_in_link (token_hash, organisation_id, person_id, created_at, created_by, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6)`,
          [hashSecret(token), person.organisation_id, personId, at, by, expiresAt],
        );
        await audit(tx, {
          organisationId: person.organisation_id,
          at,
          by,
          action: "person.issue-link",
          detail: { personId },
        });
      });
      return { token, expiresAt };
    },

    /** Uses the link up, in the same transaction that begins the session. @throws RefusedInput LINK_EXPIRED */
    async signIn(linkToken: string, device: string): Promise<{ secret: string }> {
      if (!isSecret(linkToken)) throw new RefusedInput("LINK_EXPIRED");
      const at = now();
      return tables.everywhere(async (tx) => {
        const [link] = await tx.rows<{ organisation_id: string; person_id: string }>(
          `UPDATE sign_in_link l SET used_at = $2 FROM person p
            WHERE l.token_hash = $1 AND l.used_at IS NULL AND l.expires_at > $2 AND p.id = l.person_id AND p.disabled_at IS NULL
            RETURNING l.organisation_id, l.person_id`,
          [hashSecret(linkToken), at],
        );
        if (!link) throw new RefusedInput("LINK_EXPIRED");
        const { organisation_id: organisationId, person_id: personId } = link;
        return beginSession(tx, runtime, { organisationId, personId, at, method: "link", device });
      });
    },

    /** @param idHash undefined: all sessions of the person */
    async endSession({ id, organisationId }: Principal, idHash: Buffer | undefined): Promise<void> {
      const at = now();
      await tables.everywhere(async (tx) => {
        const ended = await tx.run(
          "UPDATE session SET ended_at = $2 WHERE person_id = $1 AND ended_at IS NULL AND ($3::bytea IS NULL OR id_hash = $3)",
          [id, at, idHash ?? null],
        );
        if (ended > 0) await audit(tx, { organisationId, at, by: id, action: "person.sign-out" });
      });
    },

    async issueToken(
      organisationId: string,
      role: Role,
      display: string,
      validMs: number,
      by: string,
    ): Promise<{ id: string; token: string; expiresAt: number }> {
      if (!ROLES.includes(role)) throw new RefusedInput("FIELD_INVALID", { at: "role", expected: ROLES.join(", ") });
      if (!(validMs > 0 && validMs <= TOKEN_MS_MAX)) {
        throw new RefusedInput("FIELD_INVALID", { at: "validMs", expected: "up to 366 days" });
      }
      const at = now();
      const expiresAt = at + Math.floor(validMs);
      const id = runtime.ids.uuid();
      const token = TOKEN_PREFIX + newSecret(runtime.random);
      await tables.inOrganisation(organisationId, async (tx) => {
        await tx.run(
          `INSERT INTO api_token (id, organisation_id, token_hash, role, display, created_at, created_by, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
          [id, organisationId, hashSecret(token), role, display.slice(0, 120) || role, at, by, expiresAt],
        );
        await audit(tx, { organisationId, at, by, action: "token.issue", detail: { tokenId: id, role, expiresAt } });
        await grants.forToken(tx, { organisationId, id, expiresAt }, by);
      });
      return { id, token, expiresAt };
    },

    async tokens(organisationId: string): Promise<BearerToken[]> {
      return tables.inOrganisation(organisationId, (tx) =>
        tx.rows<BearerToken>(
          `SELECT id, role, display, created_at AS "createdAt", created_by AS "createdBy", expires_at AS "expiresAt"
             FROM api_token WHERE revoked_at IS NULL AND expires_at > $1 ORDER BY created_at, id`,
          [now()],
        ),
      );
    },

    async revokeToken(organisationId: string, tokenId: string, by: string): Promise<{ revokedAt: number }> {
      const at = now();
      await tables.inOrganisation(organisationId, async (tx) => {
        const revoked = await tx.run("UPDATE api_token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL", [
          tokenId,
          at,
        ]);
        if (revoked === 0) throw new RefusedInput("NOT_FOUND", { at: "token" });
        await tx.run(
          `UPDATE access_grant SET ended_at = $2, ended_by = $3, end_reason = 'token revoked'
            WHERE grantee_id = $1 AND ended_at IS NULL`,
          [tokenId, at, by],
        );
        await audit(tx, { organisationId, at, by, action: "token.revoke", detail: { tokenId } });
      });
      return { revokedAt: at };
    },

    /** Which of the organisation's people have ever signed in. */
    async haveSignedIn(organisationId: string): Promise<ReadonlySet<string>> {
      const rows = await tables.inOrganisation(organisationId, (tx) =>
        tx.rows<{ person_id: string }>("SELECT DISTINCT person_id FROM session"),
      );
      return new Set(rows.map((row) => row.person_id));
    },
  };
}

export type CredentialStore = ReturnType<typeof createCredentialStore>;

/** In the transaction of what let them in. @returns what the cookie carries */
export async function beginSession(
  tx: Transaction,
  { random, ids }: Pick<Runtime, "random" | "ids">,
  begin: {
    readonly organisationId: string;
    readonly personId: string;
    readonly at: number;
    readonly method: Session["method"];
    readonly device: string;
    readonly passkeyId?: string;
    readonly externalId?: string;
  },
): Promise<{ secret: string }> {
  const { organisationId, personId, at, method, device, passkeyId = null, externalId = null } = begin;
  // How strictly a provider outside has looked is not known here.
  const provedAt = method === "external" ? 0 : at;
  const secret = newSecret(random);
  const id = ids.uuid();
  await tx.run(
    `INSERT INTO session (id_hash, organisation_id, person_id, created_at, last_used_at, expires_at, id, method, device, passkey_id,
       proved_by, proved_at, input_at, external_id)
     VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8, $9, $7, $10, $4, $11)`,
    [
      hashSecret(secret),
      organisationId,
      personId,
      at,
      at + SESSION_MS,
      id,
      method,
      device.slice(0, 80),
      passkeyId,
      provedAt,
      externalId,
    ],
  );
  await audit(tx, {
    organisationId,
    at,
    by: personId,
    action: "person.sign-in",
    detail: {
      method,
      sessionId: id,
      ...(passkeyId === null ? {} : { passkeyId }),
    },
  });
  return { secret };
}
