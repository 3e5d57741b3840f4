import type { PatientBody } from "@openward/api";
import { RefusedInput } from "@openward/errors";

/** Patients of the same or a similar name are there, and the person has not said that they looked at them. */
export class SimilarPatients extends RefusedInput {
  readonly problemExtension: { readonly similar: readonly PatientBody[] };

  constructor(similar: readonly PatientBody[]) {
    super("CONFLICT", { at: "name", expected: "a look at the patients in `similar`, then their ids in seenSimilar" });
    this.problemExtension = { similar };
  }
}
