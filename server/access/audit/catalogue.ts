import { type Route, routes } from "@openward/api";
import type { Action, AuditRecord } from "./record.ts";

/** What a request means to the log. */
export type Meaning = Pick<AuditRecord, "action" | "code" | "entity" | "entityId"> & {
  /** It goes on without the database: what somebody needs to answer an alarm. */
  readonly isOfAlarms: boolean;
};

/** Nothing of a patient or of the house is there to be seen. A route that is not here is recorded. */
export const UNRECORDED: Readonly<Record<string, string>> = {
  "/health/live": "says only whether the process works",
  "/health/ready": "says only whether the process works",
  "/metrics": "counts and times, for those who run the server",
  "/api/about": "what may be known before signing in",
  "/api/openapi.json": "the description of the API",
  "/fhir/metadata": "the description of the FHIR interface",
  "/ingest": "a device's session is one record",
  "/ingest/devices/:device/*": "a device's session is one record",
  "/.well-known/est/cacerts": "the certificate of our own authority, which everybody may have",
  "/": "the portal's own files",
  "/*": "the portal's own files",
};

const METHODS: Readonly<Record<string, Action>> = {
  GET: "R",
  HEAD: "R",
  POST: "C",
  PUT: "U",
  PATCH: "U",
  DELETE: "D",
};

/** Where the method alone would say it wrongly. */
const ACTIONS: Readonly<Record<string, Action>> = {
  signIn: "E",
  signOut: "E",
  acknowledge: "E",
  findPatients: "E",
  readmit: "U",
  transfer: "U",
  discharge: "U",
  merge: "U",
  chooseProfile: "U",
  endStandby: "U",
  withdrawAmendment: "U",
  rotateToken: "U",
  revokeDevice: "U",
  assign: "U",
  release: "U",
  claim: "U",
  dismiss: "U",
  reprocess: "E",
  startQuarantineRun: "E",
  applyQuarantineRun: "E",
  undoQuarantineRun: "E",
  newLink: "E",
  exportPatient: "R",
  findRecord: "E",
  endHold: "U",
  stopSharing: "U",
  withdrawConsent: "U",
  endGrant: "U",
  endBreakGlass: "U",
  revokeCredential: "U",
  rotateApplication: "U",
  disableApplication: "U",
  enrolKiosk: "E",
  newKioskCode: "E",
  endKiosk: "U",
  endNightscoutKey: "U",
  endTask: "U",
  endMyTask: "U",
  endCalendar: "U",
  pauseFeed: "U",
  resumeFeed: "U",
  endFeed: "U",
  rotateFeed: "U",
  pingFeed: "E",
  replayFeed: "E",
  pauseApplicationFeed: "U",
  resumeApplicationFeed: "U",
  endApplicationFeed: "U",
  rotateApplicationFeed: "U",
  pingApplicationFeed: "E",
  replayApplicationFeed: "E",
  kioskPasskey: "E",
  kioskAcknowledge: "E",
};

const OF_ALARMS = new Set(["alarms", "patientAlarms", "acknowledge", "kioskAcknowledge"]);

/** By the end of a path: what is behind it. */
const ENTITIES: readonly (readonly [RegExp, string])[] = [
  [/\/session$/, "Session"],
  [/\/(trend|waveform|waveform-overview|readings|latest|overview)$/, "Observation"],
  [/\/streams(\/|$)/, "DeviceMetric"],
  [/\/alarms(\/|$)/, "Alarm"],
  [/\/kiosks?(\/|$)/, "Kiosk"],
  [/\/badge$/, "Badge"],
  [/\/nightscout(\/|$)/, "AppKey"],
  [/\/feeds(\/|$)/, "Feed"],
  [/\/tasks(\/|$)/, "Task"],
  [/\/calendars?(\/|$)/, "Calendar"],
  [/\/limits(\/|$)/, "AlarmLimit"],
  [/\/standby(\/|$)/, "Standby"],
  [/\/amendments(\/|$)/, "Amendment"],
  [/\/(devices|device-types)(\/|$)/, "Device"],
  [/\/quarantine(\/|$)/, "Quarantine"],
  [/\/(people)(\/|$)/, "Person"],
  [/\/wards(\/|$)/, "Ward"],
  [/\/(audit|access-history|disclosures|breach)(\/|$)/, "AuditEvent"],
  [/\/(grants|break-glass|monitoring)(\/|$)/, "Grant"],
  [/\/reprocess$/, "RawInput"],
  [/\/export$/, "Bundle"],
  [/\/holds(\/|$)/, "LegalHold"],
  [/\/(consents|sharing)(\/|$)/, "Consent"],
  [/\/patients(\/|$)/, "Patient"],
];

