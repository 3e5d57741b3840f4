import type { AgeGroup } from "./alarm.ts";
import type { Patient } from "./people.ts";

/**
 * The age group whose limits suit a patient: from the birth date on the day it is where the patient is; else what a
 * person chose; else null, and nobody guesses. Neonate below 28 days, pediatric below 18 years.
 *
 * @param now ms UTC
 */
export function ageGroupOf(
  patient: Pick<Patient, "birthDate" | "ageGroup" | "timeZone">,
  now: number,
): AgeGroup | null {
  if (patient.birthDate === null) return patient.ageGroup;
  const born = Date.parse(`${patient.birthDate}T00:00:00Z`);
  const today = isoDateIn(patient.timeZone, now);
  // A birth date that lies ahead (a slip of the pen, a clock that is wrong) tells nothing.
  if (!Number.isFinite(born) || today < patient.birthDate) return patient.ageGroup;
  const days = Math.round((Date.parse(`${today}T00:00:00Z`) - born) / 86_400_000);
  if (days < 28) return "neonate";
  const birthday18 = `${String(Number(patient.birthDate.slice(0, 4)) + 18).padStart(4, "0")}${patient.birthDate.slice(4)}`;
  return today < birthday18 ? "pediatric" : "adult";
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** The calendar date at a place: "2026-11-22". @param timeZone IANA name */
export function isoDateIn(timeZone: string, now: number): string {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
    formats.set(timeZone, format);
  }
  return format.format(now);
}
