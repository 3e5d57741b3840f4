import type { Millis } from "./telemetry.ts";

/** Which of what is open; what is left out is any. Times are of arrival, `to` exclusive. */
export interface QuarantineFilter {
  readonly code?: string | undefined;
  readonly deviceId?: string | undefined;
  readonly contentType?: string | undefined;
  readonly from?: Millis | undefined;
  readonly to?: Millis | undefined;
  /** Of these. */
  readonly ids?: readonly string[] | undefined;
}

/** How a run of quarantined messages stands. "looked": nothing is changed yet. */
export interface QuarantineRunState {
  readonly id: string;
  readonly phase: "looking" | "looked" | "applying" | "applied" | "failed";
  readonly messages: number;
  /** Looked at by now, in this phase. */
  readonly done: number;
  /** There are more that were asked for than are run at once. */
  readonly isCut: boolean;
  readonly placed: number;
  readonly stays: readonly { readonly code: string; readonly messages: number }[];
  readonly readings: number;
  /** Differences that amendments cannot put right, and readings that a person has amended. */
  readonly byHand: number;
  readonly leftAlone: number;
  /** Code of the error that ended it. */
  readonly fault: string | null;
}

/** A run as it is written down. */
export interface QuarantineRun {
  readonly id: string;
  /** Id of a person. */
  readonly startedBy: string;
  readonly startedAt: Millis;
  readonly reason: string;
  readonly messages: number;
  /** null: it did not come to its end. */
  readonly endedAt: Millis | null;
  readonly placed: number | null;
  readonly readings: number | null;
  readonly undoneAt: Millis | null;
  readonly undoneBy: string | null;
}

/** What a run added to a stream. */
export interface AddedReadings {
  readonly patientId: string;
  readonly streamId: string;
  readonly times: readonly Millis[];
}
