import type { TerminologyCapabilities } from "@medplum/fhirtypes";
import { codeSystems } from "@openward/fhir/terminology";
import { terminologyOperations } from "./operations/terminology.ts";
import { fhirTime } from "./resources/time.ts";

/** Which vocabularies are here, and what can be asked of them: `metadata?mode=terminology`. */
export function terminologyCapabilities(base: string, version: string, startedAt: number): TerminologyCapabilities {
  const expansion = terminologyOperations.ValueSet?.expand?.parameters ?? new Set();
  return {
    resourceType: "TerminologyCapabilities",
    status: "active",
    date: fhirTime(startedAt),
    kind: "instance",
    software: { name: "Openward", version },
    implementation: { description: "Openward, the open virtual ward", url: base },
    codeSystem: [...codeSystems.values()].map(({ url, version: own, concepts }) => ({
      uri: url,
      ...(own === undefined ? {} : { version: [{ code: own, isDefault: true }] }),
      subsumption: [...concepts.values()].some(({ parents }) => parents.length > 0),
    })),
    expansion: { paging: true, incomplete: false, parameter: [...expansion].sort().map((name) => ({ name })) },
    codeSearch: "all",
    validateCode: { translations: false },
    translation: { needsMap: false },
  };
}
