import { RefusedInput } from "@openward/errors";
import { type Client, type Configuration, errors, type KoaContextWithOIDC, Provider } from "oidc-provider";
import { APP_TOKEN_PREFIX, hashSecret, newSecret } from "../credentials.ts";
import { accountsOf } from "./account.ts";
import { createAdapters } from "./adapter.ts";
import { EXTRA_METADATA } from "./client-metadata.ts";
import { CLIENT_AUTH_METHODS, fhirBase, originsOf, ROUTES, SIGNING_ALGORITHMS } from "./facts.ts";
import type { OAuthDeps } from "./ports.ts";
import { allowedScopes, PLAIN_SCOPES } from "./scopes.ts";
import { signingKeys } from "./signing-keys.ts";

/** Seconds. What a person gave ends by itself; a program that acts for nobody asks again every five minutes. */
export const TTL = {
  AccessToken: 3600,
  AuthorizationCode: 60,
  ClientCredentials: 300,
  IdToken: 3600,
  Interaction: 1800,
  Grant: 90 * 86_400,
  /** Nothing is kept of it. */
  Session: 3600,
} as const;
const OFFLINE_TTL = 30 * 86_400;
const ONLINE_TTL = 12 * 3600;
/** An assertion lives no longer (SMART App Launch, 4.4). */
const ASSERTION_MAX_S = 300;
const CLOCK_TOLERANCE_S = 15;

/** A client as it was registered, with what is ours of it. */
export type RegisteredClient = Client & {
  readonly openward_scope: string;
  readonly openward_kind: string;
  readonly openward_introspects: boolean;
  readonly openward_organisation: string;
};

/** The authorisation server, for one address. */
export async function createProvider(deps: OAuthDeps, issuer: string): Promise<Provider> {
  const { tables, runtime, vault, log } = deps;
  const base = fhirBase(issuer);
  const accounts = accountsOf(deps, base);

  const configuration: Configuration = {
    adapter: createAdapters({ tables, clock: runtime.clock }),
    jwks: { keys: await signingKeys(deps) },
    routes: ROUTES,
    scopes: [...PLAIN_SCOPES],
    claims: { openid: ["sub"], fhirUser: ["fhirUser"] },
    findAccount: (_ctx, sub, token) => accounts.find(sub, token),
    // Applications of SMART read who it is from the identity token; there is no other place.
    conformIdTokenClaims: false,
    responseTypes: ["code"],
    pkce: { required: () => true },
    clientAuthMethods: [...CLIENT_AUTH_METHODS],
    enabledJWA: { clientAuthSigningAlgValues: [...SIGNING_ALGORITHMS], idTokenSigningAlgValues: ["RS256"] },
    assertJwtClientAuthClaimsAndHeader: async (_ctx, claims) => assertShort(claims, runtime.clock.now()),
    clockTolerance: CLOCK_TOLERANCE_S,
    allowOmittingSingleRegisteredRedirectUri: false,
    acceptQueryParamAccessTokens: false,
    extraClientMetadata: { properties: EXTRA_METADATA },
    extraParams: {
      aud: (_ctx, value) => {
        if (value !== undefined && withoutSlash(value) !== base) throw new errors.InvalidTarget(`aud must be ${base}`);
      },
      launch: null,
    },
    cookies: {
      keys: [vault.derive("oauth cookies")],
      names: { interaction: "openward_app", resume: "openward_app_resume" },
    },
    clientBasedCORS: (_ctx, origin, client) => originsOf(client.redirectUris ?? []).includes(origin),
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: false },
      registration: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => mayIntrospect(client as RegisteredClient, token.clientId, tables),
      },
      revocation: { enabled: true, allowedPolicy: async (_ctx, client, token) => token.clientId === client.clientId },
      resourceIndicators: {
        enabled: true,
        defaultResource: async () => base,
        useGrantedResource: async () => true,
        getResourceServerInfo: async (ctx, resource, client) => {
          if (withoutSlash(resource) !== base) throw new errors.InvalidTarget(`the resource is ${base}`);
          return {
            scope: scopeOf(ctx, resource, client as RegisteredClient),
            audience: base,
            accessTokenFormat: "opaque",
          };
        },
      },
    },
    // Called with an address and what goes with it, as its own default is.
    fetch: (address, options) => deps.fetchOutside(address as string | URL, options),
    interactions: { url: (_ctx, { uid }) => `/oauth/interaction/${uid}` },
    // Each authorisation is agreed to on its own: it may be about another patient.
    loadExistingGrant: async (ctx) => {
      const grantId = ctx.oidc.result?.consent?.grantId;
      return grantId === undefined ? undefined : ctx.oidc.provider.Grant.find(grantId);
    },
    expiresWithSession: async () => false,
    issueRefreshToken: async (_ctx, client, code) =>
      client.grantTypeAllowed("refresh_token") &&
      (code.scopes.has("offline_access") || code.scopes.has("online_access")),
    rotateRefreshToken: true,
    revokeGrantPolicy: () => true,
    extraTokenClaims: async (_ctx, token) => accounts.claimsOf(token),
    ttl: {
      ...TTL,
      RefreshToken: (_ctx, token) => (token.scopes.has("offline_access") ? OFFLINE_TTL : ONLINE_TTL),
    },
    renderError: async (ctx, out) => {
      ctx.type = "text/plain; charset=utf-8";
      ctx.body = `${out.error}: ${out.error_description ?? "the application's request was refused"}`;
    },
  };

  const provider = new Provider(issuer, configuration);
  // What the handler in front says of address and scheme is the issuer's own (register.ts).
  provider.proxy = true;
  for (const model of [provider.AccessToken, provider.ClientCredentials]) {
    const { generateTokenId } = model.prototype as unknown as TokenPrototype;
    Object.assign(model.prototype, {
      // The library's own draws its format as well; what it names the token is ours.
      generateTokenId(this: object) {
        generateTokenId.call(this);
        return APP_TOKEN_PREFIX + newSecret(runtime.random);
      },
    });
  }
  const { prototype } = provider.Client;
  const compare = prototype.compareClientSecret;
  prototype.compareClientSecret = function (actual: string) {
    return compare.call(this, hashSecret(actual).toString("base64url"));
  };
  provider.use(async (ctx, next) => {
    await next();
    await accounts.addContext(ctx as KoaContextWithOIDC);
  });
  provider.on("server_error", (_ctx, error) =>
    log.error({ fault: { name: error.name, stack: stackOf(error) } }, "the authorisation server failed"),
  );
  return provider;
}

