import { RefusedInput } from "@openward/errors";
import type { NewPatient } from "./ports.ts";

const SEXES = ["male", "female", "other", "unknown"];
const AGE_GROUPS = ["neonate", "pediatric", "adult"];
const OLDEST = "1880-01-01";
const DAY_MS = 86_400_000;

/**
 * The registry is written by the portal and by the command line alike, so it checks for itself.
 *
 * @throws RefusedInput FIELD_INVALID, naming the field
 */
export function checkPatient(patient: NewPatient, now: number): void {
  const refuse = (at: string, expected: string): never => {
    throw new RefusedInput("FIELD_INVALID", { at, expected });
  };
  if (patient.name.trim() === "" || patient.name.length > 200) refuse("name", "1 to 200 characters");
  if (patient.mrn.trim() === "" || patient.mrn.length > 64) refuse("mrn", "1 to 64 characters");
  if (!SEXES.includes(patient.sex)) refuse("sex", SEXES.join(", "));
  if (patient.ageGroup !== null && !AGE_GROUPS.includes(patient.ageGroup)) refuse("ageGroup", AGE_GROUPS.join(", "));
  if (!isTimeZone(patient.timeZone)) refuse("timeZone", "an IANA time zone, as Europe/Oslo");
  if (patient.birthDate !== null && !isBirthDate(patient.birthDate, now)) {
    refuse("birthDate", "a date that has been, as 1948-03-21");
  }
}

// A day ahead is allowed: somewhere it is tomorrow already.
function isBirthDate(text: string, now: number): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || text < OLDEST) return false;
  const at = Date.parse(text);
  return Number.isFinite(at) && new Date(at).toISOString().startsWith(text) && at <= now + DAY_MS;
}

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return name !== "" && !/^[+-]/.test(name);
  } catch {
    return false;
  }
}
