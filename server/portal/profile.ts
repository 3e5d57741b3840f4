import { RefusedInput } from "@openward/errors";
import { type AgeGroup, ageGroupOf, type PatientView } from "@openward/model";
import type { PatientRecord, Watch } from "./ports/index.ts";

/** Whose default limits are watched for a patient now; null: nobody's. */
export async function limitsProfileOf(
  watch: Pick<Watch, "limitsOf">,
  view: PatientView,
  { patient, stay }: PatientRecord,
  now: number,
): Promise<AgeGroup | null> {
  if (!stay || stay.to !== null) return null;
  try {
    return (await watch.limitsOf(view, patient.id)).profile;
  } catch (error) {
    // Admitted in this very request, after the view was minted: nobody has chosen yet.
    if (error instanceof RefusedInput && error.code === "NOT_FOUND") return ageGroupOf(patient, now);
    throw error;
  }
}
