import type { Role } from "@openward/model";
import type { RouteName } from "./routes.ts";

/**
 * Of whom an answer tells. Which roles may ask is in the table of routes; this says what they get:
 *
 *     nobody     nothing about any patient
 *     oneself    the account of who asks
 *     related    the patients beside whom who asks stands: themselves, family, a ward of theirs
 *     granted    patients whom a grant shows to who asks; any other is as if there were none
 *     fleet      devices of the organisation; of a patient who wears one only what a grant shows
 *     office     the whole organisation, because it is the work of that role; of a patient who is not granted only `office`
 *     deciding   the patient, or who decides for them
 *     subject    the patient whose right it is: themselves, their ward; to the privacy officer, who acts on a request, anyone
 *     emergency  a patient of the organisation whose whole record number or id is known, with a reason; reviewed
 */
export type Tells =
  | "nobody"
  | "oneself"
  | "related"
  | "granted"
  | "fleet"
  | "office"
  | "deciding"
  | "subject"
  | "emergency";

/** What a patient can be known by. */
export type Mark =
  | "id"
  | "name"
  | "mrn"
  | "birth"
  | "bed"
  | "value"
  | "stream"
  | "alarm"
  | "device"
  | "serial"
  | "reason"
  | "raw";

export interface Policy {
  readonly tells: Tells;
  /** What stands in a permitted answer about the patient who was asked for: a door that opens on nothing is a fault too. */
  readonly shows: readonly Mark[];
  /** Of `office`, `fleet` and `emergency`: what may be told of a patient who is not granted. */
  readonly office?: readonly Mark[];
  /** Kept in memory and read through the asker's `PatientView`; all else is guarded by the database's own rows as well. */
  readonly isMeasured?: boolean;
  /** To these alone; left out: to every role that may ask. */
  readonly officers?: readonly Role[];
}

const nobody = { tells: "nobody", shows: [] } as const;
const oneself = { tells: "oneself", shows: [] } as const;
const granted = (...shows: Mark[]): Policy => ({ tells: "granted", shows });
/** What is measured, and what watches it. */
const measured = (...shows: Mark[]): Policy => ({ ...granted(...shows), isMeasured: true });
/** That a device is there, by its id and its label, is the organisation's. */
const fleet = (...shows: Mark[]): Policy => ({ tells: "fleet", shows, office: ["device", "serial"] });
const office = (shows: readonly Mark[], ...told: Mark[]): Policy => ({ tells: "office", shows, office: told });

