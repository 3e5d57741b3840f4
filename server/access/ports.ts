import type {
  AppAccess,
  Basis,
  Consent,
  ConsentStatement,
  Grant,
  Grantee,
  GrantReach,
  KioskScreen,
  Organisation,
  PatientView,
  Person,
  Principal,
  Purpose,
  Role,
} from "@openward/model";

import type { ExternalSignIn } from "./external/ports.ts";
import type { CodeProof, CodeSignIn, Pins } from "./factors/ports.ts";
import type { Because } from "./grants/because.ts";
import type { Badges, Kiosks, WhoAtWall } from "./kiosk/ports.ts";
import type { NightscoutKeys } from "./nightscout/ports.ts";

export type { CodeProof, CodeSignIn, Pins } from "./factors/ports.ts";

export interface AuthenticateOptions {
  readonly apps?: boolean;
  readonly locked?: boolean;
  readonly kiosk?: boolean;
}

/** The door of every room that people and programs come in by. */
export interface Access {
  /**
   * From the session cookie or `Authorization: Bearer`; undefined: not signed in.
   *
   * @param apps tokens of applications count too: only for a door that keeps to what they may see
   * @param locked a session counts whose screen is locked: only for what opens it again, or ends it
   * @param kiosk the screen on a wall that it is, and nobody else: only for the doors that are a wall's
   */
  authenticate(
    headers: { cookie?: string | undefined; authorization?: string | undefined },
    options?: AuthenticateOptions,
  ): Promise<Authenticated | undefined>;
  /** Who it was a moment ago, without asking the database; undefined: nobody who is known, or not known yet. */
  identityOf(headers: { cookie?: string | undefined; authorization?: string | undefined }): string | undefined;
  /** One-time link token to a session. @throws RefusedInput LINK_EXPIRED */
  signIn(linkToken: string, userAgent?: string): Promise<SignedIn>;
  /** @throws RefusedInput SIGN_IN_REFUSED, whatever the reason is */
  signInWithPasskey(party: RelyingParty, response: object, userAgent?: string): Promise<SignedIn>;
  /** @throws RefusedInput SIGN_IN_REFUSED, whatever the reason is; RATE_LIMITED */
  signInWithCodes(name: string, proof: CodeProof, userAgent?: string): Promise<SignedIn>;
  /** Somebody who is signed in shows once more that it is they. @throws RefusedInput SIGN_IN_REFUSED */
  proveWithPasskey(authenticated: Authenticated, party: RelyingParty, response: object): Promise<Proof>;
  /** @throws RefusedInput SIGN_IN_REFUSED, RATE_LIMITED */
  proveWithCodes(authenticated: Authenticated, proof: CodeProof): Promise<Proof>;
  readonly screen: Screen;
  readonly external: Omit<ExternalSignIn, "signIn">;
  /** @param answer the query with which the provider sent the browser back. @throws RefusedInput SIGN_IN_REFUSED */
  signInOutside(answer: string, cookie: string | undefined, userAgent?: string): Promise<SignedIn>;
  signOut(authenticated: Authenticated): Promise<{ cookie: string }>;
  /** Ends every session of the person, this one too. */
  signOutEverywhere(authenticated: Authenticated): Promise<{ cookie: string }>;
  /** Where the person is signed in, the last used first. */
  sessionsOf(authenticated: Authenticated): Promise<Session[]>;
  endSession(principal: Principal, sessionId: string): Promise<void>;
  /** Whoever makes one has just shown who they are. @throws as Passkeys.enrol */
  addPasskey(
    authenticated: Authenticated,
    party: RelyingParty,
    given: { readonly name: string; readonly response: object },
  ): Promise<Passkey>;
  readonly passkeys: Omit<Passkeys, "signIn" | "prove" | "whose" | "whoseOptions">;
  readonly codes: Omit<CodeSignIn, "signIn" | "prove">;
  /** A query under row-level security decides; the view follows grants, admissions and discharges within a second. */
  viewOf(principal: Principal): Promise<PatientView>;
  /** What lets this principal see the patient, from memory, as their view was read last: for the audit log. */
  becauseOf(principal: Pick<Principal, "id">, patientId: string): Because | undefined;
  /** Of one patient, every record of theirs, for the patient, a guardian and the privacy officer; empty for others. */
  subjectViewOf(principal: Principal, patientId: string): Promise<PatientView>;
  /** A fresh one-time link for a person, valid for a day. */
  issueLink(personId: string, by: string): Promise<{ token: string; expiresAt: number }>;
  /** A bearer token for /api and /fhir, with a grant for the whole organisation (basis organisation-token). */
  issueToken(
    organisationId: string,
    role: Role,
    display: string,
    validMs: number,
    by: string,
  ): Promise<{ id: string; token: string; expiresAt: number }>;
  /** The organisation's bearer tokens that were not revoked and have not run out, oldest first. */
  tokens(organisationId: string): Promise<BearerToken[]>;
  /** Ends a bearer token at once, with its grants. @throws RefusedInput NOT_FOUND */
  revokeToken(organisationId: string, tokenId: string, by: string): Promise<{ revokedAt: number }>;
  /**
   * The people of a first start, with a one-time link for each of them who has never signed in, or with `again` for
   * all: an administrator; in a demo organisation a nurse and a clinical engineer as well.
   */
  ensureFirstPeople(organisation: Organisation, options?: { again?: boolean }): Promise<FirstPerson[]>;
  /** Told when a session or token ends, so that open live views close. */
  onEnded(listener: (principalId: string) => void): () => void;
  /** Told of patients whom somebody sees now and did not before, or no more. */
  onSeen(listener: (organisationId: string, patientIds: readonly string[]) => void): () => void;
  readonly kiosks: Kiosks & WhoAtWall;
  readonly nightscout: NightscoutKeys;
  readonly badges: Badges;
  readonly grants: Grants;
  readonly breakGlass: BreakGlass;
  readonly monitoring: Monitoring;
  readonly consents: Consents;
  /** Begins to notice when nobody watches a patient any more, and to tell: for the process that serves. null: no mail server. */
  watchMonitoring(mail: MonitoringMail | null): Promise<void>;
}

