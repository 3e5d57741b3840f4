import { createPublicKey, type webcrypto } from "node:crypto";
import { RefusedInput } from "@openward/errors";
import type { Clock, Ids, Random } from "@openward/runtime";
import { audit } from "../audit.ts";
import { hashSecret, newSecret } from "../credentials.ts";
import { createGrantStore } from "../grants/grants.ts";
import type { Tables } from "../ports.ts";
import { type ClientRow, clientOf } from "./client-metadata.ts";
import { createOwnApplications } from "./own-applications.ts";
import { CLIENT_KINDS, type Clients, type NewClient } from "./ports.ts";
import { isPlainScope, parseScope } from "./scopes.ts";

/** Applications that an administrator registered; nobody registers by itself. */
export function createClients(deps: {
  tables: Tables;
  runtime: { readonly clock: Clock; readonly ids: Ids; readonly random: Random };
}): Clients {
  const { tables, runtime } = deps;
  const now = () => runtime.clock.now();
  // Other processes and this one hear of a grant by the database's own announcement.
  const grants = createGrantStore({ tables, runtime, changed: async () => {} });

  return {
    async list(organisationId) {
      const rows = await tables.inOrganisation(organisationId, (tx) =>
        tx.rows<ClientRow>("SELECT * FROM oauth_client ORDER BY created_at, id"),
      );
      return rows.map(clientOf);
    },

    async lastTokens(organisationId) {
      const rows = await tables.inOrganisation(organisationId, (tx) =>
        tx.rows<{ client_id: string; at: number }>(
          `SELECT client_id, max(created_at) AS at FROM oauth_record
            WHERE kind IN ('AccessToken', 'RefreshToken', 'ClientCredentials') GROUP BY client_id`,
        ),
      );
      return new Map(rows.map(({ client_id: clientId, at }) => [clientId, at]));
    },

    async add(organisationId, client, by) {
      const { name, kind, scope, redirectUris, launchUri, jwks, jwksUri } = checked(client);
      const id = runtime.ids.uuid();
      const secret = kind === "secret" ? newSecret(runtime.random) : undefined;
      const [row] = await tables.inOrganisation(organisationId, async (tx) => {
        await audit(tx, { organisationId, at: now(), by, action: "app.add", detail: { clientId: id, kind, scope } });
        // Who acts for nobody sees by a grant of its own; its scopes narrow that.
        if (kind === "backend") await grants.forToken(tx, { organisationId, id, expiresAt: null }, by);
        return tx.rows<ClientRow>(
          `INSERT INTO oauth_client (id, organisation_id, name, kind, redirect_uris, launch_uri, scope, secret_hash, jwks,
             jwks_uri, may_introspect, created_at, created_by)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING *`,
          [
            id,
            organisationId,
            name,
            kind,
            redirectUris ?? [],
            launchUri ?? null,
            scope,
            secret === undefined ? null : hashSecret(secret),
            jwks ?? null,
            jwksUri ?? null,
            client.mayIntrospect ?? false,
            now(),
            by,
          ],
        );
      });
      if (!row) throw new Error("a client that was just added is not there");
      return { client: clientOf(row), ...(secret === undefined ? {} : { secret }) };
    },

    ...createOwnApplications(tables, now),

    async disable(organisationId, clientId, by) {
      await tables.inOrganisation(organisationId, async (tx) => {
        const disabled = await tx.run(
          "UPDATE oauth_client SET disabled_at = $2 WHERE id = $1 AND disabled_at IS NULL",
          [clientId, now()],
        );
        if (disabled === 0) throw new RefusedInput("NOT_FOUND", { at: "client" });
        await tx.run("DELETE FROM oauth_record WHERE client_id = $1", [clientId]);
        await tx.run(
          `UPDATE access_grant SET ended_at = $2, ended_by = $3, end_reason = 'application disabled'
            WHERE grantee_id = $1 AND ended_at IS NULL`,
          [clientId, now(), by],
        );
        await audit(tx, { organisationId, at: now(), by, action: "app.disable", detail: { clientId } });
      });
    },

    async rotate(organisationId, clientId, keys, by) {
      return tables.inOrganisation(organisationId, async (tx) => {
        const [row] = await tx.rows<ClientRow>(
          "SELECT * FROM oauth_client WHERE id = $1 AND disabled_at IS NULL FOR UPDATE",
          [clientId],
        );
        if (!row) throw new RefusedInput("NOT_FOUND", { at: "client" });
        if (row.kind === "public") {
          throw new RefusedInput("FIELD_INVALID", { at: "client", expected: "one that has a secret or keys" });
        }
        const secret = row.kind === "secret" ? newSecret(runtime.random) : undefined;
        if (secret === undefined) checkKeys(keys);
        await tx.run("UPDATE oauth_client SET secret_hash = $2, jwks = $3, jwks_uri = $4 WHERE id = $1", [
          clientId,
          secret === undefined ? null : hashSecret(secret),
          secret === undefined ? (keys.jwks ?? null) : null,
          secret === undefined ? (keys.jwksUri ?? null) : null,
        ]);
        await audit(tx, { organisationId, at: now(), by, action: "app.rotate", detail: { clientId } });
        return secret === undefined ? {} : { secret };
      });
    },
  };
}

