import { type PrincipalRole, ROLES } from "@openward/model";
import { z } from "zod";
import * as a from "./applications.ts";
import * as b from "./bodies/index.ts";
import * as c from "./consent.ts";
import * as d from "./credentials.ts";
import * as e from "./external.ts";
import * as f from "./feeds.ts";
import * as fl from "./fleet.ts";
import * as gw from "./gateway.ts";
import * as g from "./grants.ts";
import * as k from "./kiosk.ts";
import * as n from "./nightscout.ts";
import * as o from "./own-devices.ts";
import * as p from "./proof.ts";
import * as r from "./rights.ts";
import * as sc from "./screen.ts";
import * as s from "./streams.ts";
import * as t from "./tasks.ts";

/** One route of /api: the server registers from this table, and the OpenAPI page is made from it. */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly summary: string;
  /** "public", or the roles that may call it. A route without a policy does not exist. */
  readonly allow: "public" | readonly PrincipalRole[];
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly status: 200 | 201 | 204;
  readonly response: z.ZodType;
  /** Dangerous: a person has shown in the last minutes that it is they. Programs have nobody who could. */
  readonly stepUp?: true;
  /** It opens a locked screen again, or ends its session; nothing else is answered there. */
  readonly whileLocked?: true;
  /** In reads of a row, for the limit of what one identity may cost; left out: 1. 0: somebody answers an alarm with it. */
  readonly cost?: number;
  /** Media types beside JSON, by `Accept`. */
  readonly formats?: readonly string[];
  /** The one media type of an answer that is a file and not JSON. */
  readonly file?: string;
  /**
   * "subject": `:id` is seen by whose right it is, not by a grant: the patient, a guardian, the privacy officer who acts on a
   * request. Left out: by the grants of who asks.
   */
  readonly sees?: "subject";
}

/** Everybody who works on the ward; which patients is the view's to say. */
const everyone = ["nurse", "physician", "clinical-engineer", "administrator", "integration"] as const;
const signedIn = ROLES;
const clinical = ["nurse", "physician", "administrator"] as const;
const technical = ["clinical-engineer", "administrator", "nurse", "physician"] as const;
const fleet = ["clinical-engineer", "administrator"] as const;
const admin = ["administrator"] as const;
const beside = ["patient", "family"] as const;
const officer = ["privacy-officer"] as const;
/** Who lets in and who watches over it. */
const identities = ["administrator", "privacy-officer"] as const;

/** The screen on a wall itself, and nobody else: its cookie opens these and no other route. */
const wall = ["kiosk"] as const;

const none = z.null();
/** Whose, when, and a page at a time. */
const looked = z.object({ from: z.coerce.number().optional(), to: z.coerce.number().optional(), agent: z.string().max(128).optional(), before: z.uuid().optional(), limit: z.coerce.number().int().min(1).max(1000).default(100) });
const number = z.coerce.number();
const span = z.object({ from: number, to: number });
const columns = { allow: everyone, status: 200, formats: ["application/cbor"] } as const;
const whole = z.object({ from: number.int(), to: number.int() });
/** Ids separated by commas. */
const ids = z.string().max(12_000);
const points = number.int().min(1).max(5000);

