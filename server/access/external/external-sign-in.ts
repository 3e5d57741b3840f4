import { RefusedInput } from "@openward/errors";
import type { Runtime } from "@openward/runtime";
import { audit } from "../audit.ts";
import { newSecret } from "../credentials.ts";
import type { Vault } from "../factors/ports.ts";
import type { Tables } from "../ports.ts";
import { beginSession } from "../sign-in.ts";
import type { ExternalIdentity, ExternalSignIn, ProviderSettings } from "./ports.ts";
import { type Checks, createProviderClient } from "./provider.ts";

const COOKIE = "openward_external";
/** At the provider somebody may have to find a phone. */
const LASTS_MS = 10 * 60_000;
const SEALED = "sign-in outside";

/** What one try is: for whom, from where to where, and what has to fit when the browser comes back. */
interface Try extends Checks {
  readonly until: number;
  readonly redirect: string;
  /** Whom it is to be linked to; null: somebody signs in. */
  readonly personId: string | null;
}

interface Row {
  readonly id: string;
  readonly issuer: string;
  readonly created_at: number;
  readonly last_used_at: number | null;
}

export function createExternalSignIn(deps: {
  tables: Tables;
  runtime: Runtime;
  vault: Vault;
  settings: ProviderSettings | null;
  isSecure: boolean;
}): ExternalSignIn {
  const { tables, runtime, vault, settings, isSecure } = deps;
  const provider = settings && createProviderClient(settings, runtime.clock);
  const now = () => runtime.clock.now();

  const known = () => {
    if (settings && provider) return { settings, provider };
    throw new RefusedInput("NOT_PERMITTED", { at: "external", expected: "OPENWARD_OIDC_ISSUER to be set" });
  };

  /** The try that this browser began. @throws RefusedInput SIGN_IN_REFUSED */
  const tryIn = (header: string | undefined, personId: string | null): Try => {
    const found = new RegExp(`(?:^|;\\s*)${COOKIE}=(\\d+)\\.([A-Za-z0-9_-]+)`).exec(header ?? "");
    try {
      const [, keyId = "", sealed = ""] = found ?? [];
      const plain = vault.open(SEALED, Number(keyId), Buffer.from(sealed, "base64url"));
      const one = JSON.parse(Buffer.from(plain).toString()) as Try; // sealed by us
      if (one.until > now() && one.personId === personId) return one;
    } catch (cause) {
      throw new RefusedInput("SIGN_IN_REFUSED", {}, { cause });
    }
    throw new RefusedInput("SIGN_IN_REFUSED");
  };

  return {
    name: settings?.name ?? null,

    async list({ principal: { id, organisationId } }) {
      const rows = await tables.inOrganisation(organisationId, (tx) =>
        tx.rows<Row>(
          `SELECT id, issuer, created_at, last_used_at FROM external_identity
            WHERE person_id = $1 AND removed_at IS NULL ORDER BY created_at, id`,
          [id],
        ),
      );
      return rows.map(toIdentity);
    },

    async begin(redirect, authenticated) {
      const { provider: client } = known();
      const one: Try = {
        state: newSecret(runtime.random),
        nonce: newSecret(runtime.random),
        verifier: newSecret(runtime.random),
        until: now() + LASTS_MS,
        redirect,
        personId: authenticated?.principal.id ?? null,
      };
      const { keyId, sealed } = vault.seal(SEALED, Buffer.from(JSON.stringify(one)));
      const value = `${keyId}.${Buffer.from(sealed).toString("base64url")}`;
      return {
        url: await client.addressOf(redirect, one),
        cookie: `${COOKIE}=${value}; Path=/; Max-Age=${LASTS_MS / 1000}; HttpOnly; SameSite=Strict${isSecure ? "; Secure" : ""}`,
      };
    },

    async link({ principal: { id: personId, organisationId } }, answer, cookie) {
      const { settings: mine, provider: client } = known();
      const one = tryIn(cookie, personId);
      const subject = await client.subjectOf(one.redirect, answer, one);
      const at = now();
      const id = runtime.ids.uuid();
      return tables.everywhere(async (tx) => {
        const added = await tx.run(
          `INSERT INTO external_identity (id, organisation_id, person_id, issuer, subject, created_at)
           VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (issuer, subject) WHERE removed_at IS NULL DO NOTHING`,
          [id, organisationId, personId, mine.issuer, subject, at],
        );
        if (added === 0)
          throw new RefusedInput("CONFLICT", { at: "external", expected: "an account that is nobody's here" });
        await audit(tx, { organisationId, at, by: personId, action: "external.link", detail: { externalId: id } });
        return { id, issuer: mine.issuer, linkedAt: at, lastUsedAt: null };
      });
    },

    async remove({ principal: { id: personId, organisationId } }, identityId) {
      const at = now();
      await tables.inOrganisation(organisationId, async (tx) => {
        const removed = await tx.run(
          "UPDATE external_identity SET removed_at = $3 WHERE id = $1 AND person_id = $2 AND removed_at IS NULL",
          [identityId, personId, at],
        );
        if (removed === 0) throw new RefusedInput("NOT_FOUND", { at: "external" });
        await tx.run("UPDATE session SET ended_at = $2 WHERE external_id = $1 AND ended_at IS NULL", [identityId, at]);
        await audit(tx, {
          organisationId,
          at,
          by: personId,
          action: "external.remove",
          detail: { externalId: identityId },
        });
      });
    },

    async signIn(answer, cookie, device) {
      const { settings: mine, provider: client } = known();
      const one = tryIn(cookie, null);
      const subject = await client.subjectOf(one.redirect, answer, one);
      const at = now();
      return tables.everywhere(async (tx) => {
        const [row] = await tx.rows<{ id: string; organisation_id: string; person_id: string }>(
          `UPDATE external_identity e SET last_used_at = $3 FROM person p
            WHERE e.issuer = $1 AND e.subject = $2 AND e.removed_at IS NULL AND p.id = e.person_id AND p.disabled_at IS NULL
            RETURNING e.id, e.organisation_id, e.person_id`,
          [mine.issuer, subject, at],
        );
        if (!row) throw new RefusedInput("SIGN_IN_REFUSED");
        const { id: externalId, organisation_id: organisationId, person_id: personId } = row;
        return beginSession(tx, runtime, { organisationId, personId, at, method: "external", device, externalId });
      });
    },
  };
}

function toIdentity({ id, issuer, created_at: linkedAt, last_used_at: lastUsedAt }: Row): ExternalIdentity {
  return { id, issuer, linkedAt, lastUsedAt };
}
