import type {
  AgeGroup,
  Alarm,
  Association,
  ClockState,
  Device,
  DeviceCommands,
  DeviceFact,
  DeviceStatus,
  Fact,
  Organisation,
  Patient,
  PatientFact,
  PatientRelation,
  Person,
  Problem,
  QuarantineEntry,
  DeviceRegistration as Registration,
  Relation,
  Role,
  Sex,
  Stay,
  Ward,
} from "@openward/model";
import type { Asker } from "./transaction.ts";

/** Who does it, for the audit log: an id of a person, token or "system". */
export type By = string;

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

/** Where a patient is to lie. */
export interface Place {
  readonly wardId: string;
  readonly bed: string;
  /** Somebody has said that more than one patient lies in this bed; else an occupied one is refused (BED_OCCUPIED). */
  readonly shareBed?: boolean;
}

/** What a search for patients can be narrowed to before it is looked through; all that is found by it is in there, and more may be. */
export interface PatientsNarrowed {
  readonly mrns?: readonly string[];
  /** Dates, inclusive. */
  readonly bornFrom?: string;
  readonly bornTo?: string;
  /** For each of these at least one stands in the name, as people type it. */
  readonly names?: readonly (readonly string[])[];
  /** In the order of ids, behind this one, so many. */
  readonly after?: string;
  readonly limit?: number;
}

/** All throw RefusedInput CONFLICT / NOT_FOUND / FIELD_INVALID, or OutsideTrouble DATABASE_UNREACHABLE. */
export interface PatientRegistry {
  list(asker: Asker, options: { all: boolean; q?: string; narrowed?: PatientsNarrowed }): Promise<PatientRecord[]>;
  find(asker: Asker, patientId: string): Promise<PatientRecord | undefined>;
  /** Patients, admitted or not, with the same or a similar name (spelling, order of names, accents). */
  /** With a birth date also those of the same date and family name. At most 20, the same name first. */
  similar(asker: Asker, name: string, birthDate?: string | null): Promise<PatientRecord[]>;
  /** With a place the patient is admitted in the same transaction: both are done, or neither. */
  create(organisationId: string, patient: NewPatient, by: By, place?: Place): Promise<Patient>;
  change(organisationId: string, patientId: string, change: Partial<NewPatient>, by: By): Promise<Patient>;
  admit(organisationId: string, patientId: string, place: Place, by: By): Promise<PatientRecord>;
  transfer(organisationId: string, patientId: string, place: Place, by: By): Promise<PatientRecord>;
  discharge(organisationId: string, patientId: string, by: By): Promise<PatientRecord>;
  /** `patientId` is the same person as `into`: it leaves the lists, its running associations and stay go over. */
  merge(organisationId: string, patientId: string, into: string, by: By): Promise<PatientRecord>;
}

export interface WardRegistry {
  list(organisationId: string): Promise<Ward[]>;
  create(organisationId: string, name: string, timeZone: string, by: By): Promise<Ward>;
  organisations(): Promise<Organisation[]>;
  createOrganisation(name: string, isDemo: boolean): Promise<Organisation>;
}

export interface DeviceRecord {
  readonly device: Device;
  readonly registration: Registration;
  /** What it said of itself, newest first, so many as are shown. */
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
  /** When the newest thing it can sign in with ends, where that is a certificate. */
  readonly certificateEndsAt: number | null;
}

export interface NewDevice {
  /** Made by the server where left out. */
  readonly id?: string;
  readonly type: string;
  readonly display: string;
  readonly manufacturer: string | null;
  readonly model: string | null;
  readonly serial: string | null;
}

/** Everything that people write down of a device. */
export type DeviceDescription = Registration & Pick<Device, "type" | "display" | "manufacturer" | "model" | "serial">;

export interface DeviceRegistration {
  /**
   * Takes the place of what was written down before.
   *
   * @throws RefusedInput NOT_FOUND; CONFLICT: a device without access, one on a patient that would go out of service, a
   *   label that another device has
   */
  describe(organisationId: string, deviceId: string, described: DeviceDescription, by: By): Promise<void>;
}

/** What a device signs in with, without the secret of it. */
export interface DeviceCredential {
  readonly id: string;
  readonly kind: "token" | "certificate";
  readonly createdAt: number;
  readonly createdBy: By;
  /** null: until it is revoked. */
  readonly expiresAt: number | null;
}

