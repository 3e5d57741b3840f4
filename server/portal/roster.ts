import { OutsideTrouble } from "@openward/errors";
import type { PatientRecord, Patients } from "./ports/index.ts";

/** Who lies where: from the database, and while it does not answer, as it last said. */
export interface Roster {
  admitted(organisationId: string): Promise<readonly PatientRecord[]>;
  find(organisationId: string, patientId: string): Promise<PatientRecord | undefined>;
}

/**
 * A screen that reconnects while the database is away must get its tiles: the readings and alarms go on. Who may see
 * a patient is decided by the view, not here.
 */
export function createRoster({ patients }: { patients: Pick<Patients, "list" | "find"> }): Roster {
  const lastKnown = new Map<string, Map<string, PatientRecord>>();
  return {
    async admitted(organisationId) {
      try {
        const records = await patients.list(organisationId, { all: false });
        lastKnown.set(organisationId, new Map(records.map((record) => [record.patient.id, record])));
        return records;
      } catch (error) {
        const known = lastKnown.get(organisationId);
        if (!(error instanceof OutsideTrouble) || !known) throw error;
        return [...known.values()];
      }
    },
    async find(organisationId, patientId) {
      const known = lastKnown.get(organisationId);
      try {
        const record = await patients.find(organisationId, patientId);
        if (record?.stay && record.stay.to === null) known?.set(patientId, record);
        else known?.delete(patientId);
        return record;
      } catch (error) {
        if (!(error instanceof OutsideTrouble) || !known?.has(patientId)) throw error;
        return known.get(patientId);
      }
    },
  };
}
