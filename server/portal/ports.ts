import type { Readable } from "node:stream";
import type { OwnSession, PasskeyBody } from "@openward/api";
import type {
  AgeGroup,
  Alarm,
  Amendment,
  AmendmentDraft,
  AmendmentKind,
  AmendmentRecord,
  Association,
  Basis,
  CalendarAddress,
  ClockState,
  Consent,
  ConsentStatement,
  Device,
  DeviceCommands,
  DeviceFact,
  DeviceRegistration,
  DeviceStatus,
  Ending,
  Expectation,
  Fact,
  FeedOwnership,
  FeedState,
  FeedWish,
  Grant,
  Grantee,
  GrantReach,
  Kiosk,
  KioskScreen,
  KioskShows,
  Limits,
  NewCalendarAddress,
  NewTask,
  Patient,
  PatientFact,
  PatientRelation,
  PatientView,
  Person,
  Principal,
  Problem,
  Purpose,
  QuarantineEntry,
  QuarantineFilter,
  QuarantineRun,
  QuarantineRunState,
  Relation,
  Role,
  Sex,
  Standby,
  Stay,
  Stream,
  Task,
  Ward,
  Waveform,
} from "@openward/model";
import type { Explained, GapCause } from "@openward/timeseries/completeness";

/*
 * What the portal needs of its neighbours, said in its own words. The rooms that fill these in have larger interfaces
 * of the same shape; `main.ts` introduces them.
 */

export type Awaitable<T> = T | Promise<T>;

/**
 * In whose name the registries look: a principal, whose grants decide what is there; or an organisation's id, for what is
 * kept for everybody and read through a view.
 */
export type Asker = string | Pick<Principal, "organisationId" | "id">;

export interface Authenticated {
  readonly principal: Principal;
  readonly organisation: { readonly id: string; readonly name: string; readonly isDemo: boolean };
  readonly expiresAt: number;
  readonly via: "session" | "token" | "app" | "kiosk";
  /** Of a screen on a wall. */
  readonly kiosk?: KioskScreen;
  /** Of a session: what showed last that it is the person. */
  readonly proof?: Proof;
  /** Of a session: its screen is locked after so long without input. */
  readonly lockAfterMs?: number;
}

export interface Proof {
  readonly by: "link" | "passkey" | "codes" | "external";
  readonly at: number;
}

export interface ExternalIdentity {
  readonly id: string;
  readonly issuer: string;
  readonly linkedAt: number;
  readonly lastUsedAt: number | null;
}

/** An identity provider outside; `name` is null where there is none. */
export interface External {
  readonly name: string | null;
  list(authenticated: Authenticated): Promise<ExternalIdentity[]>;
  begin(redirect: string, authenticated?: Authenticated): Promise<{ readonly url: string; readonly cookie: string }>;
  link(authenticated: Authenticated, answer: string, cookie: string | undefined): Promise<ExternalIdentity>;
  remove(authenticated: Authenticated, identityId: string): Promise<void>;
}

/** A screen that locks itself, or is locked, until the same person shows that it is they. */
export interface Screen {
  input(authenticated: Authenticated): Promise<void>;
  lockAfter(authenticated: Authenticated, afterMs: number | null): Promise<void>;
  lock(authenticated: Authenticated): Promise<void>;
  unlock(
    authenticated: Authenticated,
    by: { readonly pin: string } | CodeProof | { readonly party: RelyingParty; readonly response: object },
  ): Promise<void>;
  readonly pins: {
    has(principal: Principal): Promise<boolean>;
    set(principal: Principal, pin: string): Promise<void>;
    remove(principal: Principal): Promise<void>;
  };
}

export interface KioskCode {
  readonly kiosk: Kiosk;
  readonly code: string;
  readonly codeUntil: number;
}

/** Screens on the walls of wards. */
export interface Kiosks {
  list(organisationId: string): Promise<Kiosk[]>;
  add(
    organisationId: string,
    asked: {
      readonly name: string;
      readonly wardId: string;
      readonly shows: KioskShows;
      readonly takesBadges: boolean;
    },
    by: string,
  ): Promise<KioskCode>;
  newCode(organisationId: string, kioskId: string, by: string): Promise<KioskCode>;
  end(organisationId: string, kioskId: string, by: string): Promise<Kiosk>;
  enrol(code: string, userAgent?: string): Promise<{ readonly authenticated: Authenticated; readonly cookie: string }>;
  /** undefined: its time is long still. */
  renew(authenticated: Authenticated, cookie: string | undefined): Promise<{ readonly cookie: string } | undefined>;
  passkeyOptions(screen: Authenticated, party: RelyingParty): Promise<object>;
  /** Who stands before it, as they show each time anew: badge or sign-in name with PIN, a badge alone, a passkey. */
  whoIs(
    screen: Authenticated,
    by:
      | { readonly who: string; readonly pin?: string | undefined }
      | { readonly party: RelyingParty; readonly response: object },
  ): Promise<Principal>;
  viewOfOne(principal: Principal, patientId: string): Promise<PatientView>;
}

/** Numbers on people's badges. */
export interface Badges {
  has(organisationId: string, personId: string): Promise<boolean>;
  set(organisationId: string, personId: string, number: string, by: string): Promise<void>;
  remove(organisationId: string, personId: string, by: string): Promise<void>;
}

