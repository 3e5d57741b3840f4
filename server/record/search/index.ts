import type { Bundle } from "@medplum/fhirtypes";
import type { RecordContext } from "../context.ts";
import { searchSubscriptions, subscriptionParameters } from "../subscriptions/search.ts";
import { definitions } from "../written/definitions.ts";
import { auditEventParameters, searchAuditEvents } from "./audit-event.ts";
import { consentParameters, searchConsents } from "./consent.ts";
import { deviceParameters, searchDevices } from "./device.ts";
import { deviceMetricParameters, searchDeviceMetrics } from "./device-metric.ts";
import { deviceUseParameters, searchDeviceUses } from "./device-use.ts";
import { searchObservations } from "./observation.ts";
import { observationParameters } from "./observation-filter.ts";
import { patientParameters, searchPatients } from "./patient.ts";
import type { ParameterDefinition } from "./query.ts";
import { searchTerminology, type TerminologyType, terminologyParameters } from "./terminology.ts";

export interface Searchable {
  readonly parameters: readonly ParameterDefinition[];
  readonly sorts: readonly string[];
  search(context: RecordContext, pairs: Iterable<readonly [string, string]>): Promise<Bundle>;
}

const vocabulary = (type: TerminologyType): Searchable => ({
  parameters: terminologyParameters,
  sorts: ["_id"],
  search: searchTerminology(type),
});

/** What can be searched: the routes, `metadata` and the repository all go by this table. */
export const searchables: Readonly<Record<string, Searchable>> = {
  Patient: { parameters: patientParameters, sorts: ["_id"], search: searchPatients },
  Device: { parameters: deviceParameters, sorts: ["_id"], search: searchDevices },
  DeviceMetric: { parameters: deviceMetricParameters, sorts: ["_id"], search: searchDeviceMetrics },
  DeviceUseStatement: { parameters: deviceUseParameters, sorts: ["_id"], search: searchDeviceUses },
  AuditEvent: { parameters: auditEventParameters, sorts: ["-date"], search: searchAuditEvents },
  Consent: { parameters: consentParameters, sorts: ["_id"], search: searchConsents },
  Observation: {
    // What is found by streams and times has words of its own; all others are R4's.
    get parameters() {
      const own = new Set(observationParameters.map(({ name }) => name));
      const others = [...definitions().table.of("Observation").values()].filter(
        ({ code, type }) => type !== "special" && !own.has(code),
      );
      return [
        ...observationParameters,
        ...others.map(
          ({ code, type, documentation }): ParameterDefinition => ({
            name: code,
            type: type as ParameterDefinition["type"], // those that are special were left out
            documentation,
          }),
        ),
      ];
    },
    sorts: ["-date", "date", "any parameter of tokens, strings, dates and amounts"],
    search: searchObservations,
  },
  Subscription: { parameters: subscriptionParameters, sorts: ["_id"], search: searchSubscriptions },
  CodeSystem: vocabulary("CodeSystem"),
  ValueSet: vocabulary("ValueSet"),
  ConceptMap: vocabulary("ConceptMap"),
};