export const routes = {
  session: { method: "GET", path: "/api/session", summary: "Who is signed in", allow: signedIn, status: 200, response: b.session },
  signIn: { method: "POST", path: "/api/session", summary: "Sign in with a one-time link's token", allow: "public", body: b.signIn, status: 200, response: b.session },
  signOut: { whileLocked: true, method: "DELETE", path: "/api/session", summary: "Sign out", allow: signedIn, status: 204, response: none },
  passkeyChallenge: { method: "POST", path: "/api/session/passkey/options", summary: "What an authenticator has to sign to sign in", allow: "public", status: 200, response: b.webAuthn },
  signInWithPasskey: { method: "POST", path: "/api/session/passkey", summary: "Sign in with a passkey", allow: "public", body: b.passkeyAnswer, status: 200, response: b.session },
  passkeys: { method: "GET", path: "/api/me/passkeys", summary: "One's own passkeys", allow: signedIn, status: 200, response: z.array(b.passkey) },
  enrolPasskey: { method: "POST", path: "/api/me/passkeys/options", summary: "What an authenticator has to sign to become a passkey", allow: signedIn, status: 200, response: b.webAuthn },
  addPasskey: { method: "POST", path: "/api/me/passkeys", summary: "Add a passkey", allow: signedIn, body: b.newPasskey, status: 201, response: b.passkey },
  removePasskey: { stepUp: true, method: "DELETE", path: "/api/me/passkeys/:id", summary: "Remove a passkey; ends the sessions that it began", allow: signedIn, status: 204, response: none },
  signInWithCodes: { cost: 10, method: "POST", path: "/api/session/codes", summary: "Sign in with a password and a code of an authenticator app, or a recovery code", allow: "public", body: p.codeAnswer, status: 200, response: b.session },
  proofChallenge: { method: "POST", path: "/api/session/proof/options", summary: "With what one can show once more that it is oneself", allow: signedIn, status: 200, response: p.proofChallenge },
  prove: { cost: 10, method: "POST", path: "/api/session/proof", summary: "Show once more that it is oneself, for what is dangerous: with a passkey, or with password and code", allow: signedIn, body: p.proof, status: 200, response: p.proved },
  codeSignIn: { method: "GET", path: "/api/me/codes", summary: "One's own password with codes: the name to type, since when, recovery codes left", allow: signedIn, status: 200, response: p.codeSignIn },
  beginCodeSignIn: { cost: 10, method: "POST", path: "/api/me/codes", summary: "Set a password and get the secret for an authenticator app; counts with the first code", allow: signedIn, body: p.newPassword, status: 200, response: p.codeEnrolment },
  confirmCodeSignIn: { method: "POST", path: "/api/me/codes/confirm", summary: "The app's first code; the answer has the recovery codes, once", allow: signedIn, body: p.firstCode, status: 200, response: p.recoveryCodes },
  removeCodeSignIn: { stepUp: true, method: "DELETE", path: "/api/me/codes", summary: "Take password and codes away; ends the sessions that they began", allow: signedIn, status: 204, response: none },
  beginExternal: { cost: 5, method: "POST", path: "/api/session/external", summary: "Begin to sign in at the identity provider outside: where the browser goes", allow: "public", status: 200, response: e.externalBegun },
  signInExternal: { cost: 10, method: "POST", path: "/api/session/external/answer", summary: "Sign in with what the provider sent the browser back with; only an account that its person has linked opens anything", allow: "public", body: e.externalAnswer, status: 200, response: b.session },
  externalIdentities: { method: "GET", path: "/api/me/external", summary: "One's own accounts at the identity provider outside", allow: signedIn, status: 200, response: z.array(e.externalIdentity) },
  linkExternal: { stepUp: true, cost: 5, method: "POST", path: "/api/me/external", summary: "Begin to link one's own account at the provider: where the browser goes", allow: signedIn, status: 200, response: e.externalBegun },
  linkedExternal: { cost: 10, method: "POST", path: "/api/me/external/answer", summary: "Link the account that the provider sent the browser back with; 409 where it is somebody else's", allow: signedIn, body: e.externalAnswer, status: 201, response: e.externalIdentity },
  removeExternal: { stepUp: true, method: "DELETE", path: "/api/me/external/:id", summary: "Link it no more; ends the sessions that it began", allow: signedIn, status: 204, response: none },
  input: { method: "POST", path: "/api/session/input", summary: "Somebody touched this screen: it is not locked yet", allow: signedIn, status: 204, response: none },
  lockScreen: { method: "POST", path: "/api/session/lock", summary: "Lock this screen: its session opens nothing until the same person opens it", allow: signedIn, status: 204, response: none },
  unlockWays: { whileLocked: true, method: "POST", path: "/api/session/unlock/options", summary: "With what this locked screen can be opened", allow: signedIn, status: 200, response: sc.unlockWays },
  unlock: { whileLocked: true, cost: 10, method: "POST", path: "/api/session/unlock", summary: "Open a locked screen, by passkey, password and code, or PIN of the person who signed in", allow: signedIn, body: sc.unlock, status: 204, response: none },
  screenLock: { method: "GET", path: "/api/me/screen-lock", summary: "After how long without input this screen is locked, and whether one has a PIN", allow: signedIn, status: 200, response: sc.screenLock },
  setScreenLock: { method: "PUT", path: "/api/me/screen-lock", summary: "Lock this screen after so many minutes without input; null: never", allow: signedIn, body: sc.newScreenLock, status: 200, response: sc.screenLock },
  setPin: { stepUp: true, cost: 10, method: "PUT", path: "/api/me/pin", summary: "A PIN that opens a locked screen of one's own, and nothing else", allow: signedIn, body: sc.newPin, status: 204, response: none },
  removePin: { method: "DELETE", path: "/api/me/pin", summary: "Take the PIN away", allow: signedIn, status: 204, response: none },
  sessions: { method: "GET", path: "/api/me/sessions", summary: "Where one is signed in", allow: signedIn, status: 200, response: z.array(b.ownSession) },
  endSession: { method: "DELETE", path: "/api/me/sessions/:id", summary: "Sign out there", allow: signedIn, status: 204, response: none },
  ownApplications: { method: "GET", path: "/api/me/applications", summary: "Applications that act for one", allow: signedIn, status: 200, response: z.array(b.ownApplication) },
  endApplication: { method: "DELETE", path: "/api/me/applications/:id", summary: "Take away what one has allowed it; its tokens end", allow: signedIn, status: 204, response: none },
  signOutEverywhere: { method: "DELETE", path: "/api/me/sessions", summary: "Sign out everywhere, here too", allow: signedIn, status: 204, response: none },
  me: { method: "GET", path: "/api/me", summary: "Whom the person who asks stands beside, and what they may do", allow: signedIn, status: 200, response: b.me },
  myDevices: { method: "GET", path: "/api/me/devices", summary: "Devices on those patients now", allow: signedIn, status: 200, response: z.array(b.myDevice) },
  exportMine: { method: "GET", path: "/api/me/patients/:id/export", summary: "Everything about the patient that one is, or whose guardian one is, as a zip archive: FHIR, amendments, alarms, who looked. It ends early, and without its manifest, when the right to it ends", allow: beside, sees: "subject", status: 200, file: "application/zip", response: r.archive },
  sharing: { method: "GET", path: "/api/me/patients/:patientId/sharing", summary: "What a patient shares and with whom, and who sees them now: for the patient and who stands beside them", allow: signedIn, status: 200, response: c.sharing },
  share: { method: "POST", path: "/api/me/patients/:patientId/consents", summary: "Share kinds of data with people or roles, or do not: by the patient or who decides for them; acts within a second", allow: signedIn, body: c.newConsent, status: 201, response: c.consent },
  changeSharing: { method: "PUT", path: "/api/me/patients/:patientId/consents/:consentId", summary: "Say it otherwise: a new version", allow: signedIn, body: c.newConsent, status: 200, response: c.consent },
  stopSharing: { method: "POST", path: "/api/me/patients/:patientId/consents/:consentId/withdraw", summary: "Take a statement back; acts within a second, on open screens and running answers too", allow: signedIn, body: c.endOfConsent, status: 200, response: c.consent },
  nightscoutKeys: { method: "GET", path: "/api/me/patients/:patientId/nightscout", summary: "Keys of apps that speak Nightscout, for a patient beside whom who asks stands", allow: signedIn, status: 200, response: n.nightscoutKeys },
  addNightscoutKey: { stepUp: true, method: "POST", path: "/api/me/patients/:patientId/nightscout", summary: "A key for an app that speaks Nightscout: it reads what who makes it sees; one that uploads is for who decides for the patient. The secret is in this answer only", allow: signedIn, body: n.newNightscoutKey, status: 201, response: n.nightscoutKeyWithSecret },
  endNightscoutKey: { method: "POST", path: "/api/me/patients/:patientId/nightscout/:keyId/end", summary: "End a key: its app gets and brings nothing more", allow: signedIn, status: 200, response: n.nightscoutKeys },
  feeds: { method: "GET", path: "/api/me/patients/:patientId/feeds", summary: "Where a patient's data goes as it happens, and how that goes: for a patient beside whom who asks stands", allow: signedIn, status: 200, response: f.feeds },
  addFeed: { stepUp: true, method: "POST", path: "/api/me/patients/:patientId/feeds", summary: "Have it sent to an address (webhook), read over MQTT, or brought to a broker of one's own: it gets what who makes it sees. A secret is in this answer only", allow: signedIn, body: f.newFeed, status: 201, response: f.feedWithSecret },
  pauseFeed: { method: "POST", path: "/api/me/patients/:patientId/feeds/:feedId/pause", summary: "Send nothing for now; what comes meanwhile is sent afterwards, as far back as it is kept", allow: signedIn, status: 200, response: f.feeds },
  resumeFeed: { method: "POST", path: "/api/me/patients/:patientId/feeds/:feedId/resume", summary: "Send again, from where it was", allow: signedIn, status: 200, response: f.feeds },
  endFeed: { method: "POST", path: "/api/me/patients/:patientId/feeds/:feedId/end", summary: "End it: nothing more is sent", allow: signedIn, status: 200, response: f.feeds },
  rotateFeed: { stepUp: true, method: "POST", path: "/api/me/patients/:patientId/feeds/:feedId/secret", summary: "A new secret, in this answer only; a webhook is signed with both for a day", allow: signedIn, body: f.feedSecret, status: 200, response: f.feedWithSecret },
  pingFeed: { cost: 10, method: "POST", path: "/api/me/patients/:patientId/feeds/:feedId/ping", summary: "Send a message that says nothing, and say how it was answered", allow: signedIn, status: 200, response: f.feedPing },
  replayFeed: { cost: 10, method: "POST", path: "/api/me/patients/:patientId/feeds/:feedId/replay", summary: "Send everything once more, from a cursor that the feed told or from a time on, as far back as it is kept", allow: signedIn, body: f.feedReplay, status: 200, response: f.feeds },
  myTasks: { cost: 5, method: "GET", path: "/api/me/patients/:patientId/tasks", summary: "What a patient is to measure, and which of the last day was done: for who stands beside them", allow: signedIn, status: 200, response: t.patientTasks },
  addMyTask: { cost: 5, method: "POST", path: "/api/me/patients/:patientId/tasks", summary: "Set oneself to measure something at times of the day", allow: signedIn, body: t.newTask, status: 201, response: t.patientTasks },
  endMyTask: { cost: 5, method: "POST", path: "/api/me/patients/:patientId/tasks/:taskId/end", summary: "Measure it no more", allow: signedIn, status: 200, response: t.patientTasks },
  calendars: { method: "GET", path: "/api/me/patients/:patientId/calendars", summary: "Private addresses at which calendars read what is to be measured", allow: signedIn, status: 200, response: t.calendars },
  addCalendar: { method: "POST", path: "/api/me/patients/:patientId/calendars", summary: "A private address for a calendar: whoever has it sees when something is to be measured. It is in this answer only", allow: signedIn, body: t.newCalendar, status: 201, response: t.calendarWithAddress },
  endCalendar: { method: "POST", path: "/api/me/patients/:patientId/calendars/:calendarId/end", summary: "The address opens nothing any more", allow: signedIn, status: 200, response: t.calendars },
  addOwnDevice: { cost: 5, method: "POST", path: "/api/me/patients/:patientId/devices", summary: "A Bluetooth device of one's own that one measures with in the browser, by the patient or who decides for them; 409 where somebody else measures with it and that was not said", allow: signedIn, body: o.newOwnDevice, status: 201, response: o.ownDevice },
  sendOwnCapture: { cost: 2, method: "POST", path: "/api/me/patients/:patientId/devices/:deviceId/capture", summary: "What such a device said, as the browser received it; sent again under the same key, it is there once", allow: signedIn, body: o.ownCapture, status: 200, response: o.ownCaptureTaken },
  myAccessHistory: { method: "GET", path: "/api/me/patients/:id/access-history", summary: "Who looked at the data of a patient whom the person who asks stands beside, as `/api/patients/:id/access-history` says it", allow: signedIn, query: looked, status: 200, response: z.array(b.accessEntry) },
  about: { method: "GET", path: "/api/about", summary: "What may be known before signing in", allow: "public", status: 200, response: b.about },
  system: { method: "GET", path: "/api/system", summary: "Addresses and state of this server", allow: everyone, status: 200, response: b.system },

  kiosks: { method: "GET", path: "/api/kiosks", summary: "Screens on walls, each with its ward, its browser, and when it was last heard of", allow: admin, status: 200, response: z.array(k.kiosk) },
  addKiosk: { stepUp: true, method: "POST", path: "/api/kiosks", summary: "Make a screen for the wall of a ward; the answer has the code that its browser is enrolled with", allow: admin, body: k.newKiosk, status: 201, response: k.kioskCode },
  newKioskCode: { stepUp: true, method: "POST", path: "/api/kiosks/:id/code", summary: "A fresh code for it: the browser that uses it takes the place of the one before", allow: admin, status: 200, response: k.kioskCode },
  endKiosk: { method: "POST", path: "/api/kiosks/:id/end", summary: "End a screen: it shows nobody any more within a second", allow: admin, status: 204, response: none },
  enrolKiosk: { cost: 10, method: "POST", path: "/api/kiosk/enrolment", summary: "This browser becomes the screen that the code is for; once", allow: "public", body: k.enrolment, status: 200, response: k.wall },
  kiosk: { method: "GET", path: "/api/kiosk", summary: "What a screen on a wall is, to itself; its time begins anew", allow: wall, status: 200, response: k.wall },

  kioskPasskey: { cost: 0, method: "POST", path: "/api/kiosk/passkey", summary: "What an authenticator has to sign so that a screen on a wall knows who answers", allow: wall, status: 200, response: k.wallPasskey },
  kioskAcknowledge: { cost: 0, method: "POST", path: "/api/kiosk/alarms/:id/acknowledge", summary: "A person answers this alarm at a screen on a wall, at the revision they saw, and shows who they are", allow: wall, body: k.answerAtWall, status: 200, response: b.alarm },
  ownBadge: { method: "GET", path: "/api/me/badge", summary: "Whether one's own badge is known", allow: signedIn, status: 200, response: k.hasBadge },
  setOwnBadge: { stepUp: true, cost: 10, method: "PUT", path: "/api/me/badge", summary: "The number on one's own badge, for screens on walls; 409 where it is somebody else's", allow: signedIn, body: k.badge, status: 204, response: none },
  removeOwnBadge: { method: "DELETE", path: "/api/me/badge", summary: "Take one's own badge away", allow: signedIn, status: 204, response: none },
  setBadge: { stepUp: true, cost: 10, method: "PUT", path: "/api/people/:id/badge", summary: "The number on a person's badge; 409 where it is somebody else's", allow: admin, body: k.badge, status: 204, response: none },
  removeBadge: { method: "DELETE", path: "/api/people/:id/badge", summary: "Take a person's badge away, as when it is lost", allow: admin, status: 204, response: none },

  wards: { method: "GET", path: "/api/wards", summary: "Wards", allow: everyone, status: 200, response: z.array(b.ward) },
  addWard: { method: "POST", path: "/api/wards", summary: "Add a ward", allow: admin, body: b.newWard, status: 201, response: b.ward },

  patients: {
    method: "GET", path: "/api/patients", summary: "Patients: admitted ones unless `all`",
    allow: everyone, query: z.object({ all: z.stringbool().default(false) }), status: 200, response: z.array(b.patient),
  },
  findPatients: { method: "POST", path: "/api/patients/search", summary: "Patients by name or record number, which stand in no address", allow: everyone, body: z.object({ q: z.string().max(100), all: z.boolean().default(false) }), status: 200, response: z.array(b.patient) },
  admit: { method: "POST", path: "/api/patients", summary: "Admit a patient; 409 with `similar` when a same or similar name is there and not in `seenSimilar`, or with `occupants` when the bed is taken and not `shareBed`", allow: clinical, body: b.admission, status: 201, response: b.patient },
  patient: { method: "GET", path: "/api/patients/:id", summary: "A patient", allow: everyone, status: 200, response: b.patient },
  changePatient: { method: "PATCH", path: "/api/patients/:id", summary: "Correct a patient's data", allow: clinical, body: b.patientChange, status: 200, response: b.patient },
  readmit: { method: "POST", path: "/api/patients/:id/admit", summary: "Admit a known patient again; 409 with `occupants` as on admission", allow: clinical, body: b.transfer, status: 200, response: b.patient },
  transfer: { method: "POST", path: "/api/patients/:id/transfer", summary: "Move to another ward or bed; 409 with `occupants` as on admission", allow: clinical, body: b.transfer, status: 200, response: b.patient },
  discharge: { method: "POST", path: "/api/patients/:id/discharge", summary: "Discharge; ends the patient's associations", allow: clinical, status: 200, response: b.patient },
  merge: { method: "POST", path: "/api/patients/:id/merge", summary: "This record is the same person as `into`", allow: clinical, body: b.merge, status: 200, response: b.patient },

  streams: { method: "GET", path: "/api/patients/:id/streams", summary: "What is measured of this patient", allow: everyone, status: 200, response: z.array(b.streamInfo) },
  trend: { cost: 5,
    method: "GET", path: "/api/patients/:id/trend", summary: "Numeric streams in equal buckets; `signals` separated by commas, all when left out",
    allow: everyone, query: span.extend({ buckets: number.int().min(1).max(5000).default(600), signals: z.string().optional() }), status: 200, response: z.array(b.trend),
  },
  waveform: { cost: 5,
    method: "GET", path: "/api/patients/:id/waveform", summary: "Samples of one stream, at most 60 seconds",
    allow: everyone, query: span.extend({ stream: z.uuid() }), status: 200, response: z.array(b.waveformPiece),
  },
  waveformOverview: { cost: 10,
    method: "GET", path: "/api/patients/:id/waveform-overview", summary: "Smallest and largest sample per bucket, for a day at a glance",
    allow: everyone, query: span.extend({ stream: z.uuid(), buckets: number.int().min(1).max(5000).default(1000) }), status: 200, response: b.waveformOverview,
  },
  confirmExpectation: { method: "PUT", path: "/api/patients/:id/streams/:streamId/expectation", summary: "Say how often a stream must speak; null is on demand", allow: technical, body: b.expectation, status: 200, response: b.streamInfo },

  streamsOfPatients: { cost: 5, method: "GET", path: "/api/streams", summary: "What is measured of these patients, at most 50", ...columns, query: z.object({ patient: ids }), response: s.streamsOfPatients },
  newestReadings: { cost: 5,
    method: "GET", path: "/api/streams/latest", summary: "Newest reading of each numeric stream of `patient`s, at most 250, or of everybody in a `ward`",
    ...columns, query: z.object({ patient: ids.optional(), ward: z.uuid().optional(), rows: z.string().max(64).optional() }), response: s.newestReadings,
  },
  rawReadings: { cost: 20,
    method: "GET", path: "/api/streams/readings", summary: "Readings as received, stream by stream; at most 64 streams and 400 days; `limit` is of readings in all; `next` is the `after` of the next page",
    ...columns, query: whole.extend({ stream: ids, order: z.enum(["ascending", "descending"]).default("ascending"), limit: number.int().min(1).max(100_000_000).default(100_000), after: z.string().max(200).optional() }), response: s.rawReadings,
  },
  streamTrend: { cost: 10,
    method: "GET", path: "/api/streams/trend", summary: "Equal buckets with their extremes, or a line (`method=lttb`) of about `buckets` points; at most 64 streams, 100,000 buckets in all and 400 days, a line 31 days",
    ...columns, query: whole.extend({ stream: ids, buckets: points.default(600), method: z.enum(["extremes", "lttb"]).default("extremes") }), response: s.streamTrend,
  },
  waveformPieces: { cost: 10, method: "GET", path: "/api/streams/waveform", summary: "Samples of one stream, at most a day", ...columns, query: whole.extend({ stream: z.uuid() }), response: s.waveformPieces },
  waveformExtremes: { cost: 10, method: "GET", path: "/api/streams/overview", summary: "Smallest and largest sample per bucket, at most 31 days", ...columns, query: whole.extend({ stream: z.uuid(), buckets: points.default(1000) }), response: s.waveformExtremes },

  alarms: { cost: 0, method: "GET", path: "/api/alarms", summary: "Alarms that are raised or acknowledged, most urgent first", allow: everyone, status: 200, response: z.array(b.alarm) },
  patientAlarms: { method: "GET", path: "/api/patients/:id/alarms", summary: "A patient's alarms of a span, newest first", allow: everyone, query: span, status: 200, response: z.array(b.alarm) },
  acknowledge: { cost: 0, method: "POST", path: "/api/alarms/:id/acknowledge", summary: "A person answers this alarm, at the revision they saw", allow: clinical, body: z.object({ revision: z.number().int() }), status: 200, response: b.alarm },

  limits: { method: "GET", path: "/api/patients/:id/limits", summary: "Alarm limits", allow: everyone, status: 200, response: b.limitsOfPatient },
  setLimits: { method: "PUT", path: "/api/patients/:id/limits", summary: "Set the limits of the signals named; 409 where others are in force than those `seen`", allow: clinical, body: z.object({ limits: z.array(b.limitsChange).min(1).max(50) }), status: 200, response: b.limitsOfPatient },
  chooseProfile: { method: "POST", path: "/api/patients/:id/limits/profile", summary: "Choose the default limits of an age group; 409 without `confirm` where the known age is another", allow: clinical, body: b.profileChoice, status: 200, response: b.limitsOfPatient },

  standby: { method: "GET", path: "/api/patients/:id/standby", summary: "Standby that runs", allow: everyone, status: 200, response: z.array(b.standby) },
  startStandby: { method: "POST", path: "/api/patients/:id/standby", summary: "Pause watching, for a reason, until a time", allow: clinical, body: b.newStandby, status: 201, response: b.standby },
  endStandby: { method: "DELETE", path: "/api/patients/:id/standby/:standbyId", summary: "Watch again", allow: clinical, status: 200, response: b.standby },

  amendments: { method: "GET", path: "/api/patients/:id/amendments", summary: "What was said later of this patient's measurements: by whom, when, why, what before; newest first", allow: everyone, status: 200, response: z.array(b.amendment) },
  amend: { method: "POST", path: "/api/patients/:id/amendments", summary: "Enter a reading or a span in error, correct a reading, or give a device's span to the patient whose it is; 409 where it has been amended since `seen`", allow: clinical, body: b.newAmendment, status: 201, response: b.amendment },
  withdrawAmendment: { method: "POST", path: "/api/patients/:id/amendments/:amendmentId/withdraw", summary: "An amendment does not hold any more; 409 while a later one of the same stands on it", allow: clinical, body: b.withdrawal, status: 200, response: b.amendment },

  relations: { method: "GET", path: "/api/patients/:id/relations", summary: "The patient's own sign-in, family and guardians, and what changes what they may do; ended ones too", allow: clinical, status: 200, response: b.relations },
  relate: { stepUp: true, method: "POST", path: "/api/patients/:id/relations", summary: "Say who a person is to this patient, why, and from when to when; 409 where their role is another", allow: admin, body: b.newRelation, status: 201, response: b.relation },
  endRelation: { method: "POST", path: "/api/patients/:id/relations/:relationId/end", summary: "A relation ends now", allow: admin, status: 200, response: b.relation },
  stateFact: { method: "POST", path: "/api/patients/:id/facts", summary: "Record a death or an incapacity: it ends or changes what relations allow", allow: clinical, body: b.newFact, status: 201, response: b.fact },
  endFact: { method: "POST", path: "/api/patients/:id/facts/:factId/end", summary: "It is not so any more, or was recorded in error", allow: clinical, status: 200, response: b.fact },

  deviceTypes: { method: "GET", path: "/api/device-types", summary: "Known device types", allow: everyone, status: 200, response: z.array(b.deviceType) },
  devices: { method: "GET", path: "/api/devices", summary: "Devices with state and patient", allow: everyone, status: 200, response: z.array(b.device) },
  device: { method: "GET", path: "/api/devices/:deviceId", summary: "A device", allow: everyone, status: 200, response: b.device },
  addDevice: { stepUp: true, method: "POST", path: "/api/devices", summary: "Add a device; its token is in this answer only", allow: fleet, body: b.newDevice, status: 201, response: b.deviceWithToken },
  rotateToken: { stepUp: true, method: "POST", path: "/api/devices/:deviceId/token", summary: "New token; the ones before end at once, or after `overlapHours`", allow: fleet, body: d.newToken, status: 200, response: b.deviceWithToken },
  describeDevice: { method: "PUT", path: "/api/devices/:deviceId/description", summary: "Write down label, maker, owner, place and service of the device, or change its type; 409 where another device has that label, or where a device on a patient would go out of service", allow: fleet, body: b.deviceDescription, status: 200, response: b.device },
  decideClock: { method: "POST", path: "/api/devices/:deviceId/clock", summary: "Say of a clock whose times are only marked that they are right, or that they are to be corrected: late data would look the same, and only a person can tell. It holds until the clock is set again", allow: fleet, body: b.clockDecision, status: 200, response: b.device },
  revokeDevice: { method: "POST", path: "/api/devices/:deviceId/revoke", summary: "End the device's access", allow: fleet, status: 200, response: b.device },
  deviceCredentials: { method: "GET", path: "/api/devices/:deviceId/credentials", summary: "What the device can sign in with, and the devices in its charge", allow: fleet, status: 200, response: d.credentials },
  revokeCredential: { method: "POST", path: "/api/devices/:deviceId/credentials/:id/revoke", summary: "End one of them; sessions that began with it end", allow: fleet, status: 200, response: d.credentials },
  issueCertificate: { stepUp: true, method: "POST", path: "/api/devices/:deviceId/certificates", summary: "A client certificate of our own authority; a key that was made is in this answer only", allow: fleet, body: d.newCertificate, status: 201, response: d.certificate },
  newClaimCode: { stepUp: true, method: "POST", path: "/api/devices/:deviceId/claim-codes", summary: "A code for one use that the device exchanges for what it signs in with; one from before ends", allow: fleet, body: d.newClaimCode, status: 201, response: d.claimCode },
  setCharge: { stepUp: true, method: "PUT", path: "/api/devices/:deviceId/charge", summary: "Put a device in this gateway's charge, or take it out of it", allow: fleet, body: d.charge, status: 200, response: d.credentials },
  gateway: { method: "GET", path: "/api/devices/:deviceId/gateway", summary: "What a gateway works by, and how it said last that it is", allow: fleet, status: 200, response: gw.gateway },
  configureGateway: { method: "PUT", path: "/api/devices/:deviceId/gateway", summary: "Set what a gateway works by; it comes for it within a minute. 409 where it has been changed since `seen`", allow: fleet, body: gw.newGatewaySettings, status: 200, response: gw.gateway },
  restoreGateway: { method: "POST", path: "/api/devices/:deviceId/gateway/restore", summary: "Go back to what an earlier version of a gateway's settings said, as a new version. 409 where it has been changed since `seen`", allow: fleet, body: gw.restoredGatewaySettings, status: 200, response: gw.gateway },
  assign: { method: "POST", path: "/api/devices/:deviceId/assign", summary: "Put the device on a patient; ends the association before", allow: technical, body: b.assignment, status: 200, response: b.device },
  release: { method: "POST", path: "/api/devices/:deviceId/release", summary: "Take the device off its patient", allow: technical, status: 200, response: b.device },

  fleet: { cost: 20, method: "GET", path: "/api/fleet", summary: "Devices by their states, a page at a time: how many are in each, those in one of them, found by text, in an order", allow: everyone, query: fl.fleetQuery, status: 200, response: fl.fleet },
  completeness: { cost: 50, method: "GET", path: "/api/fleet/completeness", summary: "Of each patient, or each device, and day: how many readings were expected, how many came, and of those that are missing in gaps the causes", allow: everyone, query: fl.completenessQuery, status: 200, response: fl.completenessTable },
  patientCompleteness: { cost: 20, method: "GET", path: "/api/patients/:id/completeness", summary: "A day of the patient, signal by signal: what was expected, came, came late, and each gap with its cause and what it is read from", allow: everyone, query: z.object({ day: z.iso.date() }), status: 200, response: fl.completenessDay },
  deviceCompleteness: { cost: 20, method: "GET", path: "/api/devices/:deviceId/completeness", summary: "The same of a device, on whomever it was", allow: everyone, query: z.object({ day: z.iso.date() }), status: 200, response: fl.completenessDay },
  endings: { cost: 10, method: "GET", path: "/api/fleet/endings", summary: "Certificates and tokens that end within 90 days or ended within 30, the first to end first", allow: fleet, status: 200, response: fl.endings },

  quarantine: { method: "GET", path: "/api/quarantine", summary: "Input that could not be placed, newest first: of one state, and of one reason, device, format or time of arrival", allow: technical, query: fl.quarantineQuery, status: 200, response: z.array(b.quarantined) },
  quarantineCounts: { cost: 5, method: "GET", path: "/api/quarantine/counts", summary: "How many are open, by reason, device and format", allow: technical, status: 200, response: fl.quarantineCounts },
  quarantineRuns: { method: "GET", path: "/api/quarantine/runs", summary: "Runs of quarantined messages, newest first", allow: fleet, status: 200, response: fl.quarantineRuns },
  startQuarantineRun: { cost: 100, method: "POST", path: "/api/quarantine/runs", summary: "Begin to look what today's codecs and associations make of open messages, picked or by what they have in common; nothing is changed", allow: fleet, body: fl.newQuarantineRun, status: 201, response: fl.quarantineRunState },
  quarantineRun: { method: "GET", path: "/api/quarantine/runs/:id", summary: "How far it is, how many would be placed, and why others stay", allow: fleet, status: 200, response: fl.quarantineRunState },
  applyQuarantineRun: { cost: 100, method: "POST", path: "/api/quarantine/runs/:id/apply", summary: "Do what was shown, with a reason; 409 where it was not looked at, or done before", allow: fleet, body: fl.runReason, status: 200, response: fl.quarantineRunState },
  undoQuarantineRun: { cost: 100, method: "POST", path: "/api/quarantine/runs/:id/undo", summary: "What the run added is entered in error, its messages are open again; what a person amended since stays", allow: fleet, body: fl.runReason, status: 200, response: fl.undoneRun },
  quarantined: { method: "GET", path: "/api/quarantine/:id", summary: "One of them, with its bytes", allow: technical, status: 200, response: b.quarantinedRaw },
  claim: { method: "POST", path: "/api/quarantine/:id/claim", summary: "Give to this patient", allow: clinical, body: b.claim, status: 200, response: b.claimed },
  dismiss: { method: "POST", path: "/api/quarantine/:id/dismiss", summary: "Belongs to nobody; the bytes stay until they expire", allow: technical, body: b.dismissal, status: 200, response: b.quarantined },

  reprocess: { cost: 100, method: "POST", path: "/api/reprocess", summary: "Run what was sent in a span through today's codecs and show the differences to what is read today; with `apply`, add what is new and amend what is otherwise; 409 where the differences are not those of `confirm`", allow: fleet, body: b.reprocess, status: 200, response: b.reprocessed },

  accessHistory: { cost: 5,
    method: "GET", path: "/api/patients/:id/access-history", summary: "Who looked at this patient's data and changed it, when and why, in plain words; newest first; `agent` is one person's, program's or device's; `before` is the id of the last one of the page before",
    allow: clinical, query: looked, status: 200, response: z.array(b.accessEntry),
  },
  audit: { cost: 5,
    method: "GET", path: "/api/audit", summary: "The organisation's audit log, newest first; `before` is the id of the last one of the page before",
    allow: identities, query: z.object({ patient: z.uuid().optional(), agent: z.string().max(128).optional(), action: z.enum(["C", "R", "U", "D", "E"]).optional(), entity: z.string().max(64).optional(), outcome: z.enum(["allowed", "refused", "failed"]).optional(), from: number.optional(), to: number.optional(), before: z.uuid().optional(), limit: number.int().min(1).max(1000).default(100) }), status: 200, response: z.array(b.auditEntry),
  },

  exportPatient: { stepUp: true, method: "POST", path: "/api/rights/patients/:id/export", summary: "Everything about a patient as a zip archive, on a request that `reason` names", allow: officer, sees: "subject", body: r.exportRequest, status: 200, file: "application/zip", response: r.archive },

  disclosures: {
    method: "GET", path: "/api/rights/patients/:id/disclosures", summary: "Accounting of disclosures: what of this patient went to programs and out as files, newest first; of six years unless `from` says",
    allow: officer, sees: "subject", query: z.object({ from: number.int().optional(), to: number.int().optional() }), status: 200, response: z.array(r.disclosure),
  },
  breach: {
    method: "GET", path: "/api/rights/breach", summary: "Who was affected: the patients whom a person, token or device was shown in a span",
    allow: officer, query: span.extend({ by: z.string().min(1).max(128) }), status: 200, response: z.array(r.affected),
  },
  findRecord: {
    method: "POST", path: "/api/rights/records", summary: "The id of the record with exactly this number; the answer names nobody, and the question is in the audit log beside the patient",
    allow: officer, cost: 5, body: r.recordAsked, status: 200, response: r.recordFound,
  },
  holds: { method: "GET", path: "/api/rights/holds", summary: "Legal holds that run, newest first; all that there ever were with `ended`", allow: identities, query: z.object({ ended: z.stringbool().default(false) }), status: 200, response: z.array(r.hold) },
  placeHold: { method: "POST", path: "/api/rights/holds", summary: "Hold a patient: erasure is refused and retention passes by; 409 where an erasure has begun", allow: identities, body: r.newHold, status: 201, response: r.hold },
  endHold: { method: "POST", path: "/api/rights/holds/:id/end", summary: "End a hold: what has had its time meanwhile goes with the next run of retention", allow: identities, body: r.endOfHold, status: 200, response: r.hold },

  people: { method: "GET", path: "/api/people", summary: "People who can sign in", allow: identities, status: 200, response: z.array(b.person) },
  launchApp: { method: "POST", path: "/api/smart/launch", summary: "Open an application of another maker for a patient: the address to go to, good once and for five minutes", allow: everyone, body: z.object({ clientId: z.uuid(), patientId: z.uuid() }), status: 201, response: z.object({ url: z.string(), expiresAt: z.int() }) },

  addPerson: { stepUp: true, method: "POST", path: "/api/people", summary: "Add a person; the answer has a one-time sign-in link", allow: admin, body: b.newPerson, status: 201, response: b.personWithLink },
  changePerson: { stepUp: true, method: "PATCH", path: "/api/people/:id", summary: "Change a person's name or role; 409 for the last administrator, or while they are related to patients", allow: admin, body: b.personChange, status: 200, response: b.person },
  disablePerson: { stepUp: true, method: "POST", path: "/api/people/:id/disable", summary: "End a person's sessions and links, and let them in no more; 409 for the last administrator", allow: admin, status: 200, response: b.person },
  enablePerson: { stepUp: true, method: "POST", path: "/api/people/:id/enable", summary: "Let a person in again; they need a new link", allow: admin, status: 200, response: b.person },
  applicationFeeds: { method: "GET", path: "/api/feeds", summary: "What applications are told as it happens, and how that goes", allow: admin, status: 200, response: f.feeds },
  addApplicationFeed: { stepUp: true, method: "POST", path: "/api/feeds", summary: "Have what happens sent to an application that acts for nobody: of whom its grants show it, and what its scopes reach. A secret is in this answer only", allow: admin, body: f.newApplicationFeed, status: 201, response: f.feedWithSecret },
  pauseApplicationFeed: { method: "POST", path: "/api/feeds/:feedId/pause", summary: "Send nothing for now; what comes meanwhile is sent afterwards, as far back as it is kept", allow: admin, status: 200, response: f.feeds },
  resumeApplicationFeed: { method: "POST", path: "/api/feeds/:feedId/resume", summary: "Send again, from where it was", allow: admin, status: 200, response: f.feeds },
  endApplicationFeed: { method: "POST", path: "/api/feeds/:feedId/end", summary: "End it: nothing more is sent", allow: admin, status: 200, response: f.feeds },
  rotateApplicationFeed: { stepUp: true, method: "POST", path: "/api/feeds/:feedId/secret", summary: "A new secret, in this answer only; a webhook is signed with both for a day", allow: admin, body: f.feedSecret, status: 200, response: f.feedWithSecret },
  pingApplicationFeed: { cost: 10, method: "POST", path: "/api/feeds/:feedId/ping", summary: "Send a message that says nothing, and say how it was answered", allow: admin, status: 200, response: f.feedPing },
  replayApplicationFeed: { cost: 10, method: "POST", path: "/api/feeds/:feedId/replay", summary: "Send everything once more, from a cursor that the feed told or from a time on, as far back as it is kept", allow: admin, body: f.feedReplay, status: 200, response: f.feeds },
  launchableApps: { method: "GET", path: "/api/smart/applications", summary: "Applications that can be opened for a patient", allow: everyone, status: 200, response: z.array(a.launchable) },
  applications: { method: "GET", path: "/api/applications", summary: "Applications of other makers that may ask for access", allow: admin, status: 200, response: z.array(a.application) },
  addApplication: { stepUp: true, method: "POST", path: "/api/applications", summary: "Register an application; a secret is in this answer only", allow: admin, body: a.newApplication, status: 201, response: a.applicationWithSecret },
  rotateApplication: { stepUp: true, method: "POST", path: "/api/applications/:id/rotate", summary: "A new secret, or new keys; the old ones are worth nothing any more", allow: admin, body: a.newKeys, status: 200, response: a.applicationWithSecret },
  disableApplication: { method: "POST", path: "/api/applications/:id/disable", summary: "End an application, and every token that it has, within a second", allow: admin, status: 200, response: a.application },
  grants: {
    method: "GET", path: "/api/grants", summary: "Who may see whom, for what, because of what, newest first: those that hold, or all that ever did with `ended`; of a `patient` those by which they are seen",
    allow: admin, query: z.object({ patient: z.uuid().optional(), principal: z.uuid().optional(), basis: g.basis.optional(), ended: z.stringbool().default(false) }), status: 200, response: z.array(g.grant),
  },
  addGrant: { stepUp: true, method: "POST", path: "/api/grants", summary: "Let a person, or everybody of a role, see a patient, whoever lies on a ward, or everybody", allow: admin, body: g.newGrant, status: 201, response: g.grant },
  endGrant: { method: "POST", path: "/api/grants/:id/end", summary: "End a grant: what it showed is gone within a second, on open screens too", allow: admin, body: g.endOfGrant, status: 200, response: g.grant },
  breakGlass: { cost: 20, method: "POST", path: "/api/break-glass", summary: "See a patient of this organisation in an emergency, by record number or id, with a reason and a confirmation; ends by itself, and is reviewed", allow: clinical, body: g.breakGlass, status: 201, response: g.grant },
  myBrokenGlass: { method: "GET", path: "/api/me/break-glass", summary: "One's own that runs", allow: clinical, status: 200, response: z.array(g.grant) },
  endBreakGlass: { method: "POST", path: "/api/me/break-glass/:id/end", summary: "End one's own before it ends by itself; its review waits all the same", allow: clinical, status: 200, response: g.grant },
  glassBroken: { method: "GET", path: "/api/break-glass", summary: "Where the glass was broken, newest first: what waits for a review, or was reviewed", allow: identities, query: z.object({ reviewed: z.stringbool().default(false) }), status: 200, response: z.array(g.glassBroken) },
  reviewGlass: { stepUp: true, method: "POST", path: "/api/break-glass/:id/review", summary: "What came of it, by somebody else than who broke it; what was not justified ends at once", allow: identities, body: g.glassReview, status: 200, response: g.glassBroken },
  unwatched: { method: "GET", path: "/api/unwatched", summary: "Who is admitted and watched by nobody: no person has a running grant for monitoring them", allow: clinical, status: 200, response: z.array(g.unwatched) },
  patientMonitoring: { method: "GET", path: "/api/patients/:id/monitoring", summary: "When somebody began to watch this patient, and when nobody did any more, newest first", allow: clinical, status: 200, response: z.array(g.monitoringChange) },
  patientGrants: { method: "GET", path: "/api/patients/:id/grants", summary: "Who may see this patient, for what and because of what", allow: clinical, query: z.object({ ended: z.stringbool().default(false) }), status: 200, response: z.array(g.grant) },

  newLink: { stepUp: true, method: "POST", path: "/api/people/:id/link", summary: "A fresh one-time sign-in link, shown here or sent by mail", allow: admin, body: b.linkDelivery, status: 200, response: b.deliveredLink },
  tasks: { cost: 5, method: "GET", path: "/api/patients/:id/tasks", summary: "What a patient is to measure, and which of the last day was done", allow: everyone, status: 200, response: t.patientTasks },
  addTask: { cost: 5, method: "POST", path: "/api/patients/:id/tasks", summary: "Have a patient measure something at times of the day", allow: clinical, body: t.newTask, status: 201, response: t.patientTasks },
  endTask: { cost: 5, method: "POST", path: "/api/patients/:id/tasks/:taskId/end", summary: "It is not to be measured any more", allow: clinical, status: 200, response: t.patientTasks },
  patientConsents: { method: "GET", path: "/api/patients/:id/consents", summary: "What the patient says about sharing, where they let it be known, and what is hidden from who asks", allow: everyone, status: 200, response: c.patientConsents },
  writeConsent: { method: "POST", path: "/api/patients/:id/consents", summary: "Write down what a patient says who does not sign in", allow: clinical, body: c.newConsent, status: 201, response: c.consent },
  withdrawConsent: { method: "POST", path: "/api/patients/:id/consents/:consentId/withdraw", summary: "Write down that a patient takes a statement back", allow: clinical, body: c.endOfConsent, status: 200, response: c.consent },
  explainHidden: {
    method: "GET", path: "/api/consents/explain", summary: "Why a person does not see kinds of a patient's data",
    allow: ["privacy-officer"], query: z.object({ patient: z.uuid(), person: z.uuid() }), status: 200, response: c.explanation,
  },

} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof routes;