export interface CodeProof {
  readonly password: string;
  readonly code: string;
}

/** A password and codes of an authenticator app, which open together and not alone. */
export interface CodeSignIn {
  of(
    principal: Principal,
  ): Promise<{ readonly signInName: string | null; readonly since: number | null; readonly recoveryCodesLeft: number }>;
  begin(
    principal: Principal,
    password: string,
  ): Promise<{ readonly signInName: string; readonly secret: string; readonly uri: string }>;
  confirm(principal: Principal, code: string): Promise<string[]>;
  remove(principal: Principal): Promise<void>;
}

export interface Access {
  /** @param locked a session counts whose screen is locked */
  authenticate(
    headers: { cookie?: string | undefined; authorization?: string | undefined },
    options?: { readonly locked?: boolean; readonly kiosk?: boolean },
  ): Promise<Authenticated | undefined>;
  readonly screen: Screen;
  readonly kiosks: Kiosks;
  readonly badges: Badges;
  readonly nightscout: NightscoutKeys;
  readonly external: External;
  signInOutside(answer: string, cookie: string | undefined, userAgent?: string): Promise<SignedIn>;
  signIn(linkToken: string, userAgent?: string): Promise<SignedIn>;
  signInWithPasskey(party: RelyingParty, response: object, userAgent?: string): Promise<SignedIn>;
  signOut(authenticated: Authenticated): Promise<{ cookie: string }>;
  signOutEverywhere(authenticated: Authenticated): Promise<{ cookie: string }>;
  sessionsOf(authenticated: Authenticated): Promise<OwnSession[]>;
  endSession(principal: Principal, sessionId: string): Promise<void>;
  readonly passkeys: {
    list(principal: Principal): Promise<PasskeyBody[]>;
    enrolmentOptions(principal: Principal, party: RelyingParty): Promise<object>;
    remove(principal: Principal, passkeyId: string): Promise<void>;
    signInOptions(party: RelyingParty): Promise<object>;
    proofOptions(principal: Principal, party: RelyingParty): Promise<object>;
  };
  addPasskey(
    authenticated: Authenticated,
    party: RelyingParty,
    given: { readonly name: string; readonly response: object },
  ): Promise<PasskeyBody>;
  readonly codes: CodeSignIn;
  signInWithCodes(name: string, proof: CodeProof, userAgent?: string): Promise<SignedIn>;
  proveWithPasskey(authenticated: Authenticated, party: RelyingParty, response: object): Promise<Proof>;
  proveWithCodes(authenticated: Authenticated, proof: CodeProof): Promise<Proof>;
  viewOf(principal: Principal): Promise<PatientView>;
  /** Of this one patient, for whoever has a right to everything about them; empty for others. */
  subjectViewOf(principal: Principal, patientId: string): Promise<PatientView>;
  issueLink(personId: string, by: string): Promise<{ token: string; expiresAt: number }>;
  readonly grants: Grants;
  readonly breakGlass: BreakGlass;
  readonly monitoring: Monitoring;
  readonly consents: Consents;
}

/** Whether anybody watches. Watched is who is seen by a person through a running grant for monitoring. */
export interface Monitoring {
  /** Who is admitted and watched by nobody: of those whom the principal may see; to an administrator of all, by number and bed. */
  unwatched(principal: Principal): Promise<Unwatched[]>;
  /** When it began and ended, newest first. */
  ofPatient(principal: Principal, patientId: string): Promise<MonitoringChange[]>;
}

export interface Unwatched {
  readonly patientId: string;
  readonly mrn: string;
  readonly wardId: string;
  readonly wardName: string;
  readonly bed: string;
  readonly since: number;
  /** Kinds of data that by the patient's wish nobody who watches sees; null: nobody watches at all. */
  readonly categories: string[] | null;
}

export interface MonitoringChange {
  readonly at: number;
  readonly isWatched: boolean;
}

export type GlassOutcome = "justified" | "not-justified" | "unclear";

export interface GlassBroken {
  readonly grant: Grant;
  readonly mrn: string;
  readonly review: {
    readonly outcome: GlassOutcome;
    readonly note: string | null;
    readonly at: number;
    readonly by: string;
  } | null;
}

/** An emergency: a patient is seen without a grant that was there before, and somebody else looks at it afterwards. */
export interface BreakGlass {
  open(principal: Principal, asked: { readonly patient: string; readonly reason: string }): Promise<Grant>;
  running(principal: Principal): Promise<Grant[]>;
  end(principal: Principal, grantId: string): Promise<Grant>;
  list(organisationId: string, filter: { readonly reviewed: boolean }): Promise<GlassBroken[]>;
  review(
    principal: Principal,
    grantId: string,
    review: { readonly outcome: GlassOutcome; readonly note: string | null },
  ): Promise<GlassBroken>;
}

/** Who may see whom, and because of what. */
export interface Grants {
  add(organisationId: string, grants: readonly NewGrant[], by: string): Promise<Grant[]>;
  end(organisationId: string, grantId: string, by: string, reason: string | null): Promise<Grant>;
  list(
    asker: string | Principal,
    filter: { patientId?: string; principalId?: string; basis?: Basis; ended?: boolean },
  ): Promise<Grant[]>;
  /** To the ward, where the organisation has one only. */
  assignNewcomer(person: Person, by: string): Promise<void>;
}

