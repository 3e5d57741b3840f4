import type {
  Amendment,
  AmendmentDraft,
  AmendmentRecord,
  JournalEntry,
  PatientView,
  Readings,
  ReadingVersion,
  Waveform,
} from "@openward/model";
import type { Telemetry } from "../telemetry/ports.ts";
import type { StreamQueries } from "../telemetry/queries.ts";

export interface Author {
  readonly id: string;
  readonly display: string;
}

/** What was measured, as it was received: answers to the same questions, without what people said of it later. */
export interface Received extends Telemetry {
  readonly queries: StreamQueries;
}

/** What was measured, as it counts today. */
export interface AmendedTelemetry extends Telemetry {
  readonly queries: StreamQueries;
  /**
   * The versions of one reading, oldest first; empty where there never was one in this patient's record. What turned out
   * to be another patient's is in none of them.
   */
  versions(view: PatientView, streamId: string, time: number, ordinal: number): Promise<readonly ReadingVersion[]>;
  /** The newest amendment that touches any of this span of a stream; undefined where none does. */
  touched(view: PatientView, streamId: string, from: number, to: number): Amendment | undefined;
}

/** Who amended what was measured, and what that leaves to be seen. */
export interface Amendments {
  readonly telemetry: AmendedTelemetry;
  /**
   * Make one, durable when it resolves; whoever reads next reads it amended.
   *
   * @throws RefusedInput NOT_FOUND, READING_NOT_THERE, AMENDED_MEANWHILE, ASSOCIATION_SPLIT, NO_ASSOCIATION,
   *   VALUE_IMPLAUSIBLE, VALUE_NOT_A_NUMBER, UNIT_UNKNOWN, UNIT_MISMATCH, SIGNAL_KIND, FIELD_INVALID; OutsideTrouble
   */
  make(view: PatientView, draft: AmendmentDraft, author: Author): Promise<Amendment>;
  /** The same for programs (reprocessing): every patient of the organisation counts as seen. */
  makeAsSystem(organisationId: string, draft: AmendmentDraft, author: Author): Promise<Amendment>;
  /** Those that concern this patient, the newest first. */
  ofPatient(view: PatientView, patientId: string): readonly AmendmentRecord[];
  find(view: PatientView, amendmentId: string): AmendmentRecord | undefined;

  /** For screens and alarms: what of new readings is this patient's and counts; undefined: nothing of it. */
  screenReadings(readings: Readings): Readings | undefined;
  screenWaveform(waveform: Waveform): Waveform | undefined;
  /** For alarms: is this value, as received at this time, still one that counts? */
  counts(streamId: string, time: number, received: number): boolean;
  /** For the history of alarms: did the device measure another patient then? */
  isOfAnother(patientId: string, deviceId: string, time: number): boolean;
  /** Told after each one that was made here or elsewhere. */
  onAmended(listener: (amendment: Amendment) => void): void;
  /** Another process has made some, or a patient was erased. */
  refresh(): Promise<void>;
  forget(patientId: string): void;
  /** The journal was read, or something was committed: what the newest effective readings are is looked at again. */
  settle(): Promise<void>;
  committed(entries: readonly JournalEntry[]): void;
}