/** All throw RefusedInput NOT_FOUND / CONFLICT (a device without access) / FIELD_INVALID. */
export interface DeviceCredentials {
  /**
   * A new token, which is in the answer and nowhere else.
   *
   * @param options.overlapMs how long the tokens before stay valid beside it; 0: they end at once
   * @param options.validMs null: until it is revoked
   */
  rotateToken(
    organisationId: string,
    deviceId: string,
    by: By,
    options?: { overlapMs?: number; validMs?: number | null },
  ): Promise<string>;
  /**
   * The device may sign in with the certificate of this hash (SHA-256 of its DER).
   *
   * @param options.overlapMs how long the certificates before stay valid beside it; null: until their own end
   */
  addCertificate(
    organisationId: string,
    deviceId: string,
    certificate: { readonly hash: Uint8Array; readonly expiresAt: number },
    by: By,
    options?: { overlapMs?: number | null },
  ): Promise<void>;
  /**
   * Beside the certificate of ours that the device has signed in with, which goes on for `overlapMs` at most.
   *
   * @throws RefusedInput CONFLICT where it is not valid any more, or the device has enough that are
   */
  renewCertificate(
    device: { readonly organisationId: string; readonly deviceId: string; readonly credentialId: string },
    certificate: { readonly hash: Uint8Array; readonly expiresAt: number },
    overlapMs: number,
  ): Promise<void>;
  /** Those that are valid now. */
  credentials(organisationId: string, deviceId: string): Promise<DeviceCredential[]>;
  revokeCredential(organisationId: string, deviceId: string, credentialId: string, by: By): Promise<void>;
  /** The gateway may speak for the device from now on. */
  takeCharge(organisationId: string, gatewayId: string, deviceId: string, by: By): Promise<void>;
  endCharge(organisationId: string, gatewayId: string, deviceId: string, by: By): Promise<void>;
  inCharge(organisationId: string, gatewayId: string): Promise<string[]>;
}

/** A certificate as it is kept and as it is handed out. */
export interface IssuedCertificate {
  readonly cert: string;
  readonly hash: Uint8Array;
  readonly expiresAt: number;
}

export interface DeviceClaims {
  /** A code for one use; one from before ends. It is in the answer and nowhere else. */
  newClaim(
    organisationId: string,
    deviceId: string,
    validMs: number,
    by: By,
  ): Promise<{ code: string; expiresAt: number }>;
  /**
   * Uses the code up; whatever the device could sign in with before ends.
   *
   * @param certify makes the certificate that it wants; null: it gets a token
   * @throws RefusedInput CLAIM_EXPIRED, also for a code that never was; and what `certify` throws, with the code still good
   */
  claim(
    code: string,
    certify: ((deviceId: string) => Promise<IssuedCertificate>) | null,
  ): Promise<{ deviceId: string; token: string | null; certificate: IssuedCertificate | null }>;
}

/** Who wore what, and when. */
export interface DeviceUses {
  ofPatients(asker: Asker, patientIds: readonly string[]): Promise<Association[]>;
  use(asker: Asker, id: string): Promise<Association | undefined>;
}