/** Who says it and as what, and whether they know what follows. */
export interface Said {
  readonly by: string;
  readonly as: Consent["saidAs"];
  /** It may leave nobody who watches some kind of data. */
  readonly isConfirmed?: boolean;
}

/** A statement that hides a kind of data; `consentId` null: it is just not among what was shared. */
export interface HiddenKind {
  readonly category: string;
  readonly consentId: string | null;
  /** Not to be told to those from whom it hides something. */
  readonly isSilent: boolean;
}

/** What patients say of who may see what. Who may say it is decided at the doors. */
export interface Consents {
  /** @throws RefusedInput FIELD_INVALID, NOT_FOUND, CONSENT_LEAVES_UNWATCHED where it was not confirmed */
  say(organisationId: string, patientId: string, statement: ConsentStatement, said: Said): Promise<Consent>;
  /** A new version. @throws as `say`; CONFLICT where it was taken back */
  change(organisationId: string, consentId: string, statement: ConsentStatement, said: Said): Promise<Consent>;
  /** @throws RefusedInput NOT_FOUND, CONFLICT where it was taken back before */
  withdraw(organisationId: string, consentId: string, said: Said): Promise<Consent>;
  /** The newest version, as the house sees it. @throws RefusedInput NOT_FOUND */
  find(organisationId: string, consentId: string): Promise<Consent>;
  /** The newest version of each, the last said first: those taken back too. */
  ofPatients(asker: Asker, patientIds: readonly string[]): Promise<Consent[]>;
  /** Why who asks does not see kinds of the patient's data; also what is not to be told to them. */
  hiddenFrom(asker: Exclude<Asker, string>, patientId: string): Promise<HiddenKind[]>;
  isSeen(asker: Exclude<Asker, string>, patientId: string): Promise<boolean>;
  /** Newest first; empty where there is none for who asks. */
  versions(asker: Asker, consentId: string): Promise<Consent[]>;
}

export interface NewGrant {
  readonly grantee: Grantee;
  readonly reach: GrantReach;
  readonly purpose: Purpose;
  readonly basis: Basis;
  readonly from?: number;
  readonly to?: number | null;
  readonly reason?: string | null;
}

export interface Mail {
  /** @throws OutsideTrouble MAIL_NOT_SENT */
  sendLink(to: string, link: string, expiresAt: number): Promise<void>;
}

export interface SignedIn {
  readonly authenticated: Authenticated;
  readonly cookie: string;
}

/** For whom a passkey is: the name that authenticators keep it under, and the pages that may ask for it. */
export interface RelyingParty {
  readonly id: string;
  readonly origins: readonly string[];
}

export interface PatientRecord {
  readonly patient: Patient;
  readonly stay: (Stay & { readonly wardName: string }) | null;
}

export interface NewPatient {
  readonly name: string;
  readonly birthDate: string | null;
  readonly sex: Sex;
  readonly mrn: string;
  readonly isUnknown: boolean;
  readonly timeZone: string;
  readonly ageGroup: AgeGroup | null;
}

export interface Place {
  readonly wardId: string;
  readonly bed: string;
  /** Somebody has said that more than one patient lies in this bed; else an occupied one is refused (BED_OCCUPIED). */
  readonly shareBed?: boolean;
}

export interface Patients {
  list(asker: Asker, options: { all: boolean; q?: string }): Promise<PatientRecord[]>;
  find(asker: Asker, patientId: string): Promise<PatientRecord | undefined>;
  similar(asker: Asker, name: string, birthDate?: string | null): Promise<PatientRecord[]>;
  /** With a place the patient is admitted as well: both are done, or neither. */
  create(organisationId: string, patient: NewPatient, by: string, place?: Place): Promise<Patient>;
  change(organisationId: string, patientId: string, change: Partial<NewPatient>, by: string): Promise<Patient>;
  admit(organisationId: string, patientId: string, place: Place, by: string): Promise<PatientRecord>;
  transfer(organisationId: string, patientId: string, place: Place, by: string): Promise<PatientRecord>;
  discharge(organisationId: string, patientId: string, by: string): Promise<PatientRecord>;
  merge(organisationId: string, patientId: string, into: string, by: string): Promise<PatientRecord>;
}

export interface Wards {
  list(organisationId: string): Promise<Ward[]>;
  create(organisationId: string, name: string, timeZone: string, by: string): Promise<Ward>;
}

export interface DeviceRecord {
  readonly device: Device;
  readonly registration: DeviceRegistration;
  /** Newest first. */
  readonly facts: readonly DeviceFact[];
  /** What it said last that it can be asked to do; null: nothing yet. */
  readonly commands: DeviceCommands | null;
  readonly status: DeviceStatus | null;
  readonly lastSeenAt: number | null;
  /** Device time less server time when they were compared last, where the device was heard at once; ms. */
  readonly clockOffsetMs: number | null;
  /** What was decided of its clock last; null: nothing yet. */
  readonly clock: ClockState | null;
  readonly association: Association | null;
  readonly openQuarantine: number;
  readonly certificateEndsAt: number | null;
}

