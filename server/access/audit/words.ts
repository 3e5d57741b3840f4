import type { AuditRecord, Who } from "./record.ts";

/** What kind of thing it was, as a patient would say it. */
const THINGS: Readonly<Record<string, string>> = {
  Patient: "your personal details",
  Observation: "your measurements",
  DeviceMetric: "what is measured of you",
  Device: "your devices",
  DeviceUseStatement: "which devices you wore, and when",
  Alarm: "your alarms",
  AlarmLimit: "your alarm limits",
  Standby: "pauses of your monitoring",
  Amendment: "corrections to your measurements",
  Quarantine: "measurements that could not be placed",
  Provenance: "who corrected your measurements",
  AuditEvent: "who looked at your data",
  Ward: "your tile on a ward screen",
  Consent: "what you share",
  Bundle: "your data",
  Grant: "who may see you",
  RawInput: "what your devices sent",
  AppKey: "keys of apps that see your data",
  Feed: "where your data goes as it happens",
  Task: "what you are to measure",
  Calendar: "the calendar of what you are to measure",
};

const PURPOSES: Readonly<Record<string, string>> = {
  TREAT: "for your care",
  ETREAT: "for emergency care",
  BTG: "in an emergency, without the usual permission",
  HRESCH: "for research",
  FAMRQT: "as family",
  PATRQT: "because you asked for it",
  HOPERAT: "to run the hospital",
};

/** Said whole. A screen's beginning and its end are the same to whom it shows. */
const WHOLE: Readonly<Record<string, string>> = {
  "live.open": "had you on a screen that is kept open",
  "live.close": "had you on a screen that is kept open",
  "feed.send": "was sent what is measured of you, as it happens",
  "subscription.send": "was told of what happens to you, as it happens",
};

const CODES: Readonly<Record<string, string>> = {
  "api.exportMine": "downloaded all of",
  "api.exportPatient": "was given all of",
  "fhir.export": "took out in bulk",
  "fhir.import": "brought in from files of another system",
  "fhir.validate": "held against the rules of FHIR",
  "ingest.session": "began to send",
  "ingest.session-end": "stopped sending",
};

const VERBS: Readonly<Record<AuditRecord["action"], string>> = {
  C: "added to",
  R: "looked at",
  U: "changed",
  D: "removed something of",
  E: "worked on",
};

/** Of what was refused, or did not work. */
const TRIED: Readonly<Record<AuditRecord["action"], string>> = {
  C: "add to",
  R: "look at",
  U: "change",
  D: "remove something of",
  E: "work on",
};

/** Of an application the person whom it acted for; of a guardian, the reader. */
const behalfWords = ({ kind, display, role }: Who): string =>
  kind === "patient" ? ", on your behalf," : `, for ${display}${role === null ? "" : ` (${role})`},`;

/** "Nina Berg (nurse) looked at your measurements, for your care" */
export function inWords(record: AuditRecord): string {
  const { who, onBehalfOf, through, code, entity, purpose, basis } = record;
  const name =
    who.display === "" ? (who.kind === "unknown" ? "Somebody who was not signed in" : `A ${who.kind}`) : who.display;
  const behalf = onBehalfOf ? behalfWords(onBehalfOf) : "";
  const where = through ? `, at the screen ${through.display},` : "";
  const subject = `${name}${who.role === null ? "" : ` (${who.role})`}${behalf}${where}`;
  const done = code === "fhir.search" ? "looked for" : (CODES[code] ?? VERBS[record.action]);
  const verb = record.outcome === "allowed" ? done : `tried in vain to ${TRIED[record.action]}`;
  // Of one's own looks nobody has to be told why.
  const why =
    purpose === undefined || basis === "self" || basis === "guardian"
      ? ""
      : `, ${PURPOSES[purpose] ?? `for the purpose ${purpose}`}`;
  const what = record.outcome === "allowed" ? WHOLE[code] : undefined;
  return `${subject} ${what ?? `${verb} ${THINGS[entity] ?? "something of yours"}`}${why}`;
}