/** Names nobody, and says nothing of what is measured. */
export interface MonitoringMail {
  /** @throws OutsideTrouble MAIL_NOT_SENT */
  sendMonitoring(to: string, what: { readonly isWatched: boolean; readonly isPatient: boolean }): Promise<void>;
}

/** Of a bearer token, all that is known once it was given away. */
export interface BearerToken {
  readonly id: string;
  readonly role: Principal["role"];
  readonly display: string;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt: number;
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

/** Breaking the glass, and what somebody else found when they looked at it. */
export interface GlassBroken {
  readonly grant: Grant;
  /** The patient's record number: what a reviewer looks the record up by. */
  readonly mrn: string;
  readonly review: {
    readonly outcome: GlassOutcome;
    readonly note: string | null;
    readonly at: number;
    readonly by: string;
  } | null;
}

export type GlassOutcome = "justified" | "not-justified" | "unclear";

/** An emergency: a patient of one's own organisation is seen without a grant that was there before. */
export interface BreakGlass {
  /**
   * @param asked.patient the record number or the id, whole
   * @throws RefusedInput NOT_FOUND, FIELD_INVALID, NOT_PERMITTED for programs and for who takes care of nobody
   */
  open(principal: Principal, asked: { readonly patient: string; readonly reason: string }): Promise<Grant>;
  /** The principal's own that run. */
  running(principal: Principal): Promise<Grant[]>;
  /** One's own, before it ends by itself; the review waits all the same. @throws RefusedInput NOT_FOUND, CONFLICT */
  end(principal: Principal, grantId: string): Promise<Grant>;
  /** Newest first: those that wait for a review, or those that had it. */
  list(organisationId: string, filter: { readonly reviewed: boolean }): Promise<GlassBroken[]>;
  /** Once, and not by who broke it; what was not justified ends at once. @throws RefusedInput NOT_FOUND, CONFLICT, NOT_PERMITTED */
  review(
    principal: Principal,
    grantId: string,
    review: { readonly outcome: GlassOutcome; readonly note: string | null },
  ): Promise<GlassBroken>;
}

export interface NewGrant {
  readonly grantee: Grantee;
  readonly reach: GrantReach;
  readonly purpose: Purpose;
  readonly basis: Basis;
  /** Now, where left out. */
  readonly from?: number;
  readonly to?: number | null;
  readonly reason?: string | null;
}

export interface GrantFilter {
  /** By which this patient is seen. */
  readonly patientId?: string;
  readonly principalId?: string;
  readonly basis?: Basis;
  /** Also those that have ended. */
  readonly ended?: boolean;
}

/** Who may see whom, and because of what. Who may manage grants is decided at the doors. */
export interface Grants {
  /** All or none. @throws RefusedInput NOT_FOUND, FIELD_INVALID */
  add(organisationId: string, grants: readonly NewGrant[], by: string): Promise<Grant[]>;
  /** @throws RefusedInput NOT_FOUND, CONFLICT where it has ended */
  end(organisationId: string, grantId: string, by: string, reason: string | null): Promise<Grant>;
  /** Newest first. */
  list(asker: string | Principal, filter: GrantFilter): Promise<Grant[]>;
  /** As their role sees a ward's patients; of a role that sees none: nothing. */
  assign(person: Person, wardIds: readonly string[], by: string): Promise<Grant[]>;
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
  ofPatients(
    asker: string | Pick<Principal, "organisationId" | "id">,
    patientIds: readonly string[],
  ): Promise<Consent[]>;
  /** Why who asks does not see kinds of the patient's data; also what is not to be told to them. */
  hiddenFrom(asker: { readonly organisationId: string; readonly id: string }, patientId: string): Promise<HiddenKind[]>;
  isSeen(asker: { readonly organisationId: string; readonly id: string }, patientId: string): Promise<boolean>;
  /** Newest first; empty where there is none for who asks. */
  versions(asker: string | Pick<Principal, "organisationId" | "id">, consentId: string): Promise<Consent[]>;
}

export interface Authenticated {
  readonly principal: Principal;
  readonly organisation: { readonly id: string; readonly name: string; readonly isDemo: boolean };
  readonly expiresAt: number;
  readonly via: "session" | "token" | "app" | "kiosk";
  /** Of `via` "kiosk". */
  readonly kiosk?: KioskScreen;
  /** Of a session: what showed last that it is the person. */
  readonly proof?: Proof;
  /** Of a session: its screen is locked after so long without input. */
  readonly lockAfterMs?: number;
  /** Of `via` "app": it may see no more than this, whoever it acts for. */
  readonly app?: AppAccess;
}

/** A screen that locks itself, or is locked: its session opens nothing until the same person shows that it is they. */
export interface Screen {
  /** Somebody touched it. */
  input(authenticated: Authenticated): Promise<void>;
  /** null: never */
  lockAfter(authenticated: Authenticated, afterMs: number | null): Promise<void>;
  lock(authenticated: Authenticated): Promise<void>;
  /** @throws RefusedInput SIGN_IN_REFUSED, RATE_LIMITED */
  unlock(
    authenticated: Authenticated,
    by: { readonly pin: string } | CodeProof | { readonly party: RelyingParty; readonly response: object },
  ): Promise<void>;
  readonly pins: Pins;
}

export interface Proof {
  readonly by: "link" | "passkey" | "codes" | "external";
  readonly at: number;
}

/** `cookie` is the Set-Cookie header. */
export interface SignedIn {
  readonly authenticated: Authenticated;
  readonly cookie: string;
}

export interface Session {
  readonly id: string;
  readonly method: Proof["by"];
  /** "Firefox on Android". */
  readonly device: string;
  readonly createdAt: number;
  readonly lastUsedAt: number;
  readonly expiresAt: number;
  /** The one that asks. */
  readonly isThis: boolean;
}

/** For whom a passkey is: the name that authenticators keep it under, and the pages that may ask for it. */
export interface RelyingParty {
  readonly id: string;
  readonly origins: readonly string[];
}

export interface Passkey {
  readonly id: string;
  readonly name: string;
  readonly isSynced: boolean;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
}

/** Options and responses are those of WebAuthn, as JSON. */
export interface Passkeys {
  list(principal: Principal): Promise<Passkey[]>;
  enrolmentOptions(principal: Principal, party: RelyingParty): Promise<object>;
  /** @throws RefusedInput SIGN_IN_REFUSED; CONFLICT where there are too many */
  enrol(
    principal: Principal,
    party: RelyingParty,
    given: { readonly name: string; readonly response: object },
  ): Promise<Passkey>;
  /** Ends the sessions that it began. */
  remove(principal: Principal, passkeyId: string): Promise<void>;
  signInOptions(party: RelyingParty): Promise<object>;
  signIn(party: RelyingParty, response: object, device: string): Promise<{ secret: string }>;
  /** For whoever it is that stands there. */
  whoseOptions(party: RelyingParty, purpose: string): Promise<object>;
  /** @returns the person's id. @throws RefusedInput SIGN_IN_REFUSED, also with one of another organisation */
  whose(
    party: RelyingParty,
    response: object,
    asked: { readonly purpose: string; readonly organisationId: string },
  ): Promise<string>;
  proofOptions(principal: Principal, party: RelyingParty): Promise<object>;
  /** @throws RefusedInput SIGN_IN_REFUSED, also with somebody else's */
  prove(principal: Principal, party: RelyingParty, response: object): Promise<void>;
}

export interface FirstPerson {
  readonly person: Person;
  /** null: somebody has signed in before, and no new link was asked for. */
  readonly link: { readonly token: string; readonly expiresAt: number } | null;
}

/** A query inside a transaction. */
export interface Transaction {
  rows<T extends object>(sql: string, values?: readonly unknown[]): Promise<T[]>;
  /** @returns how many rows it touched */
  run(sql: string, values?: readonly unknown[]): Promise<number>;
}

/** The database, under the roles that own nothing. Rejects with OutsideTrouble DATABASE_UNREACHABLE. */
export interface Tables {
  /**
   * Under row-level security. In the name of a principal: what their grants show. With the id of an organisation: as the
   * house itself, which sees all of this one.
   */
  inOrganisation<T>(
    asker: string | Pick<Principal, "organisationId" | "id">,
    work: (tx: Transaction) => Promise<T>,
  ): Promise<T>;
  /** For what is asked before it is known which organisation asks. */
  everywhere<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
}

/** What others commit, in this process or another: heard within a second. */
export interface Changes {
  on(
    listener: (
      change:
        | { readonly kind: "patient"; readonly organisationId: string; readonly patientId: string }
        | { readonly kind: "session"; readonly organisationId: string; readonly principalId: string }
        | { readonly kind: "grant"; readonly organisationId: string | null; readonly principalId: string | null }
        | { readonly kind: "device" | "association" | "amendment" },
    ) => void,
  ): () => void;
}

export interface People {
  list(organisationId: string): Promise<Person[]>;
  create(organisationId: string, display: string, role: Role, by: string): Promise<Person>;
}
