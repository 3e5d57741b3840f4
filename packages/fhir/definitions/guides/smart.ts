import type { Definitions, RuleData } from "../data.ts";
import { guide, must, not, of, sliced } from "./rules.ts";

const OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris";

const address = (url: string, min: number): Omit<RuleData, "name"> => ({
  ...(min > 0 ? { min } : {}),
  max: 1,
  elements: [must("url", { fixed: url }), must("value[x]", { types: [{ code: "uri" }] }), not("extension")],
});

/**
 * Where an application signs in, as `metadata` says it.
 *
 * @source SMART App Launch 2.2 (conformance, "Declaring support for OAuth2 endpoints"), CC0 1.0; restated here
 */
export const smart: Definitions = guide("SMART App Launch", {
  [OAUTH_URIS]: {
    type: "Extension",
    rule: of("Extension", {
      elements: [
        must("url", { fixed: OAUTH_URIS }),
        not("value[x]"),
        sliced(
          "extension",
          "url",
          2,
          {
            authorize: address("authorize", 1),
            token: address("token", 1),
            introspect: address("introspect", 0),
            revoke: address("revoke", 0),
          },
          "closed",
        ),
      ],
    }),
  },
});
