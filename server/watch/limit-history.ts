import type { Limits, Millis } from "@openward/model";

/** What people set for a patient, and when: what was measured is judged by the limits of its own time. */
export interface LimitHistory {
  add(patientId: string, limits: Limits): void;
  /** The limits that a person had set for this very patient and that held then; defaults of an age are nobody's judgement of a patient. */
  at(patientId: string, signal: string, time: Millis): Limits | undefined;
  forget(patientId: string): void;
}

export function createLimitHistory(): LimitHistory {
  const all = new Map<string, Map<string, Limits[]>>();
  return {
    add(patientId, limits) {
      const ofPatient = all.get(patientId) ?? new Map<string, Limits[]>();
      all.set(patientId, ofPatient);
      const past = ofPatient.get(limits.signal) ?? [];
      ofPatient.set(limits.signal, past);
      past.push(limits);
    },
    at(patientId, signal, time) {
      const held = all
        .get(patientId)
        ?.get(signal)
        ?.findLast(({ setAt }) => setAt <= time);
      return held?.enabled && !held.setBy.startsWith("profile ") ? held : undefined;
    },
    forget: (patientId) => void all.delete(patientId),
  };
}
