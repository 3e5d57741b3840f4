import type { Alarm } from "./alarm.ts";
import type { DeviceEvent, Millis, Readings } from "./telemetry.ts";

/**
 * A place in the order of everything that was accepted and changed: batches of the journal by their position, and notices of
 * changes beside it by their number, each behind the position at which the journal stood. What is at or before it has been taken.
 */
export interface OutboxPlace {
  readonly position: number;
  readonly number: number;
}

interface NoticeBase {
  readonly id: string;
  readonly organisationId: string;
  readonly at: Millis;
}

/** Something about a patient changed beside the journal; what it is now is asked of whoever keeps it. */
export interface PatientNotice extends NoticeBase {
  readonly kind: "association" | "amendment" | "stay";
  readonly patientId: string;
  readonly deviceId: string | null;
  /** The association, the amendment or the stay. */
  readonly subjectId: string;
  /** Of an association or a stay. */
  readonly from: Millis | null;
  readonly to: Millis | null;
}

/** A resource was written. */
export interface ResourceNotice extends NoticeBase {
  readonly kind: "resource";
  /** null: it is about nobody. */
  readonly patientId: string | null;
  /** "Condition/1". */
  readonly reference: string;
  readonly method: "POST" | "PUT" | "PATCH" | "DELETE";
}

export type OutboxNotice = PatientNotice | ResourceNotice;

export type OutboxChange =
  | { readonly kind: "readings"; readonly readings: Readings }
  | { readonly kind: "alarm"; readonly alarm: Alarm }
  | { readonly kind: "event"; readonly event: DeviceEvent }
  | { readonly kind: "notice"; readonly notice: OutboxNotice };

/** A change, as it was received: nobody has amended it here. */
export interface PlacedChange {
  readonly place: OutboxPlace;
  readonly change: OutboxChange;
}

export interface OutboxPage {
  readonly changes: readonly PlacedChange[];
  /** Everything up to here was looked at. */
  readonly upTo: OutboxPlace;
  /** When what stands at `upTo` was written, server time. */
  readonly at: Millis;
  /** Nothing that is known stands behind it. */
  readonly isAtEnd: boolean;
}
