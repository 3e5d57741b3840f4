import { houseAuditEvents } from "./audit-event.ts";
import { houseConsents } from "./consent.ts";
import { houseDevices } from "./device.ts";
import { houseDeviceMetrics } from "./device-metric.ts";
import { houseDeviceUses } from "./device-use.ts";
import type { HouseKind } from "./house.ts";
import { housePatients } from "./patient.ts";
import { housePractitioners, houseRelatedPersons } from "./people.ts";
import { houseProvenances } from "./provenance.ts";
import { houseVocabulary } from "./vocabulary.ts";

export type { HouseAsked, HouseKind } from "./house.ts";

/** Types of which the house makes resources, beside those that others wrote. Observations are a matter of their own. */
export const houseKinds: Readonly<Record<string, HouseKind>> = {
  Patient: housePatients,
  Device: houseDevices,
  DeviceMetric: houseDeviceMetrics,
  DeviceUseStatement: houseDeviceUses,
  Practitioner: housePractitioners,
  RelatedPerson: houseRelatedPersons,
  Consent: houseConsents,
  Provenance: houseProvenances,
  AuditEvent: houseAuditEvents,
  CodeSystem: houseVocabulary("CodeSystem"),
  ValueSet: houseVocabulary("ValueSet"),
  ConceptMap: houseVocabulary("ConceptMap"),
};

export const houseKind = (type: string): HouseKind | undefined =>
  Object.hasOwn(houseKinds, type) ? houseKinds[type] : undefined;
