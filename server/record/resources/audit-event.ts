import type { AuditEvent, AuditEventAgent, AuditEventEntity, Coding } from "@medplum/fhirtypes";
import type { Organisation } from "@openward/model";
import type { AuditRecord } from "../ports.ts";
import { metaOf } from "./meta.ts";
import { fhirTime } from "./time.ts";

const BALP = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.";
const DCM = "http://dicom.nema.org/resources/ontology/DCM";
const INTERACTION = "http://hl7.org/fhir/restful-interaction";
const CODE_SYSTEM = "urn:openward:audit";
const ENTITY_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
const ENTITY_ROLE = "http://terminology.hl7.org/CodeSystem/object-role";

const REST: Coding = {
  system: "http://terminology.hl7.org/CodeSystem/audit-event-type",
  code: "rest",
  display: "RESTful Operation",
};
const SOURCE: Coding = { system: DCM, code: "110153", display: "Source Role ID" };
const DESTINATION: Coding = { system: DCM, code: "110152", display: "Destination Role ID" };
const APPLICATION: Coding = { system: DCM, code: "110150", display: "Application" };
const CUSTODIAN: Coding = {
  system: "http://terminology.hl7.org/CodeSystem/provenance-participant-type",
  code: "custodian",
  display: "Custodian",
};

const OUTCOMES = { allowed: "0", refused: "4", failed: "8" } as const;
const KINDS = { C: "Create", R: "Read", U: "Update", D: "Delete" } as const;
const INTERACTIONS = { C: "create", R: "read", U: "update", D: "delete" } as const;

/**
 * A record of the audit log in the profiles of IHE's Basic Audit Log Patterns. Of a search the names of its parameters are
 * told and not their values: they may be a patient's name.
 */
export function mapAuditEvent(record: AuditRecord, organisation: Organisation): AuditEvent {
  const isQuery = record.code === "fhir.search" || (record.action === "R" && record.parameters !== undefined);
  const isRest = isQuery || record.action !== "E";
  const [patient, another] = record.patients;
  return {
    resourceType: "AuditEvent",
    id: record.id,
    meta: metaOf(organisation, {
      versionId: "1",
      lastUpdated: fhirTime(record.at),
      // The profiles want to know from where it was asked.
      profile:
        isRest && record.outcome === "allowed" && record.address !== undefined
          ? [profileOf(record, isQuery)]
          : undefined,
    }),
    type: isRest ? REST : { system: DCM, code: "110100", display: "Application Activity" },
    subtype: [
      ...(isRest ? [{ system: INTERACTION, code: isQuery ? "search" : interactionOf(record) }] : []),
      { system: CODE_SYSTEM, code: record.code },
    ],
    action: isQuery ? "E" : record.action,
    recorded: fhirTime(record.at),
    outcome: OUTCOMES[record.outcome],
    ...(record.purpose === undefined ? {} : { purposeOfEvent: [purposeOf(record.purpose)] }),
    ...(record.refusal === undefined ? {} : { outcomeDesc: record.refusal }),
    agent: agentsOf(record, isQuery),
    source: { observer: { display: "Openward" } },
    entity: [
      ...(isQuery ? [queryEntity(record)] : dataEntities(record)),
      ...(patient === undefined
        ? []
        : [patient, ...(another === undefined ? [] : record.patients.slice(1))].map(patientEntity)),
      ...(record.requestId === undefined ? [] : [transactionEntity(record.requestId)]),
    ],
  };
}

/** The profiles of a patient have room for one of them. */
function profileOf({ action, patients }: AuditRecord, isQuery: boolean): string {
  const kind = isQuery ? "Query" : KINDS[action as keyof typeof KINDS]; // E without a query has no profile
  return `${BALP}${patients.length === 1 ? "Patient" : ""}${kind}`;
}

function interactionOf({ action }: AuditRecord): string {
  return INTERACTIONS[action as keyof typeof INTERACTIONS]; // asked for where it is not E
}

