import type { AdapterPayload } from "oidc-provider";
import type { Client, ClientKind } from "./ports.ts";

export interface ClientRow {
  readonly id: string;
  readonly organisation_id: string;
  readonly name: string;
  readonly kind: ClientKind;
  readonly redirect_uris: string[];
  readonly launch_uri: string | null;
  readonly scope: string;
  readonly secret_hash: Buffer | null;
  readonly jwks: { readonly keys: readonly object[] } | null;
  readonly jwks_uri: string | null;
  readonly may_introspect: boolean;
  readonly created_at: number;
  readonly disabled_at: number | null;
}

export const clientOf = (row: ClientRow): Client => ({
  id: row.id,
  organisationId: row.organisation_id,
  name: row.name,
  kind: row.kind,
  redirectUris: row.redirect_uris,
  launchUri: row.launch_uri,
  scope: row.scope,
  jwks: row.jwks,
  jwksUri: row.jwks_uri,
  mayIntrospect: row.may_introspect,
  createdAt: row.created_at,
  disabledAt: row.disabled_at,
});

const METHODS: Readonly<Record<ClientKind, string>> = {
  public: "none",
  secret: "client_secret_basic",
  key: "private_key_jwt",
  backend: "private_key_jwt",
};

/** Names of our own in a client's metadata. */
export const EXTRA_METADATA = ["openward_scope", "openward_kind", "openward_introspects", "openward_organisation"];

/** A client as `oidc-provider` knows it. */
export function metadataOf(row: ClientRow): AdapterPayload {
  const isBackend = row.kind === "backend";
  return {
    client_id: row.id,
    client_name: row.name,
    token_endpoint_auth_method: METHODS[row.kind],
    grant_types: isBackend ? ["client_credentials"] : ["authorization_code", "refresh_token"],
    response_types: isBackend ? [] : ["code"],
    redirect_uris: row.redirect_uris,
    // Of a secret only the hash is here; what comes is hashed before it is compared.
    ...(row.secret_hash ? { client_secret: row.secret_hash.toString("base64url") } : {}),
    ...(row.jwks ? { jwks: row.jwks } : {}),
    ...(row.jwks_uri ? { jwks_uri: row.jwks_uri } : {}),
    application_type: row.redirect_uris.every((uri) => /^https?:/.test(uri)) ? "web" : "native",
    openward_scope: row.scope,
    openward_kind: row.kind,
    openward_introspects: row.may_introspect,
    openward_organisation: row.organisation_id,
  } as AdapterPayload; // names of ours beside the known ones
}
