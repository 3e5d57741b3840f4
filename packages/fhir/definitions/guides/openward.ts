import type { Definitions } from "../data.ts";
import { extension, guide, must } from "./rules.ts";

/** Extensions of Openward's own; docs/guides/fhir.md tells what they mean. */
export const openward: Definitions = guide("Openward", {
  "urn:openward:role": extension("urn:openward:role", "code"),
  "urn:openward:device-time": extension("urn:openward:device-time", "dateTime"),
  "urn:openward:consent-data-category": extension(
    "urn:openward:consent-data-category",
    "Coding",
    { elements: [must("system", { fixed: "urn:openward:data-category" }), must("code")] },
    true,
  ),
});
