import type { Resource } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import type { RecordContext } from "./context.ts";
import { readAuditEvent } from "./house/audit-event.ts";
import { consentVersions } from "./house/consent.ts";
import { readPractitioner, readRelatedPerson } from "./house/people.ts";
import { findVocabulary, type VocabularyType } from "./house/vocabulary.ts";
import { baseOfPart, isBaseOf, mapPart, partsOf } from "./resources/containment.ts";
import { mapDevice } from "./resources/device.ts";
import { fhirDeviceId, isHashedDeviceId } from "./resources/device-id.ts";
import { mapStream } from "./resources/device-metric.ts";
import { mapUse } from "./resources/device-use.ts";
import { GATEWAY_ID, mapGateway } from "./resources/gateway.ts";
import { mapPatient } from "./resources/patient.ts";
import { mapProvenance } from "./resources/provenance.ts";
import { findObservation, findVersions } from "./sources/find.ts";
import { askingIn } from "./subscriptions/asking.ts";
import { mapSubscription } from "./subscriptions/present.ts";
import { isUuid } from "./uuid.ts";

type Reader = (context: RecordContext, id: string) => Promise<Resource | undefined>;

const readVocabulary =
  (type: VocabularyType): Reader =>
  async (_context, id) =>
    findVocabulary(type, id);

const readers: Readonly<Record<string, Reader>> = {
  Patient: async ({ view, patients, organisation }, id) => {
    if (!view.has(id)) return undefined;
    const record = await patients.find(view.principal, id);
    return record && mapPatient(record.patient, organisation, view.recordsOf(id).slice(1));
  },
  Device: async (context, id) => {
    const { devices, organisation, view } = context;
    if (id === GATEWAY_ID) return mapGateway(organisation);
    const record = isHashedDeviceId(id)
      ? (await devices.list(view.principal)).find(({ device }) => fhirDeviceId(device.id) === id)
      : await devices.find(view.principal, id);
    return record ? mapDevice(record, organisation, view) : readPart(context, id);
  },
  DeviceUseStatement: async ({ uses, view, organisation }, id) => {
    const use = await uses.use(view.principal, id);
    return use && view.has(use.patientId) ? mapUse(use, organisation) : undefined;
  },
  DeviceMetric: async ({ telemetry, view, organisation, typeOf }, id) => {
    const summary = isUuid(id) ? await telemetry.stream(view, id) : undefined;
    return summary && view.has(summary.stream.patientId)
      ? mapStream(summary.stream, organisation, typeOf(summary.stream.deviceId))
      : undefined;
  },
  Provenance: async (context, id) => {
    const record = isUuid(id) ? context.amendments.find(context.view, id) : undefined;
    return record && mapProvenance(record, context.view, context.organisation);
  },
  Practitioner: readPractitioner,
  RelatedPerson: readRelatedPerson,
  AuditEvent: readAuditEvent,
  Consent: async (context, id) => (await consentVersions(context, id)).at(-1),
  Observation: async (context, id) => (await findObservation(context, id))?.map(),
  Subscription: async (context, id) =>
    isUuid(id) && context.subscriptions
      ? mapSubscription(await context.subscriptions.find(askingIn(context), id))
      : undefined,
  CodeSystem: readVocabulary("CodeSystem"),
  ValueSet: readVocabulary("ValueSet"),
  ConceptMap: readVocabulary("ConceptMap"),
};

/** A VMD or a channel of a device that the asker sees. */
async function readPart({ devices, organisation, view }: RecordContext, id: string): Promise<Resource | undefined> {
  const base = baseOfPart(id);
  if (base === undefined) return undefined;
  const record = isHashedDeviceId(base)
    ? (await devices.list(view.principal)).find(({ device }) => isBaseOf(base, device.id))
    : await devices.find(view.principal, base);
  const part = record && partsOf(record.device.id, record.device.type).find((one) => one.id === id);
  return part && mapPart(part, mapDevice(record, organisation, view));
}

/**
 * One resource by type and id.
 *
 * @throws RefusedInput NOT_FOUND, the same for what is not there and for what the asker may not see
 */
export async function readResource(context: RecordContext, type: string, id: string): Promise<Resource> {
  const reader = Object.hasOwn(readers, type) ? readers[type] : undefined;
  if (!reader) throw unknownType();
  const resource = await reader(context, id);
  if (!resource) throw new RefusedInput("NOT_FOUND");
  return resource;
}

/** Versions of one resource, oldest first; of most there is one. @throws RefusedInput NOT_FOUND */
export async function readVersions(context: RecordContext, type: string, id: string): Promise<readonly Resource[]> {
  const versions = await versionsOf(context, type, id);
  return versions ?? [await readResource(context, type, id)];
}

async function versionsOf(context: RecordContext, type: string, id: string): Promise<readonly Resource[] | undefined> {
  if (type === "Observation") return findVersions(context, id);
  if (type !== "Consent") return undefined;
  const versions = await consentVersions(context, id);
  return versions.length > 0 ? versions : undefined;
}

export function unknownType(): RefusedInput {
  return new RefusedInput("NOT_FOUND", { expected: `one of ${Object.keys(readers).join(", ")}` });
}
