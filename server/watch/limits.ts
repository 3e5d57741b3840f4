import { RefusedInput } from "@openward/errors";
import type { AgeGroup, Limits, PatientView } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import { findSignal } from "@openward/signals";
import { createLimitHistory } from "./limit-history.ts";
import type { Patients, WatchedPatient, WatchMemory } from "./ports.ts";
import { limitsOfProfile } from "./profiles.ts";

export type NewLimits = Omit<Limits, "setBy" | "setAt">;

export interface PatientLimits {
  /** null: the age is not known and nobody has chosen: no default limit is watched. */
  readonly profile: AgeGroup | null;
  readonly limits: readonly Limits[];
}

/** Whose limits are what: a default profile by age group, and what people have set over it. */
export interface LimitBook {
  of(patientId: string): PatientLimits;
  ofSignal(patientId: string, signal: string): Limits | undefined;
  set(view: PatientView, patientId: string, limits: readonly NewLimits[]): Promise<void>;
  choose(view: PatientView, patientId: string, group: AgeGroup): Promise<void>;
  load(): Promise<void>;
  /** Age, admission or both may have changed. */
  patientChanged(patientId: string): void;
  /** As if nothing had ever been set: nothing is written of it. */
  forget(patientId: string): void;
  /** What a person had set for this patient and what held then. */
  at(patientId: string, signal: string, time: number): Limits | undefined;
}

interface Entry {
  /** Chosen by a person; null: follows the age. */
  chosen: AgeGroup | null;
  /** The age group that was known when it was chosen. */
  chosenFor: AgeGroup | null;
  /** Set by people, by signal. */
  edits: Map<string, Limits>;
  /** The age group for which `effective` was made. */
  ageGroup: AgeGroup | null;
  effective: Map<string, Limits> | undefined;
}

const FOLLOWS_AGE = { ageGroup: null, chosenFor: null } as const;
const SAVE_AGAIN_MS = 10_000;
const NO_LIMITS = { low: null, high: null, criticalLow: null, criticalHigh: null, enabled: false } as const;

export function createLimitBook({
  runtime,
  patients,
  memory,
  report,
}: {
  runtime: Runtime;
  patients: Patients;
  memory: WatchMemory;
  report: (error: unknown, doing: string) => void;
}): LimitBook {
  const entries = new Map<string, Entry>();
  const history = createLimitHistory();

  function entryOf(patientId: string): Entry {
    let entry = entries.get(patientId);
    if (!entry) {
      const ageGroup = patients.watched(patientId)?.ageGroup ?? null;
      entry = { chosen: null, chosenFor: null, edits: new Map(), ageGroup, effective: undefined };
      entries.set(patientId, entry);
    }
    return entry;
  }

  /**
   * A profile that was chosen for another age than the one that is now known is not carried over: limits meant for an
   * adult never reach a child unseen. What people set for this very patient stays, with who set it.
   */
  function follow(patientId: string, entry: Entry, patient: WatchedPatient | undefined): void {
    const ageGroup = patient?.ageGroup ?? null;
    if (ageGroup !== entry.ageGroup) {
      entry.ageGroup = ageGroup;
      entry.effective = undefined;
    }
    const { chosen, chosenFor } = entry;
    if (!patient || ageGroup === null || chosen === null || chosen === ageGroup || chosenFor === ageGroup) return;
    entry.chosen = null;
    entry.chosenFor = null;
    entry.effective = undefined;
    saveFollowing(patient.organisationId, patientId, entry);
  }

  /** Until it is saved or a person chooses. After a restart before that, the same choice ends in the same way. */
  function saveFollowing(organisationId: string, patientId: string, entry: Entry): void {
    memory.saveLimits(organisationId, patientId, FOLLOWS_AGE, [], "system").catch((error) => {
      report(error, "saving the profile that follows the age");
      runtime.timers.after(SAVE_AGAIN_MS, () => {
        // Not of a patient who was erased meanwhile.
        if (entry.chosen === null && entries.get(patientId) === entry) saveFollowing(organisationId, patientId, entry);
      });
    });
  }

  function effectiveOf(patientId: string): { profile: AgeGroup | null; limits: Map<string, Limits> } {
    const entry = entryOf(patientId);
    follow(patientId, entry, patients.watched(patientId));
    const profile = entry.chosen ?? entry.ageGroup;
    if (!entry.effective) {
      const defaults = profile === null ? [] : limitsOfProfile(profile, runtime.clock.now());
      entry.effective = new Map(defaults.map((limits) => [limits.signal, limits]));
      for (const [signal, limits] of entry.edits) entry.effective.set(signal, limits);
    }
    return { profile, limits: entry.effective };
  }

  function organisationOf(view: PatientView, patientId: string): string {
    const patient = view.has(patientId) ? patients.watched(patientId) : undefined;
    if (!patient) throw new RefusedInput("NOT_FOUND", { at: "patientId" });
    return patient.organisationId;
  }

  return {
    of(patientId) {
      const { profile, limits } = effectiveOf(patientId);
      return { profile, limits: [...limits.values()] };
    },
    ofSignal: (patientId, signal) => effectiveOf(patientId).limits.get(signal),
    async set(view, patientId, changes) {
      const organisationId = organisationOf(view, patientId);
      changes.forEach(checkLimits);
      effectiveOf(patientId);
      const setAt = runtime.clock.now();
      const by = view.principal.id;
      const edits = changes.map((limits): Limits => ({ ...pickLimits(limits), setBy: by, setAt }));
      // Saved before it counts: after a restart the same limits hold.
      const entry = entryOf(patientId);
      const profile = { ageGroup: entry.chosen, chosenFor: entry.chosenFor };
      await memory.saveLimits(organisationId, patientId, profile, edits, by);
      for (const limits of edits) {
        entry.edits.set(limits.signal, limits);
        history.add(patientId, limits);
      }
      entry.effective = undefined;
    },
    async choose(view, patientId, group) {
      const organisationId = organisationOf(view, patientId);
      const defaults = limitsOfProfile(group, runtime.clock.now());
      const known = new Set(defaults.map((limits) => limits.signal));
      // Written out in full, so that the newest limits of every signal are these; what the profile lacks is off.
      const off = [...entryOf(patientId).edits.values()]
        .filter((limits) => !known.has(limits.signal))
        .map((limits) => ({ ...limits, ...NO_LIMITS, setBy: `profile ${group}`, setAt: runtime.clock.now() }));
      const chosenFor = patients.watched(patientId)?.ageGroup ?? null;
      const profile = { ageGroup: group, chosenFor };
      await memory.saveLimits(organisationId, patientId, profile, [...defaults, ...off], view.principal.id);
      for (const limits of [...defaults, ...off]) history.add(patientId, limits);
      const entry = entryOf(patientId);
      entry.chosen = group;
      entry.chosenFor = chosenFor;
      entry.edits.clear();
      entry.effective = undefined;
    },
    async load() {
      for (const { patientId, limits } of (await memory.limitHistory?.()) ?? []) history.add(patientId, limits);
      for (const { patientId, profile, limits } of await memory.limits()) {
        const entry = entryOf(patientId);
        entry.chosen = profile.ageGroup;
        entry.chosenFor = profile.chosenFor;
        // What a profile set is not an edit: it is made anew from the profile.
        entry.edits = new Map(limits.filter((l) => !l.setBy.startsWith("profile ")).map((l) => [l.signal, l]));
        entry.effective = undefined;
      }
    },
    forget(patientId) {
      entries.delete(patientId);
      history.forget(patientId);
    },
    at: history.at,
    patientChanged(patientId) {
      const entry = entries.get(patientId);
      if (!entry) return;
      const patient = patients.watched(patientId);
      if (patient) follow(patientId, entry, patient);
      entry.effective = undefined;
    },
  };
}

