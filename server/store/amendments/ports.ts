import type {
  Alarm,
  Amendment,
  AmendmentDraft,
  AmendmentRecord,
  JournalEntry,
  PatientView,
  Readings,
  ReadingVersion,
  Waveform,
} from "@openward/model";
import type { Reading, Telemetry } from "../telemetry/ports.ts";
import type { StreamQueries } from "../telemetry/queries.ts";
import type { Recent } from "../telemetry/recent.ts";
import type { Reprocessed } from "./reprocessed.ts";

export interface Author {
  readonly id: string;
  readonly display: string;
}

/** What was measured, as it was received: answers to the same questions, without what people said of it later. */
export interface Received extends Telemetry {
  readonly queries: StreamQueries;
}

export interface ReadingHistory {
  readonly reading: Reading;
  readonly versions: readonly ReadingVersion[];
}

/** What was measured, as it counts today. */
export interface AmendedTelemetry extends Telemetry {
  readonly queries: StreamQueries;
  readonly distribution: StreamQueries["distribution"];
  /**
   * One reading and its versions, oldest first; undefined where there never was one in this patient's record. `value` of the
   * reading is NaN: versions tell it, and what turned out to be another patient's is in none of them.
   */
  history(view: PatientView, streamId: string, time: number, ordinal: number): Promise<ReadingHistory | undefined>;
  /** The newest amendment of any of this span of a stream, withdrawn ones too; undefined where there is none. */
  touched(view: PatientView, streamId: string, from: number, to: number): AmendmentRecord | undefined;
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
  /** The same for programs: every patient of the organisation counts as seen. */
  makeAsSystem(organisationId: string, draft: AmendmentDraft, author: Author): Promise<Amendment>;
  /** What today's codecs read otherwise. */
  readonly reprocessed: Reprocessed;
  /** Those that concern this patient, the newest first. */
  ofPatient(view: PatientView, patientId: string): readonly AmendmentRecord[];
  find(view: PatientView, amendmentId: string): AmendmentRecord | undefined;

  /** For screens and alarms: what of new readings is this patient's and counts; undefined: nothing of it. */
  screenReadings(readings: Readings): Readings | undefined;
  screenWaveform(waveform: Waveform): Waveform | undefined;
  /** For the alarms' start. */
  screenRecent(streamId: string, recent: Recent): Recent;
  /** An alarm stays, but not with the value of another patient. */
  screenAlarm(alarm: Alarm): Alarm;
  /** Streams of the amended record whose newest reading does not count as received, and what counts in its place. */
  restated(amendment: Amendment): readonly { readonly streamId: string; readonly value: number | null }[];
  /** Told after each one that was made here or elsewhere. */
  onAmended(listener: (amendment: Amendment) => void): void;
  /** Another process has made some, or a patient was erased. */
  refresh(): Promise<void>;
  forget(patientId: string): void;
  /** The journal was read, or something was committed: what the newest effective readings are is looked at again. */
  settle(): Promise<void>;
  committed(entries: readonly JournalEntry[]): void;
}
