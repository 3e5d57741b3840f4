import type { Resource } from "@medplum/fhirtypes";
import { withheldFrom } from "@openward/model";
import { isHidden } from "@openward/signals/categories";
import type { RecordContext } from "../context.ts";
import { type HappeningName, markOf } from "./ids.ts";
import { mapAlarm, mapEvent, mapStay } from "./resources.ts";

/**
 * An alarm, an event or a stay, as it is now, for who sees the patient. Where somebody lies and what they call for is for roles from
 * which nothing of a patient is withheld.
 *
 * @returns undefined: there is none, or it is not for who asks
 */
export async function readHappening(
  { happenings, view, organisation }: RecordContext,
  name: HappeningName,
): Promise<Resource | undefined> {
  const { principal } = view;
  if (!happenings || withheldFrom(principal.role).size > 0) return undefined;
  switch (name.type) {
    case "Flag": {
      const alarm = await happenings.alarm(principal, name.alarmId);
      if (!alarm || !view.has(alarm.patientId) || isHidden(view, alarm.patientId, alarm.signal)) return undefined;
      return mapAlarm(alarm, organisation);
    }
    case "Communication": {
      if (!view.has(name.patientId)) return undefined;
      const all = await happenings.eventsAt(principal, name.patientId, name.at);
      const said = all.find((one) => markOf(one) === name.mark);
      return said && !isHidden(view, name.patientId, said.event) ? mapEvent(said, organisation) : undefined;
    }
    case "Encounter": {
      const stay = await happenings.stay(principal, name.stayId);
      return stay && view.has(stay.patientId) ? mapStay(stay, organisation) : undefined;
    }
  }
}
