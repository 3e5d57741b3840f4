import type { Mark, Tells } from "./policy.ts";

/** Of whom something tells that does not come by a route of /api, and to whom. */
export interface DoorPolicy {
  readonly who: string;
  readonly tells: Tells;
  /** What stands in a permitted answer of the patient who was asked for. */
  readonly shows: readonly Mark[];
  /** May be told of a patient who is not granted. */
  readonly office?: readonly Mark[];
}

/** Whom they see is for the view to say: a patient and a guardian themselves, an application as far as its scopes go. */
const EVERYBODY = "every role; applications within their scopes";
const WARD = `${EVERYBODY}; whoever is not of the ward only of devices on patients whom they see`;
const seen = (...shows: Mark[]): DoorPolicy => ({ who: EVERYBODY, tells: "granted", shows });
const fleet: DoorPolicy = { who: WARD, tells: "fleet", shows: ["device"], office: ["device", "serial"] };
const WRITES =
  "integration; nurse, physician, patient and family by an application with Observation.c; of patients whom they see, and only a program of the house in the name of a device";
const CHANGES =
  "integration; nurse, physician, patient and family by an application with Observation.u or Observation.d; a patient and their family only what was measured in their own name";
/** Codes that are shipped with the program: nothing of a patient is in them. */
const VOCABULARY: DoorPolicy = { who: EVERYBODY, tells: "nobody", shows: [] };
const log: DoorPolicy = {
  who: "administrator, privacy officer",
  tells: "office",
  shows: [],
  office: ["id", "device", "alarm", "stream"],
};

const WRITTEN =
  "roles from which nothing of a patient is withheld; applications within their scopes; of a patient who keeps nothing back from them";
const written = (...shows: Mark[]): DoorPolicy => ({ who: WRITTEN, tells: "granted", shows });
const writes: DoorPolicy = {
  who: "integration; nurse, physician, patient and administrator by an application with Type.c, Type.u or Type.d; of patients whom they see",
  tells: "granted",
  shows: [],
};

const OWN_SUBSCRIPTIONS: DoorPolicy = {
  who: `${EVERYBODY}; one's own subscriptions, and nobody else's`,
  tells: "nobody",
  shows: [],
};
const tellsOf: DoorPolicy = {
  who: "who made the subscription, as long as that access runs; of patients whom they see at that moment, and of those within their scopes what they share",
  tells: "granted",
  shows: [],
};
const writesSubscriptions: DoorPolicy = {
  who: "integration; nurse, physician, patient and administrator by an application with Subscription.c, Subscription.u or Subscription.d that may read what it would be told of",
  tells: "nobody",
  shows: [],
};

