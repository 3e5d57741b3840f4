import { mapUse } from "../resources/device-use.ts";
import { patientsIn } from "./asked.ts";
import type { HouseKind } from "./house.ts";

export const houseDeviceUses: HouseKind = {
  documentation:
    "Who wore which device, and when. One that is written puts no device on a patient: that is done in the portals.",
  async list({ view, uses, organisation }, { conditions }) {
    const records = patientsIn(conditions, ["patient", "subject"], view).flatMap((id) => view.recordsOf(id));
    const found = await uses.ofPatients(view.principal, records);
    return found.filter((use) => view.has(use.patientId)).map((use) => mapUse(use, organisation));
  },
};