export interface DeviceRegistry extends DeviceCredentials, DeviceClaims, DeviceRegistration, DeviceUses {
  /** The association of a device is shown to who may see the patient. */
  list(asker: Asker): Promise<DeviceRecord[]>;
  find(asker: Asker, deviceId: string): Promise<DeviceRecord | undefined>;
  /** What these are called; one that is not seen is not in it. */
  displays(asker: Asker, deviceIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** The token is in the answer and nowhere else; the database has its hash. */
  create(organisationId: string, device: NewDevice, by: By): Promise<{ device: Device; token: string }>;
  revoke(organisationId: string, deviceId: string, by: By): Promise<Device>;
  /** Ends the association that runs, begins a new one at `from`. Associations of one device never overlap. */
  assign(organisationId: string, deviceId: string, patientId: string, from: number, by: By): Promise<Association>;
  release(organisationId: string, deviceId: string, at: number, by: By): Promise<void>;
}

export interface QuarantineRecord {
  readonly entry: QuarantineEntry;
  readonly state: "open" | "claimed" | "dismissed";
  readonly resolvedBy: string | null;
  readonly resolvedAt: number | null;
  readonly patientId: string | null;
  readonly remainder: readonly Problem[];
  /** Its raw input has expired: `entry.raw` is empty. */
  readonly isExpired?: boolean;
}

/** What a second look at input must know of the tables, and leaves in the audit log. */
export interface ReprocessingRegistry {
  /** Of these ids of a device's events, those that there are. */
  knownEvents(organisationId: string, deviceId: string, ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Of these quarantined messages, those about which somebody has decided. */
  resolved(organisationId: string, ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** One line for each patient whom it touches, or one without. */
  record(entry: {
    readonly organisationId: string;
    readonly by: By;
    readonly action: string;
    readonly deviceId: string | null;
    readonly patientIds: readonly string[];
    readonly detail: object;
  }): Promise<void>;
}

export interface QuarantineRegistry {
  list(
    asker: Asker,
    filter: {
      state: "open" | "claimed" | "dismissed";
      deviceId?: string;
      /** Of one of its problems. */
      code?: string;
      contentType?: string;
      /** Of arrival; `to` exclusive. */
      from?: number;
      to?: number;
      before?: string;
      limit: number;
    },
  ): Promise<QuarantineRecord[]>;
  find(asker: Asker, id: string): Promise<QuarantineRecord | undefined>;
  /** Once only: throws CONFLICT when it is not open any more. */
  resolve(
    organisationId: string,
    id: string,
    as: "claimed" | "dismissed",
    by: By,
    detail: { patientId?: string; reason?: string; remainder?: readonly Problem[]; runId?: string },
  ): Promise<QuarantineRecord>;
}

export interface AlarmRegistry {
  /** Of a span of onset times, newest first. */
  ofPatient(asker: Asker, patientId: string, from: number, to: number): Promise<Alarm[]>;
}

export interface PeopleRegistry {
  list(organisationId: string): Promise<Person[]>;
  create(organisationId: string, display: string, role: Role, by: By): Promise<Person>;
  find(personId: string): Promise<Person | undefined>;
  /** Of the asker's organisation only. */
  findIn(asker: Asker, personId: string): Promise<Person | undefined>;
  /** CONFLICT where the last administrator would go, or relations to patients run under the old role. */
  change(
    organisationId: string,
    personId: string,
    /** `email`: where they are told what cannot wait; null: nowhere. */
    change: {
      readonly display?: string | undefined;
      readonly role?: Role | undefined;
      readonly email?: string | null | undefined;
    },
    by: By,
  ): Promise<Person>;
  /** Ends their sessions and links in the same transaction; CONFLICT for the last administrator. */
  disable(organisationId: string, personId: string, by: By): Promise<Person>;
  enable(organisationId: string, personId: string, by: By): Promise<Person>;
}

export interface RelationsAndFacts {
  /** Newest first, ended ones too. */
  readonly relations: readonly PatientRelation[];
  readonly facts: readonly PatientFact[];
}

/** What they allow at a moment is `standingOf` in packages/model. */
export interface RelationRegistry {
  ofPatient(asker: Asker, patientId: string): Promise<RelationsAndFacts>;
  /** Of a patient whom the asker sees. */
  find(asker: Asker, relationId: string): Promise<PatientRelation | undefined>;
  /** Of those of these patients whom the asker sees, ended ones too. */
  ofPatients(asker: Asker, patientIds: readonly string[]): Promise<PatientRelation[]>;
  /** With the facts of those patients. */
  ofPerson(organisationId: string, personId: string): Promise<RelationsAndFacts>;
  /** The patient's own, and those that were merged into it. */
  recordsOf(organisationId: string, patientId: string): Promise<string[]>;
  /** CONFLICT where the person's role is another, or the two are related at that time. */
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
    by: By,
  ): Promise<PatientRelation>;
  endRelation(organisationId: string, patientId: string, relationId: string, by: By): Promise<PatientRelation>;
  state(
    organisationId: string,
    patientId: string,
    fact: { readonly fact: Fact; readonly reason: string; readonly from?: number | undefined },
    by: By,
  ): Promise<PatientFact>;
  endFact(organisationId: string, patientId: string, factId: string, by: By): Promise<PatientFact>;
}

/** A change that others in the process (and other processes: the command line) must hear of. */
export type RegistryChange =
  | { readonly kind: "patient"; readonly organisationId: string; readonly patientId: string }
  | { readonly kind: "device"; readonly organisationId: string; readonly deviceId: string }
  | {
      readonly kind: "association";
      readonly organisationId: string;
      readonly deviceId: string;
      readonly patientId: string;
    }
  /** Of a person (id of the person) or a token (its id): signed out, revoked, disabled, or another role. */
  | { readonly kind: "session"; readonly organisationId: string; readonly principalId: string }
  /** Somebody amended what was measured of the patient. */
  | { readonly kind: "amendment"; readonly organisationId: string; readonly patientId: string }
  /** What a principal may see has changed; null: any principal's, or of any organisation. */
  | { readonly kind: "grant"; readonly organisationId: string | null; readonly principalId: string | null };

export interface RegistryChanges {
  on(listener: (change: RegistryChange) => void): () => void;
}