/** Interactions of /fhir, as its CapabilityStatement has them. */
export const fhirPolicies: Readonly<Record<string, DoorPolicy>> = {
  "Patient.read": seen("id", "mrn"),
  "Patient.search-type": seen("id", "mrn"),
  "Patient.vread": seen("id", "mrn"),
  "Patient.history-instance": seen("id", "mrn"),
  "Device.read": fleet,
  "Device.search-type": fleet,
  "DeviceMetric.read": seen("stream"),
  "DeviceMetric.search-type": seen("stream"),
  "DeviceUseStatement.read": seen("id", "device"),
  "DeviceUseStatement.search-type": seen("id", "device"),
  "Observation.read": seen("id", "stream", "value"),
  "Observation.vread": seen("id", "stream", "value"),
  "Observation.history-instance": seen("id", "stream", "value"),
  "Observation.search-type": seen("id", "stream"),
  "Consent.read": seen("id"),
  "Consent.vread": seen("id"),
  "Consent.history-instance": seen("id"),
  "Consent.search-type": seen("id"),
  "AuditEvent.read": log,
  "AuditEvent.search-type": log,
  "Provenance.read": seen("stream"),
  "Provenance.search-type": seen(),
  "Practitioner.read": {
    who: "who works in the organisation, researchers only themselves; applications with user/ or system/ scopes, or of themselves",
    tells: "nobody",
    shows: [],
  },
  "Practitioner.search-type": {
    who: "every role, of those whom they may read",
    tells: "nobody",
    shows: [],
  },
  "RelatedPerson.search-type": { who: "every role, of those whom they may read", tells: "granted", shows: [] },
  "RelatedPerson.read": {
    who: "the ward without clinical engineers, within the view; family and guardians of themselves; applications within their scopes, or of themselves",
    tells: "granted",
    shows: ["id"],
  },
  // Of whatever type is kept as it was written: one code for all of them.
  "written.read": written("id", "reason"),
  "written.vread": written("id", "reason"),
  "written.history-instance": written("id", "reason"),
  "written.history-type": written("id", "reason"),
  "written.search-type": written("id", "reason"),
  "history-system": written("id", "reason"),
  // Of each type what a search of it alone tells; of whose compartment it is only who may read that one.
  "search-system": seen("id"),
  "search-compartment": seen("id"),
  "written.create": writes,
  "written.update": writes,
  "written.patch": writes,
  "written.delete": writes,
  "Subscription.read": OWN_SUBSCRIPTIONS,
  "Subscription.search-type": OWN_SUBSCRIPTIONS,
  "Subscription.create": writesSubscriptions,
  "Subscription.update": writesSubscriptions,
  "Subscription.patch": writesSubscriptions,
  "Subscription.delete": writesSubscriptions,
  $status: OWN_SUBSCRIPTIONS,
  "$get-ws-binding-token": OWN_SUBSCRIPTIONS,
  $events: tellsOf,
  "CodeSystem.read": VOCABULARY,
  "CodeSystem.search-type": VOCABULARY,
  "ValueSet.read": VOCABULARY,
  "ValueSet.search-type": VOCABULARY,
  "ConceptMap.read": VOCABULARY,
  "ConceptMap.search-type": VOCABULARY,
  $lookup: VOCABULARY,
  $expand: VOCABULARY,
  "$validate-code": VOCABULARY,
  $subsumes: VOCABULARY,
  $translate: VOCABULARY,
  $lastn: seen("id"),
  $stats: seen("id"),
  $everything: seen("id"),
  $match: {
    who: "every role that is told names, dates of birth and numbers; applications with Patient.s; of whom they see, and by scores of nobody else",
    tells: "granted",
    shows: [],
  },
  $meta: written(),
  "$meta-add": writes,
  "$meta-delete": writes,
  // Told by its files, which are looked at line by line: test/fhir-bulk.int.test.ts.
  $export: {
    who: `${EVERYBODY}; the status and the files of an export only whoever asked for it`,
    tells: "nobody",
    shows: [],
  },
  // Whoever fills a house writes of everybody in it: what no person does, and no application for one.
  $import: {
    who: "integration by its token; an application that acts for nobody with system/Type.cu of each type; the status and the outcome only whoever asked for it",
    tells: "nobody",
    shows: [],
  },
  batch: seen(),
  "Observation.create": { who: WRITES, tells: "granted", shows: ["id", "value"] },
  "Observation.update": { who: CHANGES, tells: "granted", shows: [] },
  "Observation.patch": { who: CHANGES, tells: "granted", shows: [] },
  "Observation.delete": { who: CHANGES, tells: "granted", shows: [] },
  "Observation.history-type": written("id"),
  transaction: { who: WRITES, tells: "granted", shows: [] },
  // Each read and search of it is one of those above.
  $graphql: seen("id"),
  $validate: {
    who: `${EVERYBODY}; of what is sent, and of what is stored only of what they may read; the answer repeats no value`,
    tells: "nobody",
    shows: [],
  },
};

const own = "the device itself, by token or certificate; the gateway in whose charge it is";
const up: DoorPolicy = { who: own, tells: "nobody", shows: [] };

/** Topics of MQTT. Nobody reads there what was measured: what comes down are commands for the device. */
export const topicPolicies: Readonly<Record<string, DoorPolicy & { readonly direction: "up" | "down" }>> = {
  "devices/{device}/readings": { ...up, direction: "up" },
  "devices/{device}/waveform": { ...up, direction: "up" },
  "devices/{device}/event": { ...up, direction: "up" },
  "devices/{device}/status": { ...up, direction: "up" },
  "devices/{device}/raw/{codec}": { ...up, direction: "up" },
  "devices/{device}/commands": { ...up, direction: "down" },
};

const reads = (...shows: Mark[]): DoorPolicy => ({
  who: "who reads the feed, by its secret: what the feed's owner sees then; nobody else, and no device",
  tells: "granted",
  shows,
});

/** Topics of feeds; `homeassistant/...` and `state` only of feeds that Home Assistant reads. */
export const feedTopicPolicies: Readonly<Record<string, DoorPolicy>> = {
  "openward/v1/feed/{feed}/{patient}/readings/{device}/{signal}": reads("id", "stream", "value", "device"),
  "openward/v1/feed/{feed}/{patient}/alarm": reads("id", "alarm", "value"),
  "openward/v1/feed/{feed}/{patient}/event": reads("id", "device"),
  "openward/v1/feed/{feed}/{patient}/device": reads("id", "device"),
  "openward/v1/feed/{feed}/{patient}/amended": reads("id", "stream"),
  "openward/v1/feed/{feed}/{patient}/access": reads("id"),
  "openward/v1/feed/{feed}/gap": reads(),
  "openward/v1/feed/{feed}/status": reads(),
  "openward/v1/feed/{feed}/replay": reads(),
  "openward/v1/feed/{feed}/state/{device}/{signal}": reads("value", "device"),
  "homeassistant/device/{object}/config": reads("device"),
};

