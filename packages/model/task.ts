import type { Millis } from "./telemetry.ts";

/** What a patient is to measure, at which times of which days. */
export interface Task {
  readonly id: string;
  readonly organisationId: string;
  readonly patientId: string;
  readonly signal: string;
  /** "08:00", by the clock of `timeZone`, ascending. */
  readonly times: readonly string[];
  /** ISO weekdays, 1 is Monday; null: every day. */
  readonly weekdays: readonly number[] | null;
  /** IANA. */
  readonly timeZone: string;
  /** "2026-11-27" by that clock, both inclusive; null: until somebody ends it. */
  readonly fromDay: string;
  readonly toDay: string | null;
  readonly note: string | null;
  readonly createdAt: Millis;
  readonly createdBy: string;
  readonly endedAt: Millis | null;
}

export type NewTask = Omit<Task, "id" | "createdAt" | "endedAt">;