/** @throws RefusedInput FIELD_INVALID, SCOPE_INVALID */
function checked(client: NewClient): NewClient {
  const { kind, scope, redirectUris = [], launchUri } = client;
  const name = client.name.trim();
  if (name === "" || name.length > 120) throw invalid("name", "1 to 120 characters");
  if (!CLIENT_KINDS.includes(kind)) throw invalid("kind", CLIENT_KINDS.join(", "));
  const words = scope.split(" ").filter((word) => word !== "");
  for (const word of words) {
    const parsed = parseScope(word);
    if (!parsed && !isPlainScope(word)) throw invalid("scope", "scopes of SMART App Launch 2.2");
    const isRight = kind === "backend" ? parsed?.compartment === "system" : parsed?.compartment !== "system";
    if (!isRight) throw invalid("scope", kind === "backend" ? "system/ scopes only" : "no system/ scopes");
  }
  if (words.length === 0) throw invalid("scope", "at least one scope");
  if ((kind === "backend") !== (redirectUris.length === 0)) {
    throw invalid("redirectUris", kind === "backend" ? "none: it acts for nobody" : "at least one");
  }
  for (const uri of redirectUris) checkAddress("redirectUris", uri);
  if (launchUri !== undefined) checkAddress("launchUri", launchUri);
  const hasKeys = kind === "key" || kind === "backend";
  if (hasKeys) checkKeys(client);
  else if (client.jwks !== undefined || client.jwksUri !== undefined) throw invalid("jwks", `none of kind ${kind}`);
  return { ...client, name, scope: words.join(" ") };
}

/** http only on this machine; other schemes are applications of a phone or a desk. */
function checkAddress(at: string, address: string): void {
  const url = URL.parse(address);
  const isLocal = url?.protocol === "http:" && ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  const isPlain =
    url?.protocol === "http:" || /^(javascript|data|file|blob|about|vbscript|ws|wss):$/.test(url?.protocol ?? "");
  if (!url || (isPlain && !isLocal) || address.includes("#") || url.username !== "" || url.password !== "") {
    throw invalid(at, "absolute https addresses without a fragment, or http on this machine");
  }
}

/** @throws RefusedInput FIELD_INVALID */
function checkKeys({ jwks, jwksUri }: { readonly jwks?: unknown; readonly jwksUri?: string }): void {
  if ((jwks === undefined) === (jwksUri === undefined)) throw invalid("jwks", "either keys or the address of keys");
  if (jwksUri !== undefined) {
    const url = URL.parse(jwksUri);
    const isLocal = url?.protocol === "http:" && ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
    if (url?.protocol !== "https:" && !isLocal) throw invalid("jwksUri", "an https address");
    return;
  }
  const keys: unknown = (jwks as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > 10) throw invalid("jwks.keys", "1 to 10 keys");
  keys.forEach((key: webcrypto.JsonWebKey, i) => {
    const at = `jwks.keys[${i}]`;
    if ("d" in key || "k" in key) throw invalid(at, "public keys only");
    const isRsa = key.kty === "RSA" && Buffer.from(key.n ?? "", "base64url").length >= 256;
    if (!isRsa && !(key.kty === "EC" && key.crv === "P-384")) throw invalid(at, "RSA of 2048 bits, or EC of P-384");
    try {
      createPublicKey({ key, format: "jwk" });
    } catch (cause) {
      throw new RefusedInput("FIELD_INVALID", { at, expected: "a JSON Web Key" }, { cause });
    }
  });
}

const invalid = (at: string, expected: string) => new RefusedInput("FIELD_INVALID", { at, expected });
