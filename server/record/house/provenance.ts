import { mapProvenance } from "../resources/provenance.ts";
import { isUuid } from "../uuid.ts";
import { idsIn, patientsIn } from "./asked.ts";
import type { HouseKind } from "./house.ts";

export const houseProvenances: HouseKind = {
  documentation: "Who amended what was measured, when and why, the id is the amendment's; and those that were written.",
  async list({ view, amendments, organisation }, { conditions }) {
    const ids = idsIn(conditions);
    const records = ids
      ? ids.filter(isUuid).flatMap((id) => amendments.find(view, id) ?? [])
      : patientsIn(conditions, [], view).flatMap((id) => amendments.ofPatient(view, id));
    // What moved from one patient to another is known of both.
    const once = new Map(records.map((record) => [record.amendment.id, record]));
    return [...once.values()].map((record) => mapProvenance(record, view, organisation));
  },
};
