import type { Patient } from "@openward/model";
import type { PortalDeps } from "../portal.ts";
import { type Held, WARD } from "./held.ts";

/** Patients and the ward they lie in, in a few lines. */
export function patientsOf({
  now,
  id,
  patients,
  asked,
  stay,
  need,
  put,
  checkFree,
  lay,
}: Held): Pick<PortalDeps, "patients" | "wards"> {
  return {
    patients: {
      list: async (_, { all, q }) =>
        [...patients.values()].filter(
          (record) =>
            (all || record.stay) && (q === undefined || record.patient.name.includes(q)) && !record.patient.mergedInto,
        ),
      find: async (_, patientId) => patients.get(patientId),
      similar: async (_, name) =>
        [...patients.values()].filter((r) => r.patient.name.toLowerCase() === name.toLowerCase()),
      async create(organisationId, patient, _by, place) {
        if (place) checkFree(null, place);
        asked.push(["create", patient]);
        const made: Patient = {
          ...patient,
          id: id(),
          organisationId,
          mergedInto: null,
          createdAt: now(),
          updatedAt: now(),
        };
        return put({ patient: made, stay: place ? stay(made.id, place.wardId, place.bed) : null }).patient;
      },
      async change(_, patientId, change) {
        asked.push(["change", change]);
        const record = need(patients, patientId);
        return put({ ...record, patient: { ...record.patient, ...change } }).patient;
      },
      admit: async (_, patientId, place) => lay(patientId, place),
      transfer: async (_, patientId, place) => lay(patientId, place),
      discharge: async (_, patientId) => put({ ...need(patients, patientId), stay: null }),
      async merge(_, patientId, into) {
        const gone = need(patients, patientId);
        put({ patient: { ...gone.patient, mergedInto: into }, stay: null });
        return need(patients, into);
      },
    },
    wards: {
      list: async () => [WARD],
      create: async (organisationId, name, timeZone) => ({ id: id(), organisationId, name, timeZone }),
    },
  };
}
