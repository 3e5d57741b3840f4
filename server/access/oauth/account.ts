import type { AccessToken, Account, ClientCredentials, KoaContextWithOIDC, RefreshToken } from "oidc-provider";
import { IDLE_MS } from "../authentication.ts";
import { hashSecret } from "../credentials.ts";
import { fhirUserOf } from "./fhir-user.ts";
import type { OAuthDeps } from "./ports.ts";

/** People as the authorisation server knows them, and what it tells of a token. */
export function accountsOf(deps: OAuthDeps, base: string) {
  const { tables, runtime } = deps;

  /** May sign in, and, where access ends with the person's presence, is signed in. */
  const isThere = async (personId: string, isOnline: boolean): Promise<boolean> => {
    const now = runtime.clock.now();
    const rows = await tables.everywhere((tx) =>
      tx.rows(
        `SELECT 1 FROM person p WHERE p.id = $1 AND p.disabled_at IS NULL AND (NOT $2 OR EXISTS (SELECT 1 FROM session s
          WHERE s.person_id = p.id AND s.ended_at IS NULL AND s.expires_at > $3 AND s.last_used_at > $4))`,
        [personId, isOnline, now, now - IDLE_MS],
      ),
    );
    return rows.length > 0;
  };

  const patientOf = async (grantId: string | undefined): Promise<string | null> => {
    if (grantId === undefined) return null;
    const [row] = await tables.everywhere((tx) =>
      tx.rows<{ patient_id: string | null }>(
        "SELECT patient_id FROM oauth_record WHERE kind = 'Grant' AND id_hash = $1",
        [hashSecret(grantId)],
      ),
    );
    return row?.patient_id ?? null;
  };

  const told = async (personId: string, patientId: string | null): Promise<{ fhirUser?: string }> => {
    const resource = await fhirUserOf(deps, personId, patientId);
    return resource === undefined ? {} : { fhirUser: `${base}/${resource}` };
  };

  return {
    async find(sub: string, token?: unknown): Promise<Account | undefined> {
      const scopes =
        (token as Partial<RefreshToken> | undefined)?.kind === "RefreshToken" ? scopesOf(token) : undefined;
      const isOnline = scopes !== undefined && !scopes.has("offline_access");
      if (!(await isThere(sub, isOnline))) return undefined;
      const { grantId } = (token ?? {}) as Partial<RefreshToken>;
      return { accountId: sub, claims: async () => ({ sub, ...(await told(sub, await patientOf(grantId))) }) };
    },

    /** Kept with the token, and told to whoever may ask what it is worth. */
    async claimsOf(token: AccessToken | ClientCredentials): Promise<Record<string, string>> {
      if (token.kind !== "AccessToken") return {};
      const { grantId, accountId } = token as AccessToken;
      const patient = await patientOf(grantId);
      const words = new Set(token.scope?.split(" "));
      const isTold = accountId !== undefined && words.has("openid") && words.has("fhirUser");
      return { ...(patient === null ? {} : { patient }), ...(isTold ? await told(accountId, patient) : {}) };
    },

    /** The launch context stands in the token's answer beside it. */
    async addContext(ctx: KoaContextWithOIDC): Promise<void> {
      const token = ctx.oidc?.route === "token" ? ctx.oidc.entities.AccessToken : undefined;
      if (!token || typeof ctx.body !== "object" || ctx.body === null || !("access_token" in ctx.body)) return;
      const patient = token.extra?.patient;
      if (patient !== undefined) Object.assign(ctx.body, { patient, need_patient_banner: true });
    },
  };
}

const scopesOf = (token: unknown): ReadonlySet<string> => (token as RefreshToken).scopes;