export type DeviceDescription = DeviceRegistration &
  Pick<Device, "type" | "display" | "manufacturer" | "model" | "serial">;

export interface DeviceCredential {
  readonly id: string;
  readonly kind: "token" | "certificate";
  readonly createdAt: number;
  readonly createdBy: string;
  /** null: until it is revoked. */
  readonly expiresAt: number | null;
}

/** Makes a client certificate of our own authority; `key` only where it was made here. */
export type Certify = (
  deviceId: string,
  options: { readonly csr: string | null; readonly days: number },
) => Promise<{
  readonly cert: string;
  readonly key: string | null;
  readonly hash: Uint8Array;
  readonly expiresAt: number;
  readonly authority: string;
}>;

/** What a client of Nightscout signs in with. */
export interface NightscoutKey {
  readonly id: string;
  readonly organisationId: string;
  readonly patientId: string;
  readonly personId: string;
  readonly name: string;
  /** As which device it uploads; null: it only reads. */
  readonly deviceId: string | null;
  readonly createdAt: number;
  readonly usedAt: number | null;
}

export interface NightscoutKeys {
  create(key: Omit<NightscoutKey, "id" | "createdAt" | "usedAt">): Promise<{ key: NightscoutKey; secret: string }>;
  list(
    organisationId: string,
    patientIds: readonly string[],
  ): Promise<readonly (NightscoutKey & { readonly madeBy: string })[]>;
  /** @throws RefusedInput NOT_FOUND */
  end(organisationId: string, keyId: string, by: string): Promise<void>;
}

/** What gateways are set to, and tell of themselves. */
export interface Gateways {
  settingsOf(
    organisationId: string,
    gatewayId: string,
  ): Promise<{ settings: unknown; revision: number; setBy: string; setAt: number } | undefined>;
  /**
   * @param seen the revision that was looked at
   * @throws RefusedInput NOT_FOUND, CONFLICT
   */
  configure(
    organisationId: string,
    gatewayId: string,
    settings: object,
    seen: number,
    by: string,
    change: { readonly changed: readonly string[]; readonly restores?: number },
  ): Promise<void>;
  /** The newest first. */
  versionsOf(
    organisationId: string,
    gatewayId: string,
  ): Promise<
    readonly {
      readonly settings: unknown;
      readonly revision: number;
      readonly setBy: string;
      readonly setAt: number;
      readonly restores: number | null;
      readonly takenUpAt: number | null;
      readonly refused: unknown;
    }[]
  >;
  versionOf(organisationId: string, gatewayId: string, revision: number): Promise<{ settings: unknown } | undefined>;
  reportOf(organisationId: string, gatewayId: string): Promise<{ detail: unknown; receivedAt: number } | undefined>;
  configuration(gateway: { deviceId: string; organisationId: string }): Promise<{ version: string }>;
}

