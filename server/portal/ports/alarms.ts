import type { AgeGroup, Alarm, Expectation, Limits, PatientView, Standby } from "@openward/model";
import type { Asker } from "./asker.ts";
import type { Awaitable } from "./awaitable.ts";

export type NewLimits = Omit<Limits, "setBy" | "setAt">;

export interface PatientLimits {
  readonly profile: AgeGroup | null;
  readonly limits: readonly Limits[];
}

/** The alarms' side. Who does it is the view's principal. */
export interface Watch {
  active(view: PatientView): Awaitable<readonly Alarm[]>;
  /** @param on the screen on a wall, where it was one */
  acknowledge(view: PatientView, alarmId: string, revision: number, on?: string): Awaitable<Alarm>;
  limitsOf(view: PatientView, patientId: string): Awaitable<PatientLimits>;
  setLimits(view: PatientView, patientId: string, limits: readonly NewLimits[]): Awaitable<PatientLimits>;
  chooseProfile(view: PatientView, patientId: string, ageGroup: AgeGroup): Awaitable<PatientLimits>;
  startStandby(
    view: PatientView,
    patientId: string,
    standby: { readonly streamId: string | null; readonly reason: string; readonly minutes: number },
  ): Awaitable<Standby>;
  endStandby(view: PatientView, patientId: string, standbyId: string): Awaitable<Standby>;
  standbyOf(view: PatientView, patientId: string): Awaitable<readonly Standby[]>;
  expectationOf(streamId: string): Expectation | undefined;
  confirmExpectation(view: PatientView, streamId: string, intervalMs: number | null): Awaitable<Expectation>;
}

export interface AlarmHistory {
  ofPatient(asker: Asker, patientId: string, from: number, to: number): Promise<Alarm[]>;
}