interface TokenPrototype {
  generateTokenId(this: object): string;
}

const withoutSlash = (address: string) => address.replace(/\/+$/, "");

/** Of the scopes asked for, those that this client may get; of a grant, those that it holds. */
function scopeOf(ctx: KoaContextWithOIDC, resource: string, client: RegisteredClient): string {
  const { Grant } = ctx.oidc.entities;
  if (Grant && ctx.oidc.route === "token") return Grant.getResourceScope(resource);
  const asked = String(ctx.oidc.params?.scope ?? "");
  const compartments = client.openward_kind === "backend" ? (["system"] as const) : (["patient", "user"] as const);
  try {
    const allowed = allowedScopes(asked, client.openward_scope, compartments);
    if (allowed.length === 0 && client.openward_kind === "backend")
      throw new errors.InvalidScope("none of these scopes can be given to this application", asked);
    return allowed.join(" ");
  } catch (error) {
    if (error instanceof RefusedInput)
      throw new errors.InvalidScope(`${error.code}: expected ${error.facts.expected ?? "a scope"}`, asked);
    throw error;
  }
}

function assertShort(claims: Record<string, unknown>, now: number): void {
  const seconds = now / 1000;
  const exp = Number(claims.exp);
  if (!(exp <= seconds + ASSERTION_MAX_S + CLOCK_TOLERANCE_S)) {
    throw new errors.InvalidClientAuth("the client_assertion must expire within five minutes");
  }
  if (String(claims.jti).length > 256) throw new errors.InvalidClientAuth("the jti is too long");
}

/** Its own tokens, or, with the right to, those of the organisation's other applications. */
async function mayIntrospect(
  client: RegisteredClient,
  clientId: string | undefined,
  tables: OAuthDeps["tables"],
): Promise<boolean> {
  if (clientId === undefined || client.openward_kind === "public") return false;
  if (clientId === client.clientId) return true;
  if (!client.openward_introspects) return false;
  const rows = await tables.inOrganisation(client.openward_organisation, (tx) =>
    tx.rows("SELECT 1 FROM oauth_client WHERE id = $1", [clientId]),
  );
  return rows.length > 0;
}

/** Places without the message: it may quote what came. */
const stackOf = (error: Error) =>
  (error.stack ?? "")
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 12)
    .join("\n");