function pickLimits(l: NewLimits): NewLimits {
  return {
    signal: l.signal,
    low: l.low,
    high: l.high,
    criticalLow: l.criticalLow,
    criticalHigh: l.criticalHigh,
    priority: l.priority,
    delayMs: l.delayMs,
    hysteresis: l.hysteresis,
    latching: l.latching,
    enabled: l.enabled,
  };
}

const LONGEST_DELAY_MS = 600_000;

/** @throws RefusedInput SIGNAL_UNKNOWN, SIGNAL_KIND, FIELD_INVALID with the field at fault */
export function checkLimits(limits: NewLimits, position: number): void {
  const at = (field: string) => `limits[${position}].${field}`;
  const refuse = (field: string, expected: string): never => {
    throw new RefusedInput("FIELD_INVALID", { at: at(field), expected });
  };
  const signal = findSignal(limits.signal);
  if (!signal) throw new RefusedInput("SIGNAL_UNKNOWN", { at: at("signal"), received: limits.signal });
  if (signal.kind !== "numeric" && signal.kind !== "setting") {
    throw new RefusedInput("SIGNAL_KIND", { at: at("signal"), expected: "a numeric signal" });
  }
  const { hardMin, hardMax, ucum } = signal;
  for (const field of ["low", "high", "criticalLow", "criticalHigh"] as const) {
    const value = limits[field];
    if (value === null) continue;
    const isPossible = Number.isFinite(value) && value >= (hardMin ?? value) && value <= (hardMax ?? value);
    if (!isPossible) refuse(field, `a value from ${hardMin ?? "any"} to ${hardMax ?? "any"} ${ucum ?? ""}`.trim());
  }
  const { low, high, criticalLow, criticalHigh } = limits;
  if (criticalLow !== null && low !== null && criticalLow > low) refuse("criticalLow", "not above low");
  if (criticalHigh !== null && high !== null && criticalHigh < high) refuse("criticalHigh", "not below high");
  const floor = low ?? criticalLow;
  const ceiling = high ?? criticalHigh;
  if (floor !== null && ceiling !== null && floor >= ceiling) refuse("high", "more than low");
  if (!Number.isInteger(limits.delayMs) || limits.delayMs < 0 || limits.delayMs > LONGEST_DELAY_MS) {
    refuse("delayMs", `whole milliseconds from 0 to ${LONGEST_DELAY_MS}`);
  }
  if (!Number.isFinite(limits.hysteresis) || limits.hysteresis < 0) refuse("hysteresis", "0 or more");
  // A condition must be able to end: the way back inside must not reach the other limit.
  if (floor !== null && ceiling !== null && limits.hysteresis >= ceiling - floor) {
    refuse("hysteresis", "less than the distance between the limits");
  }
}