export interface Devices {
  list(asker: Asker): Promise<DeviceRecord[]>;
  find(asker: Asker, deviceId: string): Promise<DeviceRecord | undefined>;
  /** What these are called. */
  displays(asker: Asker, deviceIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  create(
    organisationId: string,
    device: {
      readonly id?: string;
      readonly type: string;
      readonly display: string;
      readonly manufacturer: string | null;
      readonly model: string | null;
      readonly serial: string | null;
    },
    by: string,
  ): Promise<{ device: Device; token: string }>;
  rotateToken(
    organisationId: string,
    deviceId: string,
    by: string,
    options?: { overlapMs?: number; validMs?: number | null },
  ): Promise<string>;
  addCertificate(
    organisationId: string,
    deviceId: string,
    certificate: { readonly hash: Uint8Array; readonly expiresAt: number },
    by: string,
    options?: { overlapMs?: number | null },
  ): Promise<void>;
  /** Those that are valid now. */
  credentials(organisationId: string, deviceId: string): Promise<DeviceCredential[]>;
  revokeCredential(organisationId: string, deviceId: string, credentialId: string, by: string): Promise<void>;
  newClaim(
    organisationId: string,
    deviceId: string,
    validMs: number,
    by: string,
  ): Promise<{ code: string; expiresAt: number }>;
  takeCharge(organisationId: string, gatewayId: string, deviceId: string, by: string): Promise<void>;
  endCharge(organisationId: string, gatewayId: string, deviceId: string, by: string): Promise<void>;
  inCharge(organisationId: string, gatewayId: string): Promise<string[]>;
  describe(organisationId: string, deviceId: string, described: DeviceDescription, by: string): Promise<void>;
  revoke(organisationId: string, deviceId: string, by: string): Promise<Device>;
  assign(organisationId: string, deviceId: string, patientId: string, from: number, by: string): Promise<Association>;
  release(organisationId: string, deviceId: string, at: number, by: string): Promise<void>;
}

/** What is so at this moment, from memory. */
export interface DevicesNow {
  isConnected(deviceId: string): boolean;
  /** Two at once use its identity. */
  hasTwin(deviceId: string): boolean;
  /** When it last sent anything, what was quarantined included, or came or went; undefined: not known here. */
  lastSeenAt(deviceId: string): number | undefined;
  /** The patient who wears the device now. */
  patientOf(deviceId: string): string | undefined;
  /**
   * A person says of a clock that is only marked whether it is wrong; written down before it is so.
   *
   * @param seen the state that they saw
   * @throws RefusedInput CONFLICT
   */
  decideClock(
    organisationId: string,
    decision: {
      readonly deviceId: string;
      readonly seen: number;
      readonly leadsTo: "kept" | "corrected";
      readonly by: string;
      readonly because: string;
    },
  ): Promise<void>;
}

/** Quarantined messages, many at once. */
export interface QuarantineRuns {
  counts(asker: Asker): Promise<{ code: string; deviceId: string; contentType: string; messages: number }[]>;
  list(asker: Asker): Promise<readonly QuarantineRun[]>;
  start(view: PatientView, filter: QuarantineFilter): Promise<QuarantineRunState>;
  state(view: PatientView, runId: string): QuarantineRunState;
  apply(view: PatientView, runId: string, reason: string): Promise<QuarantineRunState>;
  undo(
    view: PatientView,
    runId: string,
    reason: string,
  ): Promise<{ readonly opened: number; readonly amended: number; readonly leftAlone: number }>;
}

export interface Endings {
  /** The first to end first. */
  list(organisationId: string): Promise<readonly Omit<Ending, "subject">[]>;
}

/** How much of what was expected came; the words of it are those of `@openward/timeseries/completeness`. */
export interface Completeness {
  table(
    view: PatientView,
    by: "patient" | "device",
    ids: readonly string[],
    days: number,
  ): Promise<
    readonly {
      readonly id: string;
      readonly days: readonly {
        readonly day: string;
        readonly expected: number;
        readonly received: number;
        readonly missing: Partial<Record<GapCause, number>>;
      }[];
    }[]
  >;
  day(
    view: PatientView,
    of: { readonly patientId: string } | { readonly deviceId: string },
    day: string,
  ): Promise<CompletenessDay>;
}

export interface CompletenessDay {
  readonly span: { readonly from: number; readonly to: number };
  readonly timeZone: string;
  readonly streams: readonly {
    readonly patientId: string;
    readonly deviceId: string;
    readonly signal: string;
    readonly intervalMs: number;
    readonly expected: number;
    readonly received: number;
    readonly late: number | null;
    readonly gaps: readonly Explained[];
  }[];
}

export type GapProof = Explained["proofs"][number];

export interface DeviceType {
  readonly key: string;
  readonly display: string;
  readonly signals: readonly { readonly signal: string; readonly intervalMs: number | null }[];
}

export interface QuarantineRecord {
  readonly entry: QuarantineEntry;
  readonly state: "open" | "claimed" | "dismissed";
  readonly resolvedBy: string | null;
  readonly resolvedAt: number | null;
  readonly patientId: string | null;
  /** Its raw input has expired: `entry.raw` is empty. */
  readonly isExpired?: boolean;
}

export interface Quarantine {
  list(
    asker: Asker,
    filter: {
      state: "open" | "claimed" | "dismissed";
      deviceId?: string;
      code?: string;
      contentType?: string;
      from?: number;
      to?: number;
      before?: string;
      limit: number;
    },
  ): Promise<QuarantineRecord[]>;
  find(asker: Asker, id: string): Promise<QuarantineRecord | undefined>;
  resolve(
    organisationId: string,
    id: string,
    as: "claimed" | "dismissed",
    by: string,
    detail: { patientId?: string; reason?: string },
  ): Promise<QuarantineRecord>;
}

/** The way of what a device sent; resolves after the commit. */
export interface Ingest {
  accept(message: {
    readonly deviceId: string;
    readonly organisationId: string;
    readonly kind: "raw";
    readonly format: string;
    readonly body: Uint8Array;
    readonly receivedAt: number;
    readonly deliveryKey: string;
    readonly isRedelivery: true;
    readonly messageId: string;
  }): Promise<{ readonly accepted: number; readonly quarantined: readonly Problem[] }>;
}

/** Ingest's second look at a quarantined message: for this patient, whatever the associations said. */
export type Reprocess = (
  entry: QuarantineEntry,
  claim: { readonly patientId: string; readonly useReceivedTime: boolean; readonly by: string },
) => Promise<{ readonly accepted: number; readonly quarantined: readonly Problem[] }>;

/** What was sent in a span, by today's codecs, against what is stored. */
export type Reprocessing = (
  view: PatientView,
  request: {
    readonly from: number;
    readonly to: number;
    readonly deviceId: string | null;
    readonly patientId: string | null;
    readonly apply: { readonly reason: string; readonly confirm: string } | null;
  },
  signal: AbortSignal,
) => Promise<{
  readonly summary: {
    readonly messages: number;
    readonly skipped: number;
    readonly same: number;
    readonly counts: { readonly added: number; readonly changed: number; readonly missing: number };
    readonly byHand: number;
    readonly leftAlone: number;
    readonly streams: readonly StreamDifferences[];
    readonly streamsLeftOut: number;
    readonly refused: readonly {
      readonly code: string;
      readonly field: string;
      readonly places: number;
      readonly readings: number;
    }[];
    readonly unreadable: number;
    readonly faults: readonly {
      readonly position: number;
      readonly in: "raw input" | "journal";
      readonly code: string;
    }[];
  };
  readonly code: string;
  readonly applied: { readonly added: number; readonly amended: number; readonly resolved: number } | null;
}>;

interface StoredPoint {
  readonly time: number;
  readonly value: number | null;
  readonly unit: string | null;
  readonly patientId: string | null;
  readonly samples: number | null;
}

export interface StreamDifferences {
  readonly deviceId: string;
  readonly patientId: string | null;
  readonly signal: string;
  readonly unit: string | null;
  readonly kind: "numeric" | "waveform" | "event";
  readonly added: number;
  readonly changed: number;
  readonly missing: number;
  readonly from: number;
  readonly to: number;
  readonly byHand: readonly {
    readonly because: "event" | "waveform" | "patient" | "quality";
    readonly count: number;
  }[];
  readonly leftAlone: readonly { readonly by: string; readonly kind: AmendmentKind; readonly count: number }[];
  readonly examples: readonly {
    readonly difference: "added" | "changed" | "missing";
    readonly fate: "add" | "correct" | "enter in error" | "withdraw" | "replace" | "leave" | "by hand";
    readonly amendedBy: string | null;
    readonly before: StoredPoint | null;
    readonly after: StoredPoint | null;
  }[];
}

export interface AlarmHistory {
  ofPatient(asker: Asker, patientId: string, from: number, to: number): Promise<Alarm[]>;
}

/** An application of another maker, as it was registered. */
export interface Application {
  readonly id: string;
  readonly name: string;
  readonly kind: "public" | "secret" | "key" | "backend";
  readonly redirectUris: readonly string[];
  readonly launchUri: string | null;
  readonly scope: string;
  readonly jwksUri: string | null;
  readonly mayIntrospect: boolean;
  readonly createdAt: number;
  readonly disabledAt: number | null;
}

export interface ApplicationKeys {
  readonly jwks?: unknown;
  readonly jwksUri?: string;
}

/** Applications that may ask for access. */
export interface Applications {
  list(organisationId: string): Promise<readonly Application[]>;
  lastTokens(organisationId: string): Promise<ReadonlyMap<string, number>>;
  add(
    organisationId: string,
    application: ApplicationKeys & {
      readonly name: string;
      readonly kind: Application["kind"];
      readonly scope: string;
      readonly redirectUris?: readonly string[];
      readonly launchUri?: string;
      readonly mayIntrospect?: boolean;
    },
    by: string,
  ): Promise<{ client: Application; secret?: string }>;
  disable(organisationId: string, id: string, by: string): Promise<void>;
  rotate(organisationId: string, id: string, keys: ApplicationKeys, by: string): Promise<{ secret?: string }>;
  /** Those that act for the person, with what was allowed them. */
  ofPerson(
    organisationId: string,
    personId: string,
  ): Promise<
    readonly {
      readonly id: string;
      readonly name: string;
      readonly scopes: readonly string[];
      readonly since: number;
      readonly lastTokenAt: number | null;
      readonly expiresAt: number;
    }[]
  >;
  /** Whatever the person allowed this one ends, tokens included; one that has nothing is none. */
  endForPerson(organisationId: string, personId: string, id: string): Promise<void>;
  /** As a person reads it. */
  scopeInWords(scope: string): string;
}

/** Applications of other makers that are opened from here. */
export interface Launches {
  begin(
    by: { readonly organisationId: string; readonly personId: string },
    clientId: string,
    patientId: string,
  ): Promise<{ url: string; expiresAt: number }>;
}

export interface People {
  list(organisationId: string): Promise<Person[]>;
  create(organisationId: string, display: string, role: Role, by: string): Promise<Person>;
  find(personId: string): Promise<Person | undefined>;
  change(
    organisationId: string,
    personId: string,
    /** `email`: where they are told what cannot wait; null: nowhere. */
    change: {
      readonly display?: string | undefined;
      readonly role?: Role | undefined;
      readonly email?: string | null | undefined;
    },
    by: string,
  ): Promise<Person>;
  disable(organisationId: string, personId: string, by: string): Promise<Person>;
  enable(organisationId: string, personId: string, by: string): Promise<Person>;
}

export interface RelationsAndFacts {
  readonly relations: readonly PatientRelation[];
  readonly facts: readonly PatientFact[];
}

export interface Relations {
  ofPatient(asker: Asker, patientId: string): Promise<RelationsAndFacts>;
  /** With the facts of those patients. */
  ofPerson(organisationId: string, personId: string): Promise<RelationsAndFacts>;
  /** The patient's own, and those that were merged into it. */
  recordsOf(organisationId: string, patientId: string): Promise<string[]>;
  relate(
    organisationId: string,
    patientId: string,
    relation: {
      readonly personId: string;
      readonly relation: Relation;
      readonly reason: string;
      readonly from?: number | undefined;
      readonly to?: number | null | undefined;
    },
    by: string,
  ): Promise<PatientRelation>;
  endRelation(organisationId: string, patientId: string, relationId: string, by: string): Promise<PatientRelation>;
  state(
    organisationId: string,
    patientId: string,
    fact: { readonly fact: Fact; readonly reason: string; readonly from?: number | undefined },
    by: string,
  ): Promise<PatientFact>;
  endFact(organisationId: string, patientId: string, factId: string, by: string): Promise<PatientFact>;
}

export type NewLimits = Omit<Limits, "setBy" | "setAt">;

export interface PatientLimits {
  readonly profile: AgeGroup | null;
  readonly limits: readonly Limits[];
}

/** The alarms' side. Who does it is the view's principal. */
export interface Watch {
  active(view: PatientView): Awaitable<readonly Alarm[]>;
  /** @param on the screen on a wall, where it was one */
  acknowledge(view: PatientView, alarmId: string, revision: number, on?: string): Awaitable<Alarm>;
  limitsOf(view: PatientView, patientId: string): Awaitable<PatientLimits>;
  setLimits(view: PatientView, patientId: string, limits: readonly NewLimits[]): Awaitable<PatientLimits>;
  chooseProfile(view: PatientView, patientId: string, ageGroup: AgeGroup): Awaitable<PatientLimits>;
  startStandby(
    view: PatientView,
    patientId: string,
    standby: { readonly streamId: string | null; readonly reason: string; readonly minutes: number },
  ): Awaitable<Standby>;
  endStandby(view: PatientView, patientId: string, standbyId: string): Awaitable<Standby>;
  standbyOf(view: PatientView, patientId: string): Awaitable<readonly Standby[]>;
  expectationOf(streamId: string): Expectation | undefined;
  confirmExpectation(view: PatientView, streamId: string, intervalMs: number | null): Awaitable<Expectation>;
}

/** The screens that are open. */
export interface Screens {
  /** What a tile says of the patient has changed: they get it anew. */
  patientChanged(patientId: string, organisationId: string): void;
}

export interface StreamSummary {
  readonly stream: Stream;
  readonly lastAt: number | null;
}

export interface Reading {
  readonly stream: Stream;
  readonly time: number;
  readonly value: number;
  readonly quality: number;
  readonly receivedAt: number;
}

export interface Trend {
  readonly stream: Stream;
  readonly starts: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly mean: Float64Array;
  readonly last: Float64Array;
  readonly count: Uint32Array;
}

export interface Overview {
  readonly starts: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
}

export interface Telemetry {
  streams(view: PatientView, patientId: string): Promise<readonly StreamSummary[]>;
  latest(view: PatientView, patientId: string): readonly Reading[];
  trend(
    view: PatientView,
    query: { patientId: string; streamIds: readonly string[]; from: number; to: number; buckets: number },
  ): Promise<readonly Trend[]>;
  waveform(
    view: PatientView,
    query: { patientId: string; streamId: string; from: number; to: number },
  ): Promise<readonly Waveform[]>;
  waveformOverview(
    view: PatientView,
    query: { patientId: string; streamId: string; from: number; to: number; buckets: number },
  ): Promise<Overview>;
}

/** Readings of one stream, in columns. */
export interface Columns {
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly quality: Uint8Array;
  /** 0, or n for the n-th further value of the same time. */
  readonly ordinals: Uint16Array;
}

interface SpanOfStream {
  readonly from: number;
  readonly to: number;
  readonly signal: AbortSignal;
}

/** Streams by their own ids. A stream outside the view is as if there were none. */
export interface StreamQueries {
  known(view: PatientView, streamId: string): Stream | undefined;
  newest(
    view: PatientView,
    patientIds: readonly string[],
  ): Awaitable<{
    /** `streams` is an array of this patient's own, the same while it says the same. */
    readonly patients: readonly { readonly patientId: string; readonly streams: readonly Stream[] }[];
    readonly times: Float64Array;
    readonly values: Float64Array;
    readonly receivedAt: Float64Array;
    readonly quality: Uint8Array;
  }>;
  columns(
    view: PatientView,
    streamId: string,
    query: SpanOfStream & {
      readonly isDescending: boolean;
      readonly after?: { readonly time: number; readonly ordinal: number } | undefined;
    },
  ): AsyncIterable<Columns>;
  trends(
    view: PatientView,
    streamIds: readonly string[],
    query: SpanOfStream & { readonly buckets: number },
  ): Promise<readonly Trend[]>;
  line(
    view: PatientView,
    streamId: string,
    query: SpanOfStream & { readonly buckets: number },
  ): Promise<{ readonly times: Float64Array; readonly values: Float64Array }>;
  waveforms(view: PatientView, streamId: string, query: SpanOfStream): AsyncIterable<Waveform>;
  overview(view: PatientView, streamId: string, query: SpanOfStream & { readonly buckets: number }): Promise<Overview>;
}

/** What people say later of what was measured. */
export interface Amendments {
  ofPatient(view: PatientView, patientId: string): readonly AmendmentRecord[];
  make(
    view: PatientView,
    draft: AmendmentDraft,
    author: { readonly id: string; readonly display: string },
  ): Promise<Amendment>;
}

/** What others commit: a patient, or where one lies. */
export interface Changes {
  onPatient(listener: (organisationId: string) => void): void;
}

/** What the server says of itself. */
export interface SystemState {
  readonly version: string;
  /** Every patient is invented: marked on every screen, before the sign-in too. */
  readonly isDemo: boolean;
  /** "https://ward.example", or made from bind and port; without a slash at the end. */
  publicUrl(): string;
  mqtt(): { readonly host: string; readonly port: number };
  storage(): "ok" | "damaged" | "low" | "recovering" | "spooling" | "full" | "failed";
  /** Room on the disks that are written to. */
  disks(): readonly { readonly name: string; readonly freeBytes: number | null }[];
  archive(): "off" | "ok" | "failing" | "damaged";
}

/** One access or change of the log; what is not known is left out. */
export interface AuditRecord {
  readonly id: string;
  readonly at: number;
  readonly who: AuditWho;
  readonly onBehalfOf?: AuditWho | undefined;
  readonly through?: AuditWho | undefined;
  readonly action: "C" | "R" | "U" | "D" | "E";
  readonly code: string;
  readonly patients: readonly string[];
  readonly entity: string;
  readonly entityId?: string | undefined;
  readonly via: string;
  readonly purpose?: string | undefined;
  readonly basis?: string | undefined;
  readonly outcome: "allowed" | "refused" | "failed";
  readonly refusal?: string | undefined;
  readonly address?: string | undefined;
}

interface AuditWho {
  readonly kind: string;
  readonly id: string | null;
  readonly display: string;
  readonly role: string | null;
}

/** Of whom nothing may be erased or have its time. */
export interface Hold {
  readonly id: string;
  readonly patientId: string;
  readonly mrn: string;
  readonly reason: string;
  readonly from: number;
  readonly to: number | null;
  readonly createdBy: string;
  readonly endedAt: number | null;
  readonly endedBy: string | null;
  readonly endReason: string | null;
}

export interface Holds {
  list(organisationId: string, filter: { readonly ended: boolean }): Promise<Hold[]>;
  place(
    organisationId: string,
    hold: { readonly patient: string; readonly reason: string; readonly until: number | null },
    by: string,
  ): Promise<Hold>;
  end(organisationId: string, holdId: string, reason: string, by: string): Promise<Hold>;
}

/** The record with this number, for who looks after rights. */
export interface Records {
  find(organisationId: string, mrn: string, by: string): Promise<{ readonly patientId: string; readonly mrn: string }>;
}

/** Everything about one patient. */
export interface Everything {
  /** @throws OutsideTrouble DATABASE_UNREACHABLE */
  begin(request: {
    readonly view: PatientView;
    readonly organisation: Authenticated["organisation"];
    readonly patientId: string;
    readonly reason: string;
    stillMay(): Promise<boolean>;
  }): Promise<Readable>;
}

export interface AuditLog {
  /** Newest first. @throws RefusedInput NOT_FOUND for a `before` that is no record */
  search(
    asker: Asker,
    query: {
      readonly patientIds?: readonly string[] | undefined;
      readonly agentId?: string | undefined;
      readonly actions?: readonly string[] | undefined;
      readonly entities?: readonly string[] | undefined;
      readonly outcome?: string | undefined;
      readonly from?: number | undefined;
      readonly to?: number | undefined;
      readonly before?: string | undefined;
      readonly limit: number;
    },
  ): Promise<readonly AuditRecord[]>;
  /** What went to programs and out as files, newest first. */
  disclosures(
    organisationId: string,
    query: { readonly patientIds: readonly string[]; readonly from: number; readonly to: number },
  ): Promise<readonly AuditRecord[]>;
  /** Whom a person, token or device was shown. */
  affected(
    organisationId: string,
    query: { readonly agentId: string; readonly from: number; readonly to: number },
  ): Promise<
    readonly {
      readonly patientId: string;
      readonly times: number;
      readonly first: number;
      readonly last: number;
      readonly entities: readonly string[];
    }[]
  >;
  /** As a patient would say it. */
  inWords(record: AuditRecord): string;
}

/** What leaves as it happens. Who may make and end them is decided here. */
export interface Feeds {
  list(organisationId: string, whose: { readonly patientId: string } | "applications"): readonly FeedState[];
  create(whose: FeedOwnership, wish: FeedWish): Promise<{ readonly state: FeedState; readonly secret: string | null }>;
  pause(organisationId: string, feedId: string, by: string): Promise<void>;
  resume(organisationId: string, feedId: string, by: string): Promise<void>;
  end(organisationId: string, feedId: string, by: string): Promise<void>;
  rotate(organisationId: string, feedId: string, by: string, password?: string): Promise<string | null>;
  ping(
    organisationId: string,
    feedId: string,
  ): Promise<{ readonly ok: boolean; readonly status: number | null; readonly error: string | null }>;
  replay(
    organisationId: string,
    feedId: string,
    from: { readonly cursor: string } | { readonly at: number },
    by: string,
  ): Promise<void>;
}

export interface Calendars {
  tasks(asker: Principal, patientIds: readonly string[]): Promise<readonly Task[]>;
  addTask(task: NewTask): Promise<Task>;
  endTask(asker: Principal, patientId: string, taskId: string): Promise<void>;
  /** Times of a task, and which of them were done. */
  dueOf(
    view: PatientView,
    task: Task,
    from: number,
    to: number,
  ): Promise<readonly { readonly at: number; readonly to: number; readonly doneAt: number | null }[]>;
  addresses(organisationId: string, patientId: string): Promise<readonly CalendarAddress[]>;
  addAddress(address: NewCalendarAddress): Promise<{ readonly address: CalendarAddress; readonly token: string }>;
  endAddress(
    organisationId: string,
    address: { readonly id: string; readonly patientId: string },
    by: string,
  ): Promise<void>;
}
