import type {
  AmendmentRecord,
  AppAccess,
  Association,
  ClockState,
  Consent,
  Device,
  DeviceFact,
  DeviceRegistration,
  Organisation,
  Patient,
  PatientRelation,
  PatientView,
  Person,
  Principal,
  ReadingVersion,
  Stream,
  Waveform,
  WrongClock,
} from "@openward/model";
import type { Distribution, NumericColumns } from "@openward/timeseries";

/** Who asks, and in which organisation. */
export interface Authenticated {
  readonly principal: Principal;
  readonly organisation: Organisation;
  /** An application acts, and may see no more than this. */
  readonly app?: AppAccess;
}

/** The door: who asks, and which patients they may see. */
export interface Access {
  authenticate(
    headers: { cookie?: string | undefined; authorization?: string | undefined },
    options: { readonly apps: boolean },
  ): Promise<Authenticated | undefined>;
  viewOf(principal: Principal): Promise<PatientView>;
}

/** In whose name the registries look: the database shows what the grants of this principal show. */
export type Asker = Pick<Principal, "organisationId" | "id">;

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

export interface Patients {
  /** Every patient of the organisation, admitted or not; the view decides which of them are shown. */
  list(
    asker: Asker,
    options: { all: boolean; q?: string; narrowed?: PatientsNarrowed },
  ): Promise<readonly { readonly patient: Patient }[]>;
  find(asker: Asker, patientId: string): Promise<{ readonly patient: Patient } | undefined>;
}

/** Who can sign in. */
export interface People {
  list(organisationId: string): Promise<readonly Person[]>;
  /** Of the asker's organisation only. */
  findIn(asker: Asker, personId: string): Promise<Person | undefined>;
}

/** Who stands beside a patient. */
export interface Relations {
  /** Of a patient whom the asker sees; its patient is the record that others were merged into. */
  find(asker: Asker, relationId: string): Promise<PatientRelation | undefined>;
  /** Of those of these patients whom the asker sees, ended ones too. */
  ofPatients(asker: Asker, patientIds: readonly string[]): Promise<readonly PatientRelation[]>;
}

export interface DeviceRecord {
  readonly device: Device;
  readonly registration: DeviceRegistration;
  /** What it says of itself, newest first. */
  readonly facts: readonly DeviceFact[];
  /** What was decided of its clock last; null: nothing yet. */
  readonly clock: ClockState | null;
  readonly association: Association | null;
}

export interface Devices {
  list(asker: Asker): Promise<readonly DeviceRecord[]>;
  find(asker: Asker, deviceId: string): Promise<DeviceRecord | undefined>;
}

/** Who wore what, and when; of patients whom the asker sees. */
export interface DeviceUses {
  ofPatients(asker: Asker, patientIds: readonly string[]): Promise<readonly Association[]>;
  use(asker: Asker, id: string): Promise<Association | undefined>;
}

export interface StreamSummary {
  readonly stream: Stream;
  readonly lastAt: number | null;
}

export interface Reading {
  readonly stream: Stream;
  readonly time: number;
  /** In the stream's unit, as received. */
  readonly value: number;
  readonly ordinal: number;
  /** Bits of QUALITY. */
  readonly quality: number;
  readonly utcOffsetMinutes: number | null;
  readonly receivedAt: number;
  /** Where its time was corrected: what the device said; several where which of them cannot be told. */
  readonly said?: readonly { readonly deviceTime: number; readonly kind: WrongClock | null }[];
  /** Where somebody amended it: what is so of it; `value` is then what this says, NaN for none. */
  readonly amended?: ReadingVersion;
}

/** Limits that a person had set for a patient and that held at a time, in the signal's own unit; undefined: none. */
export type LimitsAt = (
  patientId: string,
  signal: string,
  time: number,
) =>
  | {
      readonly low: number | null;
      readonly high: number | null;
      readonly criticalLow: number | null;
      readonly criticalHigh: number | null;
    }
  | undefined;

export interface ReadingKey {
  readonly time: number;
  readonly streamId: string;
  readonly ordinal: number;
}

export interface ReadingsQuery {
  readonly patientId: string;
  readonly streamIds: readonly string[];
  /** Inclusive. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly order: "ascending" | "descending";
  readonly limit: number;
  readonly after?: ReadingKey;
  /** Also what was entered in error or turned out to be another patient's, without its value. */
  readonly withErrors?: boolean;
}

