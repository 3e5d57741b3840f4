import type { AgeGroup, Limits } from "@openward/model";
import table from "./profiles.json" with { type: "json" };

/** A row of profiles.json: default limits of one signal for one age group, with where they come from. */
export interface ProfileRow {
  readonly signal: string;
  readonly low: number | null;
  readonly high: number | null;
  readonly criticalLow: number | null;
  readonly criticalHigh: number | null;
  readonly priority: string;
  readonly delayMs: number;
  readonly hysteresis: number;
  readonly latching: boolean;
  readonly source: string;
  readonly confidence: string;
  readonly note?: string;
}

export const profiles: Readonly<Record<AgeGroup, readonly ProfileRow[]>> = table.profiles;

/** The default limits of an age group, as they enter a patient's record. */
export function limitsOfProfile(group: AgeGroup, at: number): Limits[] {
  return profiles[group].map((row) => ({
    signal: row.signal,
    low: row.low,
    high: row.high,
    criticalLow: row.criticalLow,
    criticalHigh: row.criticalHigh,
    priority: row.priority as Limits["priority"],
    delayMs: row.delayMs,
    hysteresis: row.hysteresis,
    latching: row.latching,
    enabled: true,
    setBy: `profile ${group}`,
    setAt: at,
  }));
}
