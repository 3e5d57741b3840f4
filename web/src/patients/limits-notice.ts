import type { PatientBody } from "@openward/api";
import { hasLimitsOfAnotherAge, needsLimits } from "../live/tiles.ts";
import { ageGroupWord } from "./age-groups.ts";

export interface LimitsNotice {
  readonly word: string;
  readonly text: string;
}

/** What must be said of the limits wherever the patient is shown; null: they are those of the patient's age. */
export function limitsNotice(patient: PatientBody): LimitsNotice | null {
  if (needsLimits(patient)) return { word: "NO LIMITS", text: "Age unknown: choose alarm limits" };
  if (hasLimitsOfAnotherAge(patient) && patient.limitsProfile && patient.ageGroup) {
    const [used, own] = [ageGroupWord(patient.limitsProfile), ageGroupWord(patient.ageGroup)];
    return { word: `LIMITS OF: ${used.toUpperCase()}`, text: `By age this patient is: ${own.toLowerCase()}` };
  }
  return null;
}