/** Ways of FHIR's notifications. */
export const notificationPolicies: Readonly<Record<string, DoorPolicy>> = {
  "rest-hook": tellsOf,
  "websocket /fhir/ws": tellsOf,
  email: {
    who: "whoever has the mailbox that the subscription names: how often something happened; with id-only, in a file, opaque ids",
    tells: "nobody",
    shows: [],
  },
};

/** Messages of HL7 v2 over MLLP, by MSH-9; an answer has control id, verdict and places of faults, nothing of a patient. */
export const hl7MessagePolicies: Readonly<Record<string, DoorPolicy>> = {
  "ORU^R01": {
    who: "the device of the client certificate, or a gateway for devices in its charge; on loopback the gateway that is set",
    tells: "nobody",
    shows: [],
  },
};

const screen = (tells: Tells, ...shows: Mark[]): DoorPolicy => ({
  who: "nurse, physician, clinical engineer, administrator, integration; a screen on a wall of its ward, at /live/kiosk",
  tells,
  shows,
});

/** Messages of /live: `watch` comes from the screen, all others go to it. */
export const liveMessagePolicies: Readonly<Record<string, DoorPolicy>> = {
  watch: screen("granted"),
  snapshot: screen("granted", "id", "mrn", "bed"),
  patient: screen("granted", "id"),
  numerics: screen("granted", "id", "stream"),
  waveform: screen("granted", "id", "stream"),
  alarm: screen("granted", "id"),
  standby: screen("granted", "id"),
  heartbeat: screen("nobody"),
  refused: { who: "whoever is not let in", tells: "nobody", shows: [] },
};

const NIGHTSCOUT = "one patient's glucose and treatments, with a key that acts in the name of whoever made it (ADR 49)";

/** Every other address of the HTTP port, and why nothing of a patient is told there. */
export const otherRoutes: Readonly<Record<string, string>> = {
  "/health/live": "says only whether the process works",
  "/health/ready": "says only whether the process works",
  "/metrics": "counts and times, for programs on this machine or with the operator's token",
  "/api/openapi.json": "the description of the API",
  "/fhir/metadata": "the description of /fhir",
  "/fhir/": "interactions of /fhir, below",
  "/fhir/bulk/:job": "how far an export is, and its files: only for whoever asked for it (ADR 70)",
  "/fhir/bulk/:job/:file": "lines of an export, as whoever asked for it may see them then (ADR 70)",
  "/fhir/import/:job": "how far an import is, and how many lines were written: only for whoever asked for it (ADR 77)",
  "/fhir/import/:job/:file":
    "which lines of an import were refused and where they are wrong, without what they say (ADR 77)",
  "/fhir/*": "interactions of /fhir, below",
  "/fhir": "interactions of /fhir, below",
  "/ingest": "a device's or a gateway's lines; the answer counts them",
  "/ingest/devices/:device/*": "as the MQTT topics; the answer counts what was taken",
  "/fhir/.well-known/smart-configuration": "addresses of the authorisation server",
  "/.well-known/openid-configuration": "addresses of the authorisation server",
  "/.well-known/oauth-authorization-server": "addresses of the authorisation server",
  "/oauth/*":
    "the authorisation server: tokens, and pages on which a person chooses among patients of their own view (ADR 34)",
  "/": "the portal's own files",
  "/*": "the portal's own files",
  "/index.html": "the portal's page",
  "/.well-known/est/cacerts": "the certificate of our own authority",
  "/.well-known/est/simplereenroll": "a device's next certificate for the one that it shows",
  "/ingest/devices/:device/configuration":
    "a gateway, of itself alone: the devices in its charge, hashes of their tokens, the limits of who wears them; no name",
  "/ingest/claim": "a device's credential for its claim code, once",
  "/calendar/:token":
    "when a patient is to measure something, for who has the address; what is measured only where whoever made it wanted that (ADR 59)",
  "/api/v1/*": NIGHTSCOUT,
  "/api/v2/authorization/request/:token": "what a client of Nightscout comes with for eight hours, for its secret",
  "/api/v2/notifications/loop": "refused: commands to devices do not go this way",
  "/api/v3/*": NIGHTSCOUT,
};
