import { RefusedInput } from "@openward/errors";
import type { Runtime } from "@openward/runtime";
import type { Tables, WriteIn } from "./ports.ts";

export interface FoundRecord {
  readonly patientId: string;
  readonly mrn: string;
}

/** The way from the number on a patient's letter to their record, for who looks after rights and is let see nobody. */
export function createRecords(deps: {
  readonly tables: Tables;
  readonly audit: WriteIn;
  readonly runtime: Pick<Runtime, "clock">;
}) {
  const { tables, audit, runtime } = deps;
  return {
    /**
     * The whole number, to the letter, and nothing like it. It is in the audit log, beside the patient.
     *
     * @throws RefusedInput NOT_FOUND
     */
    async find(organisationId: string, mrn: string, by: string): Promise<FoundRecord> {
      const at = runtime.clock.now();
      return tables.inOrganisation(organisationId, async (tx) => {
        const [found] = await tx.rows<FoundRecord>('SELECT id AS "patientId", mrn FROM patient WHERE mrn = $1', [mrn]);
        if (!found) throw new RefusedInput("NOT_FOUND", { at: "mrn" });
        await audit(tx, { organisationId, at, by, action: "record.find", patientId: found.patientId, detail: {} });
        return found;
      });
    },
  };
}
