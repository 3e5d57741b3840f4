import type { PatientBody } from "@openward/api";
import { RefusedInput } from "@openward/errors";

/** Somebody lies in the bed already, and the person has not said that it is shared. */
export class OccupiedBed extends RefusedInput {
  readonly problemExtension: { readonly occupants: readonly PatientBody[] };

  constructor(facts: RefusedInput["facts"], occupants: readonly PatientBody[]) {
    super("BED_OCCUPIED", facts);
    this.problemExtension = { occupants };
  }
}
