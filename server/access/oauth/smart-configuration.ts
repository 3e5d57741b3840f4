import { CLIENT_AUTH_METHODS, ROUTES, SIGNING_ALGORITHMS } from "./facts.ts";
import { PLAIN_SCOPES } from "./scopes.ts";

/** What an application reads before anything else (SMART App Launch 2.2, `.well-known/smart-configuration`). */
export function smartConfiguration(issuer: string) {
  const at = (path: string) => `${issuer}${path}`;
  return {
    issuer,
    jwks_uri: at(ROUTES.jwks),
    authorization_endpoint: at(ROUTES.authorization),
    token_endpoint: at(ROUTES.token),
    introspection_endpoint: at(ROUTES.introspection),
    revocation_endpoint: at(ROUTES.revocation),
    token_endpoint_auth_methods_supported: CLIENT_AUTH_METHODS,
    token_endpoint_auth_signing_alg_values_supported: SIGNING_ALGORITHMS,
    grant_types_supported: ["authorization_code", "refresh_token", "client_credentials"],
    response_types_supported: ["code"],
    code_challenge_methods_supported: ["S256"],
    scopes_supported: [...PLAIN_SCOPES, "patient/*.rs", "user/*.rs", "system/*.rs"],
    capabilities: [
      "launch-standalone",
      "launch-ehr",
      "client-public",
      "client-confidential-symmetric",
      "client-confidential-asymmetric",
      "context-standalone-patient",
      "context-ehr-patient",
      "context-banner",
      "sso-openid-connect",
      "permission-offline",
      "permission-online",
      "permission-patient",
      "permission-user",
      "permission-v1",
      "permission-v2",
    ],
  };
}
