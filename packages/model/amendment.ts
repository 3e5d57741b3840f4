import type { Millis } from "./telemetry.ts";

/** What a person says later of what was measured. What was received stays as it is; this is laid over it. */
export type AmendmentKind = "entered-in-error" | "corrected" | "re-attributed" | "withdrawn";

export interface Amendment {
  readonly id: string;
  /** Ascending in the order in which they were made; 0 is before all. */
  readonly sequence: number;
  readonly organisationId: string;
  readonly kind: AmendmentKind;
  /** In whose record it stood when it was amended. */
  readonly patientId: string;
  /** Of a re-attribution: whose it is. */
  readonly toPatientId: string | null;
  readonly deviceId: string;
  /** null: everything that the device measured. */
  readonly streamId: string | null;
  /** Device time, inclusive. */
  readonly from: Millis;
  /** Exclusive. */
  readonly to: Millis;
  /** One reading, by its time and the value as received; null: the whole span, also what comes later. */
  readonly reading: { readonly ordinal: number; readonly received: number } | null;
  /** Of a correction: in the stream's unit. */
  readonly corrected: number | null;
  /** Of a withdrawal: the amendment that no longer holds. */
  readonly withdraws: string | null;
  /** Id of the person or program. */
  readonly by: string;
  /** Their name at the time. */
  readonly byDisplay: string;
  readonly reason: string;
  readonly at: Millis;
  /** A person looked at it, or today's codecs read the same input otherwise; those may say it anew, of a person's they may not. */
  readonly via: "person" | "reprocess";
}

/** An amendment, and what ended it where it does not hold any more. */
export interface AmendmentRecord {
  readonly amendment: Amendment;
  readonly withdrawnBy: Amendment | undefined;
}

/** Which reading or span, and what is said of it. `seen`: the newest amendment of it that the author knew of. */
export type AmendmentDraft = { readonly reason: string } & (
  | {
      readonly kind: "entered-in-error" | "corrected";
      readonly streamId: string;
      readonly at: Millis;
      readonly ordinal: number;
      /** Of a correction. */
      readonly value?: number | undefined;
      readonly unit?: string | undefined;
      readonly seen: string | null;
    }
  | {
      readonly kind: "entered-in-error";
      readonly streamId: string | null;
      /** With `patientId`, where `streamId` is null: everything of this device on this patient. */
      readonly deviceId: string;
      readonly patientId: string;
      readonly from: Millis;
      readonly to: Millis;
      readonly seen: string | null;
    }
  | {
      readonly kind: "re-attributed";
      readonly deviceId: string;
      readonly patientId: string;
      readonly toPatientId: string;
      readonly from: Millis;
      readonly to: Millis;
      readonly seen: string | null;
    }
  | { readonly kind: "withdrawn"; readonly amendmentId: string }
);

/** What is so of one reading. `value` is null where there is none to be shown. */
export interface ReadingVersion {
  /** From 1. */
  readonly version: number;
  readonly status: "final" | "corrected" | "entered-in-error";
  /** In the stream's unit. */
  readonly value: number | null;
  /** Server time from when on it is so. */
  readonly at: Millis;
  /** What made it so; null: it came like this. */
  readonly amendment: Amendment | null;
}