/** Every route of /api has a row; docs/security/authorisation.md is made from it. */
export const policies: Readonly<Record<RouteName, Policy>> = {
  session: oneself,
  signIn: oneself,
  signOut: oneself,
  passkeyChallenge: nobody,
  signInWithPasskey: oneself,
  passkeys: oneself,
  enrolPasskey: oneself,
  addPasskey: oneself,
  removePasskey: oneself,
  signInWithCodes: oneself,
  proofChallenge: oneself,
  prove: oneself,
  codeSignIn: oneself,
  beginCodeSignIn: oneself,
  confirmCodeSignIn: oneself,
  removeCodeSignIn: oneself,
  input: oneself,
  lockScreen: oneself,
  unlockWays: oneself,
  unlock: oneself,
  screenLock: oneself,
  setScreenLock: oneself,
  setPin: oneself,
  removePin: oneself,
  beginExternal: oneself,
  signInExternal: oneself,
  externalIdentities: oneself,
  linkExternal: oneself,
  linkedExternal: oneself,
  removeExternal: oneself,
  sessions: oneself,
  ownApplications: oneself,
  endApplication: oneself,
  endSession: oneself,
  signOutEverywhere: oneself,
  me: { tells: "related", shows: ["id", "name"] },
  myDevices: { tells: "related", shows: ["id", "device"] },
  sharing: { tells: "related", shows: ["id"] },
  share: { tells: "deciding", shows: ["id"] },
  changeSharing: { tells: "deciding", shows: ["id"] },
  stopSharing: { tells: "deciding", shows: ["id"] },
  nightscoutKeys: { tells: "related", shows: ["id"] },
  addNightscoutKey: { tells: "related", shows: ["id"] },
  endNightscoutKey: { tells: "related", shows: ["id"] },
  feeds: { tells: "related", shows: ["id"] },
  addFeed: { tells: "related", shows: ["id"] },
  pauseFeed: { tells: "related", shows: ["id"] },
  resumeFeed: { tells: "related", shows: ["id"] },
  endFeed: { tells: "related", shows: ["id"] },
  rotateFeed: { tells: "related", shows: ["id"] },
  pingFeed: { tells: "related", shows: [] },
  replayFeed: { tells: "related", shows: ["id"] },
  myTasks: { tells: "related", shows: ["id"] },
  addMyTask: { tells: "deciding", shows: ["id"] },
  endMyTask: { tells: "deciding", shows: ["id"] },
  calendars: { tells: "related", shows: ["id"] },
  addCalendar: { tells: "related", shows: ["id"] },
  endCalendar: { tells: "related", shows: ["id"] },
  addOwnDevice: { tells: "deciding", shows: ["id"] },
  sendOwnCapture: { tells: "deciding", shows: [] },
  myAccessHistory: { tells: "related", shows: [] },
  exportMine: { tells: "subject", shows: [] },
  about: nobody,
  system: nobody,

  kiosks: nobody,
  addKiosk: nobody,
  newKioskCode: nobody,
  endKiosk: nobody,
  enrolKiosk: nobody,
  kiosk: nobody,
  kioskPasskey: nobody,
  kioskAcknowledge: measured("id", "alarm"),
  ownBadge: oneself,
  setOwnBadge: oneself,
  removeOwnBadge: oneself,
  setBadge: nobody,
  removeBadge: nobody,

  wards: nobody,
  addWard: nobody,

  patients: granted("id", "mrn", "bed"),
  findPatients: granted("id", "mrn", "bed"),
  admit: granted(),
  patient: granted("id", "mrn", "bed"),
  changePatient: granted("id", "mrn"),
  readmit: granted("id", "mrn", "bed"),
  transfer: granted("id", "mrn"),
  discharge: granted("id", "mrn"),
  merge: granted(),

  streams: measured("stream", "device", "value"),
  trend: measured("stream", "value"),
  waveform: measured("value"),
  waveformOverview: measured("value"),
  confirmExpectation: measured("stream"),
  streamsOfPatients: measured("id", "stream", "device"),
  newestReadings: measured("id", "stream", "value"),
  rawReadings: measured("stream", "value"),
  streamTrend: measured("stream", "value"),
  waveformPieces: measured("stream", "value"),
  waveformExtremes: measured("stream", "value"),

  alarms: measured("id", "alarm", "device"),
  patientAlarms: measured("id", "alarm"),
  acknowledge: measured("id", "alarm"),
  limits: measured("value"),
  setLimits: measured("value"),
  chooseProfile: measured(),
  standby: measured("id"),
  startStandby: measured("id", "reason"),
  endStandby: measured("id"),

  amendments: measured("stream", "device", "value"),
  amend: measured("stream", "reason"),
  withdrawAmendment: measured("stream"),
  relations: granted("id", "reason"),
  relate: granted("id"),
  endRelation: granted("id"),
  stateFact: granted("id", "reason"),
  endFact: granted("id"),

  deviceTypes: nobody,
  devices: fleet("id", "mrn", "bed", "device"),
  device: fleet("id", "mrn", "bed", "device"),
  addDevice: fleet(),
  rotateToken: fleet("device"),
  describeDevice: fleet("device"),
  decideClock: fleet("device"),
  revokeDevice: fleet("device"),
  deviceCredentials: fleet(),
  revokeCredential: fleet(),
  issueCertificate: fleet("device"),
  newClaimCode: fleet(),
  setCharge: fleet(),
  gateway: fleet(),
  configureGateway: fleet(),
  restoreGateway: fleet(),
  assign: fleet("id", "mrn", "device"),
  release: fleet("device"),

  fleet: fleet("id", "mrn", "bed", "device"),
  completeness: { ...measured("id", "mrn", "bed"), tells: "fleet", office: ["device", "serial"] },
  patientCompleteness: measured(),
  deviceCompleteness: { ...measured(), tells: "fleet", office: ["device", "serial"] },
  endings: fleet(),

  // What a device sent while somebody wore it is that patient's, placed or not.
  quarantine: { tells: "granted", shows: ["device"] },
  quarantineCounts: { tells: "granted", shows: ["device"] },
  quarantineRuns: { tells: "granted", shows: [] },
  startQuarantineRun: measured(),
  quarantineRun: measured(),
  applyQuarantineRun: measured(),
  undoQuarantineRun: measured(),
  quarantined: { tells: "granted", shows: ["device", "raw"] },
  claim: { tells: "granted", shows: [] },
  dismiss: { tells: "granted", shows: ["device"] },
  reprocess: measured(),

  accessHistory: granted(),
  audit: office(["id"], "id", "device", "alarm", "stream"),

  exportPatient: { tells: "subject", shows: [] },
  disclosures: { tells: "subject", shows: [] },
  breach: office([], "id"),
  findRecord: office([], "id", "mrn"),
  // Who is held, and why, is for who looks after rights.
  holds: office([], "id", "mrn"),
  placeHold: office([], "id", "mrn"),
  endHold: office([], "id", "mrn"),

  people: nobody,
  launchApp: granted(),
  launchableApps: nobody,
  applications: nobody,
  addApplication: nobody,
  rotateApplication: nobody,
  disableApplication: nobody,
  applicationFeeds: nobody,
  addApplicationFeed: nobody,
  pauseApplicationFeed: nobody,
  resumeApplicationFeed: nobody,
  endApplicationFeed: nobody,
  rotateApplicationFeed: nobody,
  pingApplicationFeed: nobody,
  replayApplicationFeed: nobody,
  addPerson: nobody,
  changePerson: nobody,
  disablePerson: nobody,
  enablePerson: nobody,
  newLink: nobody,

  // Why somebody is let see a patient is for who lets them.
  grants: office(["id"], "id", "reason"),
  addGrant: office(["id"], "id"),
  endGrant: office(["id"], "id"),
  breakGlass: { tells: "emergency", shows: ["id"], office: ["id"] },
  // The record number, as whoever broke it typed it.
  glassBroken: office([], "id", "mrn"),
  reviewGlass: office([], "id", "mrn"),
  myBrokenGlass: granted(),
  endBreakGlass: granted(),
  unwatched: { ...office([], "id", "mrn", "bed"), officers: ["administrator"] },
  patientMonitoring: granted(),
  patientGrants: granted("id"),
  tasks: granted("id"),
  addTask: granted("id"),
  endTask: granted("id"),
  patientConsents: granted(),
  writeConsent: granted("id"),
  withdrawConsent: granted("id"),
  // That something is hidden, and by which statement; nothing of what it is.
  explainHidden: office([]),
};
