import type { Millis } from "./telemetry.ts";

/** A private address at which a calendar reads a patient's tasks, in the name of a person. */
export interface CalendarAddress {
  readonly id: string;
  readonly organisationId: string;
  readonly patientId: string;
  readonly personId: string;
  readonly name: string;
  /** Its titles say what is measured. */
  readonly showsWhat: boolean;
  readonly remindMinutes: number | null;
  readonly createdAt: Millis;
  readonly usedAt: Millis | null;
}

export type NewCalendarAddress = Omit<CalendarAddress, "id" | "createdAt" | "usedAt">;
