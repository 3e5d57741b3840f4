import type { CapabilityStatementRestSecurity } from "@medplum/fhirtypes";

/** Where an application signs in, as `.well-known/smart-configuration` says it. */
export interface SmartAddresses {
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
  readonly introspection_endpoint: string;
  readonly revocation_endpoint: string;
}

const OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris";
const SERVICE = "http://terminology.hl7.org/CodeSystem/restful-security-service";

/** How to sign in; clients that ask `metadata` and `.well-known` at once take what is there first. */
export function securityOf(addresses: SmartAddresses | undefined): CapabilityStatementRestSecurity {
  const description = "Bearer token (openward token issue, or SMART on FHIR) or the portals' session cookie.";
  if (!addresses) return { description };
  const at = (url: string, valueUri: string) => ({ url, valueUri });
  return {
    extension: [
      {
        url: OAUTH_URIS,
        extension: [
          at("authorize", addresses.authorization_endpoint),
          at("token", addresses.token_endpoint),
          at("introspect", addresses.introspection_endpoint),
          at("revoke", addresses.revocation_endpoint),
        ],
      },
    ],
    service: [{ coding: [{ system: SERVICE, code: "SMART-on-FHIR", display: "SMART-on-FHIR" }] }],
    description,
  };
}
