import type { Millis } from "./telemetry.ts";

/** IEC 60601-1-8. */
export type AlarmPriority = "high" | "medium" | "low";

/** raised: nobody has answered. acknowledged: a person has. resolved: over (condition gone, and acknowledged if it latches). */
export type AlarmState = "raised" | "acknowledged" | "resolved";

export type AlarmRule =
  | "limit-high"
  | "limit-low"
  | "critical-high"
  | "critical-low"
  | "missing-data"
  | "event"
  | "device-offline"
  | "device-twin"
  | "device-clock"
  /** A gateway through which the patient is watched could not be heard. */
  | "gateway-silent"
  /** Is this the right patient? Values far from their own; two people's on one device; two devices that disagree. */
  | "wearer-jump"
  | "wearer-mixed"
  | "wearer-apart";

/** One alarm condition through its life; a later revision replaces an earlier one. */
export interface Alarm {
  /** hash(rule, stream or device, onset): raised again after a crash, it is the same alarm. */
  readonly id: string;
  readonly revision: number;
  readonly organisationId: string;
  readonly patientId: string;
  readonly deviceId: string | null;
  readonly streamId: string | null;
  readonly signal: string | null;
  readonly rule: AlarmRule;
  readonly priority: AlarmPriority;
  readonly state: AlarmState;
  /** The condition has ended, but the alarm stays until a person has answered it. */
  readonly latched: boolean;
  /** When the condition began, device time. */
  readonly onsetAt: Millis;
  /** When the system decided that it is an alarm condition, server time. */
  readonly raisedAt: Millis;
  readonly conditionEndedAt: Millis | null;
  readonly acknowledgedAt: Millis | null;
  readonly acknowledgedBy: string | null;
  /** The screen on a wall at which they were not signed in; left out: at one of their own. */
  readonly acknowledgedOn?: string;
  readonly resolvedAt: Millis | null;
  /** The value that raised it, the limit it broke, and their unit. */
  readonly value: number | null;
  readonly limit: number | null;
  readonly unit: string | null;
}

export type AgeGroup = "neonate" | "pediatric" | "adult";

/** Limits of one signal for one patient, in the signal's own unit; null is no limit. */
export interface Limits {
  readonly signal: string;
  readonly low: number | null;
  readonly high: number | null;
  readonly criticalLow: number | null;
  readonly criticalHigh: number | null;
  readonly priority: AlarmPriority;
  /** How long the condition must last before it is an alarm. */
  readonly delayMs: number;
  /** How far back inside the limit a value must come before the condition ends. */
  readonly hysteresis: number;
  readonly latching: boolean;
  readonly enabled: boolean;
  /** "profile adult", or the id of the person who set it. */
  readonly setBy: string;
  readonly setAt: Millis;
}

/** Watching is paused for a reason until a time; `streamId` null means the whole patient. */
export interface Standby {
  readonly id: string;
  readonly organisationId: string;
  readonly patientId: string;
  readonly streamId: string | null;
  readonly reason: string;
  readonly from: Millis;
  readonly until: Millis;
  readonly startedBy: string;
  readonly endedAt: Millis | null;
}

/** How often a stream is expected to speak. */
export interface Expectation {
  readonly streamId: string;
  /** null: nobody expects anything (on demand). */
  readonly intervalMs: number | null;
  readonly source: "device-type" | "learned" | "confirmed" | "on-demand";
}
