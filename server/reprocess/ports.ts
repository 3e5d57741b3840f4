import type {
  Amendment,
  Delivery,
  DeviceEvent,
  JournalEntry,
  PatientView,
  Problem,
  QuarantineEntry,
  RawInput,
  Stream,
  Waveform,
} from "@openward/model";

/** A message as it was sent. */
export type Sent = Omit<RawInput, "patientIds">;

/** Ingest, looking a second time. */
export interface Ingest {
  /** For one run: what a message comes to today, and nothing of it is kept. */
  rerunner(): (sent: Sent) => { readonly entries: readonly JournalEntry[]; readonly problems: readonly Problem[] };
  /** A quarantined message as it was sent; undefined where only a person can say whose it is. */
  sentOf(entry: QuarantineEntry, deliveries: readonly Delivery[]): Sent | undefined;
  /** Makes them durable, by the usual way into the journal. */
  take(entries: readonly JournalEntry[]): Promise<void>;
}

export interface KeptReadings {
  readonly streamId: string;
  readonly times: readonly number[];
  readonly values: readonly number[];
  readonly quality: readonly number[];
  readonly receivedAt: readonly number[];
}

export type KeptWaveform = Omit<Waveform, "stream" | "associationId"> & { readonly streamId: string };

/** Something of a row that cannot be read. */
export interface Fault {
  readonly position: number;
  readonly in: "raw input" | "journal";
  readonly code: string;
}

/** One group commit: what was sent, and what came of it at the time. */
export interface KeptRow {
  readonly position: number;
  readonly messages: readonly Sent[];
  readonly quarantined: readonly QuarantineEntry[];
  readonly deliveries: readonly Delivery[];
  readonly readings: readonly KeptReadings[];
  readonly waveforms: readonly KeptWaveform[];
  readonly events: readonly DeviceEvent[];
  readonly faults: readonly Fault[];
}

/** What was sent from `from` (time of arrival) until before `to`, in the order of the journal. */
export type Kept = (span: {
  readonly organisationId: string;
  readonly from: number;
  readonly to: number;
}) => AsyncIterable<KeptRow>;

export interface StreamSpan {
  readonly from: number;
  readonly to: number;
  readonly isDescending: boolean;
}

/** What the store answers today. A stream outside the view is as if there were none. */
export interface Telemetry {
  known(view: PatientView, streamId: string): Stream | undefined;
  columns(
    view: PatientView,
    streamId: string,
    span: StreamSpan,
  ): AsyncIterable<{ readonly times: Float64Array; readonly values: Float64Array; readonly ordinals: Uint16Array }>;
  waveforms(
    view: PatientView,
    streamId: string,
    span: { readonly from: number; readonly to: number },
  ): AsyncIterable<Waveform>;
}

/** What people and the tables know beside the streams. */
export interface Records {
  /** Of these ids of a device's events, those that there are. */
  knownEvents(organisationId: string, deviceId: string, ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Of these quarantined messages, those about which a person has decided. */
  resolved(organisationId: string, ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Everything of a quarantined message has found its place, with this patient. */
  claimed(
    organisationId: string,
    quarantineId: string,
    patientId: string,
    by: string,
    reason: string,
    runId: string | null,
  ): Promise<void>;
  /** In the audit log. */
  record(entry: {
    readonly organisationId: string;
    readonly by: string;
    readonly action: "reprocess.show" | "reprocess.apply";
    readonly deviceId: string | null;
    /** Whose readings it touches; empty: of nobody that is known yet. */
    readonly patientIds: readonly string[];
    readonly detail: object;
  }): Promise<void>;
}

/** A reading, a piece of a waveform or an event, as it is stored or as it should be. */
export type Point =
  | {
      readonly kind: "reading";
      readonly stream: Stream;
      readonly time: number;
      readonly value: number;
      readonly quality: number;
    }
  | { readonly kind: "waveform"; readonly stream: Stream; readonly waveform: Waveform }
  | { readonly kind: "event"; readonly event: DeviceEvent };

/** A span of a stream as it was received: of one reading (`received` is its value), or of samples (null). */
export interface ReceivedSpan {
  readonly stream: Stream;
  readonly from: number;
  readonly to: number;
  readonly received: number | null;
}

/** What a reader reads in its place. */
export interface Reads {
  /** Of the patient whose it is today. */
  readonly stream: Stream;
  readonly isHidden: boolean;
  readonly value: number | null;
  /** What made it so; null: nothing, it is read as it was received. */
  readonly amendment: Pick<Amendment, "kind" | "by" | "byDisplay" | "via"> | null;
  /** Only a part of a piece is amended. */
  readonly isSplit: boolean;
}

export interface Restated extends ReceivedSpan {
  readonly ordinal: number;
  /** null: entered in error. A value: of readings only. */
  readonly becomes: number | "as received" | null;
}

/** Corrections with author and reason, laid over what is stored; it is never overwritten. */
export interface Amendments {
  /** Was anything ever said of this span? */
  isAmended(stream: Stream, from: number, to: number): boolean;
  reads(received: ReceivedSpan): Reads;
  /**
   * Resolves when all of them are durable; from then on the store answers accordingly. Again is harmless. What a person has
   * spoken about meanwhile is left alone.
   */
  restate(
    organisationId: string,
    restated: readonly Restated[],
    author: { readonly id: string; readonly display: string; readonly reason: string },
  ): Promise<{ readonly amended: number; readonly leftAlone: number }>;
}
