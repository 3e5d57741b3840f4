import { isOfTheWard, type PatientView } from "@openward/model";
import type { Devices } from "./ports.ts";

/** Devices that a patient of the view wears now. */
export function devicesOn(devices: Devices, view: Pick<PatientView, "has">): Devices {
  const isSeen = ({ association }: { association: { readonly patientId: string } | null }) =>
    association !== null && view.has(association.patientId);
  return {
    list: async (asker) => (await devices.list(asker)).filter(isSeen),
    async find(asker, deviceId) {
      const record = await devices.find(asker, deviceId);
      return record && isSeen(record) ? record : undefined;
    },
  };
}

/** The devices of the house are for who works with them; others see those on whom they see. */
export const devicesFor = (devices: Devices, view: PatientView): Devices =>
  isOfTheWard(view.principal.role) ? devices : devicesOn(devices, view);
