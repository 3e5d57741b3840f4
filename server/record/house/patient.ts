import { mapPatient } from "../resources/patient.ts";
import { idsIn } from "./asked.ts";
import type { HouseKind } from "./house.ts";

export const housePatients: HouseKind = {
  documentation:
    "Patients whom the asker may see: those of the registry, as they were written where they were. One that is deleted leaves the lists; one with anything in the chart is not deleted (409).",
  async list({ view, patients, organisation }, { conditions }) {
    const ids = idsIn(conditions);
    const records = ids
      ? await Promise.all(ids.filter((id) => view.has(id)).map((id) => patients.find(view.principal, id)))
      : await patients.list(view.principal, { all: true });
    return records.flatMap((record) =>
      record && view.has(record.patient.id)
        ? [mapPatient(record.patient, organisation, view.recordsOf(record.patient.id).slice(1))]
        : [],
    );
  },
};