/** An application that acts for a person is the client, and the person the user; a guardian is the user, beside the patient. */
function agentsOf(record: AuditRecord, isQuery: boolean): AuditEventAgent[] {
  const { onBehalfOf, through, address, purpose, basis } = record;
  const app = record.who.kind === "application" ? record.who : undefined;
  const who = app && onBehalfOf ? onBehalfOf : record.who;
  const [ofClient, ofServer] = sidesOf(record, isQuery);
  const client: AuditEventAgent = {
    type: { coding: [ofClient] },
    who: app ? refOf(app) : { display: address ?? "unknown" },
    requestor: false,
    ...(address === undefined ? {} : { network: { address, type: "2" } }),
  };
  const server: AuditEventAgent = {
    type: { coding: [ofServer] },
    who: { display: "Openward" },
    requestor: false,
    network: { address: "Openward", type: "1" },
  };
  const user: AuditEventAgent = {
    type: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", code: "IRCP" }] },
    who: refOf(who),
    requestor: true,
    // What let them see it: the kind of grant, or the right.
    ...(basis === undefined ? {} : { policy: basis.split(" ").map((one) => `urn:openward:basis:${one}`) }),
    ...(who.role === null ? {} : { role: [{ coding: [{ system: "urn:openward:role", code: who.role }] }] }),
    ...(purpose === undefined ? {} : { purposeOfUse: [purposeOf(purpose)] }),
  };
  const behalf: AuditEventAgent[] =
    onBehalfOf?.kind === "patient"
      ? [{ type: PATIENT, who: { reference: `Patient/${onBehalfOf.id}` }, requestor: false }]
      : [];
  const screen: AuditEventAgent[] = through ? [{ type: SCREEN, who: refOf(through), requestor: false }] : [];
  return [client, server, user, ...behalf, ...screen];
}

/**
 * As what client and server took part: data comes from the server where it is read, and from the client where it is written
 * or asked for; the profile of what is deleted names them otherwise.
 */
function sidesOf({ action }: AuditRecord, isQuery: boolean): readonly [client: Coding, server: Coding] {
  if (action === "D") return [APPLICATION, CUSTODIAN];
  return action === "R" && !isQuery ? [DESTINATION, SOURCE] : [SOURCE, DESTINATION];
}

const PATIENT = { coding: [{ system: "http://terminology.hl7.org/CodeSystem/v3-RoleClass", code: "PAT" }] };
/** On a wall, at which the user showed who they are. */
const SCREEN = { coding: [{ system: "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", code: "DEV" }] };

const refOf = ({ id, display, kind }: AuditRecord["who"]) => ({
  ...(id === null ? {} : { identifier: { system: "urn:openward:principal", value: id } }),
  display: display || kind,
});

const purposeOf = (code: string) => ({
  coding: [{ system: "http://terminology.hl7.org/CodeSystem/v3-ActReason", code }],
});

/** Of an import each resource that it wrote, by its name; its record is one of many. */
function dataEntities(record: AuditRecord): AuditEventEntity[] {
  const { code, parameters } = record;
  if (code !== "fhir.import" || !parameters) return [dataEntity(record)];
  return parameters.map((reference) => ({ what: { reference }, ...DATA }));
}

const DATA = {
  type: { system: ENTITY_TYPE, code: "2" },
  role: { system: ENTITY_ROLE, code: "4" },
} satisfies AuditEventEntity;

function dataEntity({ entity, entityId }: AuditRecord): AuditEventEntity {
  const what =
    entityId !== undefined && /^[A-Za-z0-9.-]{1,64}$/.test(entityId) && FHIR_TYPES.has(entity)
      ? { reference: `${entity}/${entityId}` }
      : { display: entityId === undefined ? entity : `${entity} ${entityId}` };
  return { what, ...DATA };
}

const FHIR_TYPES = new Set([
  "Patient",
  "Observation",
  "Device",
  "DeviceMetric",
  "DeviceUseStatement",
  "Provenance",
  "Practitioner",
  "RelatedPerson",
  "AuditEvent",
]);

function queryEntity({ entity, parameters }: AuditRecord): AuditEventEntity {
  const query = `${entity}?${(parameters ?? []).join("&")}`;
  return {
    type: { system: ENTITY_TYPE, code: "2" },
    role: { system: ENTITY_ROLE, code: "24" },
    description: query,
    query: Buffer.from(query).toString("base64"),
  };
}

const patientEntity = (id: string): AuditEventEntity => ({
  what: { reference: `Patient/${id}` },
  type: { system: ENTITY_TYPE, code: "1" },
  role: { system: ENTITY_ROLE, code: "1" },
});

const transactionEntity = (id: string): AuditEventEntity => ({
  what: { identifier: { value: id } },
  type: { system: "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType", code: "XrequestId" },
});