const byPath = new Map(
  (Object.entries(routes) as [string, Route][]).map(([name, { method, path }]) => [`${method} ${path}`, name]),
);

/** @param route as it was registered: "/api/patients/:id" */
export function meaningOf(method: string, route: string, url: string): Meaning {
  if (route.startsWith("/fhir")) return fhirMeaning(method, url);
  if (/^\/api\/v\d\//.test(route)) return nightscoutMeaning(method, route);
  const name = byPath.get(`${method === "HEAD" ? "GET" : method} ${route}`);
  const entity = ENTITIES.find(([pattern]) => pattern.test(route))?.[1] ?? "Other";
  return {
    action: ACTIONS[name ?? ""] ?? METHODS[method] ?? "E",
    code: `api.${name ?? "other"}`,
    entity,
    isOfAlarms: name !== undefined && OF_ALARMS.has(name),
  };
}

/** "/api/v1/entries.json": by the collection. */
function nightscoutMeaning(method: string, route: string): Meaning {
  const action = METHODS[method] ?? "E";
  const collection = /^\/api\/v[13]\/([a-z]+)/.exec(route)?.[1] ?? "";
  const entity = NIGHTSCOUT[collection] ?? "Other";
  return { action, code: action === "R" ? "nightscout.read" : "nightscout.write", entity, isOfAlarms: false };
}

const NIGHTSCOUT: Readonly<Record<string, string>> = {
  entries: "Observation",
  treatments: "Observation",
  activity: "Observation",
  devicestatus: "Device",
  profile: "Bundle",
  profiles: "Bundle",
};

const FHIR_ID = /^[A-Za-z0-9.-]{1,64}$/;

/** "/fhir/Observation/1", by FHIR's own interactions. */
function fhirMeaning(method: string, url: string): Meaning {
  const path = url.replace(/^\/fhir\/?/, "").split("?", 1)[0] ?? "";
  const [type = "", id = "", kind = ""] = path.split("/");
  const entity = /^[A-Z][A-Za-z]{1,40}$/.test(type) ? type : "Bundle";
  if (path === "") return { action: "E", code: "fhir.batch", entity: "Bundle", isOfAlarms: false };
  if (id === "_search" || (id === "" && METHODS[method] === "R"))
    return { action: "E", code: "fhir.search", entity, isOfAlarms: false };
  // Questions look for something and change nothing, also where they are posted.
  if (/\/\$(?:lookup|validate-code|subsumes|expand|translate|lastn|stats|match|everything|meta)$/.test(path))
    return { action: "E", code: "fhir.search", entity, isOfAlarms: false };
  // Whatever is read by it is read; in the answer nobody need be named.
  if (/(^|\/)\$graphql$/.test(path)) return { action: "E", code: "fhir.search", entity, isOfAlarms: false };
  const entityId = FHIR_ID.test(id) ? id : undefined;
  // It changes nothing and answers with what is wrong, not with what is there.
  if (/\/\$validate$/.test(path)) return { action: "E", code: "fhir.validate", entity, entityId, isOfAlarms: false };
  // They change nothing, also where they are posted: how a subscription stands, and what it was told of.
  if (/\/\$(?:status|events|get-ws-binding-token)$/.test(path))
    return { action: "R", code: "fhir.read", entity, entityId, isOfAlarms: false };
  // That it was asked for; of whom lines are made is noted when they are.
  if (/\$export$/.test(path)) return { action: "E", code: "fhir.export", entity: "Bundle", isOfAlarms: false };
  if (/\$import$/.test(path)) return { action: "E", code: "fhir.import", entity: "Bundle", isOfAlarms: false };
  const code = METHODS[method] !== "R" ? "fhir.write" : kind === "_history" ? "fhir.history" : "fhir.read";
  return { action: METHODS[method] ?? "E", code, entity, entityId, isOfAlarms: false };
}