export interface WaveformQuery {
  readonly patientId: string;
  readonly streamId: string;
  readonly from: number;
  readonly to: number;
}

export interface ColumnsQuery {
  /** Inclusive. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly isDescending: boolean;
  /** Start behind this reading. */
  readonly after?: { readonly time: number; readonly ordinal: number };
  /** A piece is read before the next one is asked for: its memory is used again then. */
  readonly isTransient?: boolean;
}

export interface ReadingHistory {
  /** `value` is NaN: the versions tell it. */
  readonly reading: Reading;
  /** Oldest first; `value` is null where there is none to be shown. */
  readonly versions: readonly ReadingVersion[];
}

/** What people said later of what was measured. */
export interface Amendments {
  find(view: PatientView, amendmentId: string): AmendmentRecord | undefined;
  /** Newest first. */
  ofPatient(view: PatientView, patientId: string): readonly AmendmentRecord[];
}

/** What was measured. A patient outside the view is as if there were none. */
export interface Telemetry {
  streams(view: PatientView, patientId: string): Promise<readonly StreamSummary[]>;
  stream(view: PatientView, streamId: string): Promise<StreamSummary | undefined>;
  /** Newest reading that counts of each numeric stream, from memory: ask for `streams` first, which waits until it is whole. */
  latest(view: PatientView, patientId: string): readonly Reading[];
  /** Readings of a numeric stream in pieces, as they count today. @throws RefusedInput NOT_FOUND, also when the view ends meanwhile */
  columns(view: PatientView, streamId: string, query: ColumnsQuery): AsyncIterable<NumericColumns>;
  /** How the values of a numeric stream are distributed over [from, to), as they count today. @throws RefusedInput NOT_FOUND */
  distribution(
    view: PatientView,
    streamId: string,
    span: { readonly from: number; readonly to: number },
  ): Promise<Distribution>;
  readings(view: PatientView, query: ReadingsQuery): Promise<readonly Reading[]>;
  reading(view: PatientView, streamId: string, time: number, ordinal: number): Promise<Reading | undefined>;
  /** undefined: there never was such a reading in this patient's record. */
  history(view: PatientView, streamId: string, time: number, ordinal: number): Promise<ReadingHistory | undefined>;
  /** The newest amendment of any of this span of a stream, withdrawn ones too. */
  touched(view: PatientView, streamId: string, from: number, to: number): AmendmentRecord | undefined;
  /** Pieces that overlap [from, to), cut to it, in order; a gap in time begins a new piece. */
  waveform(view: PatientView, query: WaveformQuery): Promise<readonly Waveform[]>;
  /** NaN (or no bucket) where nothing was measured: tells where samples are without reading them. */
  waveformOverview(
    view: PatientView,
    query: WaveformQuery & { readonly buckets: number },
  ): Promise<{ readonly starts: Float64Array; readonly min: Float64Array }>;
}

/** What patients say of who may see what; through the grants of who asks. */
export interface Consents {
  /** The newest version of each. */
  ofPatients(asker: Asker, patientIds: readonly string[]): Promise<Consent[]>;
  /** Newest first; empty where there is none for who asks. */
  versions(asker: Asker, consentId: string): Promise<Consent[]>;
}

export interface AuditWho {
  readonly kind: string;
  readonly id: string | null;
  readonly display: string;
  readonly role: string | null;
}

/** One access or change, as the audit log has it. */
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
  /** Names of what was searched with. */
  readonly parameters?: readonly string[] | undefined;
  readonly purpose?: string | undefined;
  readonly basis?: string | undefined;
  readonly outcome: "allowed" | "refused" | "failed";
  readonly refusal?: string | undefined;
  readonly address?: string | undefined;
  readonly requestId?: string | undefined;
}

export interface AuditLog {
  /** Newest first. */
  search(
    organisationId: string,
    query: {
      readonly patientIds?: readonly string[] | undefined;
      readonly ids?: readonly string[] | undefined;
      readonly agentId?: string | undefined;
      readonly actions?: readonly string[] | undefined;
      readonly entities?: readonly string[] | undefined;
      /** Inclusive. */
      readonly from?: number | undefined;
      /** Exclusive. */
      readonly to?: number | undefined;
      readonly before?: string | undefined;
      readonly limit: number;
    },
  ): Promise<readonly AuditRecord[]>;
}
