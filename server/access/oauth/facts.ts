/** What is the same for the authorisation server and for those who tell of it. */
export const ROUTES = {
  authorization: "/oauth/authorize",
  token: "/oauth/token",
  introspection: "/oauth/introspect",
  revocation: "/oauth/revoke",
  jwks: "/oauth/jwks",
} as const;

/** Of client assertions. */
export const SIGNING_ALGORITHMS = ["RS384", "ES384"] as const;

export const CLIENT_AUTH_METHODS = ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"] as const;

export const fhirBase = (issuer: string) => `${issuer}/fhir`;

/** Origins from which a browser may call: those that people are sent back to. */
export const originsOf = (redirectUris: readonly string[]): string[] =>
  redirectUris.flatMap((uri) => (/^https?:/.test(uri) ? (URL.parse(uri)?.origin ?? []) : []));
