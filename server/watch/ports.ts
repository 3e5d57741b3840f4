import type {
  AgeGroup,
  Alarm,
  Association,
  DeviceEvent,
  Expectation,
  JournalEntry,
  Limits,
  Standby,
  Stream,
} from "@openward/model";

export interface Journal {
  append(entries: readonly JournalEntry[]): Promise<void>;
}

/** Screens hear of alarms at once, before the commit. */
export interface Screens {
  alarm(alarm: Alarm): void;
  /** @param signal of the stream that it is about; null: the whole patient */
  standby(standby: Standby, signal: string | null): void;
}

/** What the alarms must know of a patient, from memory. */
export interface WatchedPatient {
  readonly patientId: string;
  readonly organisationId: string;
  readonly isAdmitted: boolean;
  /** From the birth date today, or chosen; null: unknown, and then no limit applies until a person chooses. */
  readonly ageGroup: AgeGroup | null;
}

export interface Patients {
  watched(patientId: string): WatchedPatient | undefined;
}

export interface Devices {
  deviceType(deviceId: string): string | undefined;
  /** The association that runs now, if any. */
  currentAssociation(deviceId: string): Association | undefined;
  /** All that run now, whether their devices were ever heard or not. */
  runningAssociations(): Iterable<Association>;
  /** The devices for which a gateway may speak. */
  inCharge(gatewayId: string): ReadonlySet<string>;
}

/**
 * The last readings of a stream, in the order in which they came: columns of one length. Of a waveform: the end of each
 * piece that is not all gap, and no values.
 */
export interface RecentReadings {
  /** Device time. */
  readonly times: Float64Array;
  /** In the stream's unit. */
  readonly values: Float64Array;
  /** Server time. */
  readonly receivedAt: Float64Array;
}

/** The default limits that a person chose (null: they follow the age), and the age group that was known then. */
export interface ChosenProfile {
  readonly ageGroup: AgeGroup | null;
  readonly chosenFor: AgeGroup | null;
}

export type ResolvedAlarm = Pick<Alarm, "id" | "rule" | "streamId" | "conditionEndedAt">;

/** What was known before the last stop. All rejections are OutsideTrouble. */
export interface WatchMemory {
  openAlarms(): Promise<Alarm[]>;
  /** The alarms that were resolved last, oldest first: what is sent again does not ring again. */
  resolvedAlarms(): Promise<ResolvedAlarm[]>;
  /** Events of these kinds that were received since then. */
  recentEvents(kinds: readonly string[], since: number): Promise<DeviceEvent[]>;
  runningStandby(now: number): Promise<Standby[]>;
  expectations(): Promise<Expectation[]>;
  /** Per patient, the latest limits of each signal. */
  limits(): Promise<{ patientId: string; profile: ChosenProfile; limits: Limits[] }[]>;
  /** All that ever held, oldest first; left out: nobody is told what held then. */
  limitHistory?(): Promise<{ patientId: string; limits: Limits }[]>;
  /** Adds to what is there: the newest limits of each signal hold. `by`: who did it, for the audit log. */
  saveLimits(
    organisationId: string,
    patientId: string,
    profile: ChosenProfile,
    limits: readonly Limits[],
    by?: string,
  ): Promise<void>;
  /** The newest clock that each device told in a status, and the server time of it. */
  deviceClocks(): Promise<{ deviceId: string; clock: number; receivedAt: number }[]>;
  /** Every stream with a running association and the server time at which it last spoke; none while that is being read. */
  lastHeard(): { stream: Stream; receivedAt: number }[];
  /** What a stream said from `from` (device time) on, and up to `windowMs` before the newest of it. */
  recent(streamId: string, from: number, windowMs: number): RecentReadings;
}
