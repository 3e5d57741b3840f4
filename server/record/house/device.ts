import { asksFor } from "@openward/fhir/search";
import { mapPart, partsOf, specializationOf } from "../resources/containment.ts";
import { mapDevice } from "../resources/device.ts";
import { mapGateway } from "../resources/gateway.ts";
import { idsIn } from "./asked.ts";
import type { HouseKind } from "./house.ts";

export const houseDevices: HouseKind = {
  documentation:
    "Devices of the organisation, and the VMDs and channels of those whose type says what is in them (parent); and the house itself as gateway of personal health devices; the patient is named to those who may see that patient. A Device that is written is kept as it was written: it cannot send.",
  /** Whole devices; their parts where they are asked for by id, type or what they are part of. */
  async list({ view, devices, organisation }, { conditions }) {
    const withParts =
      idsIn(conditions) !== undefined || conditions.some((one) => asksFor(one, "parent") || asksFor(one, "type"));
    const records = await devices.list(view.principal);
    const hasPersonal = records.some(({ device }) => specializationOf(device.type));
    const all = records.flatMap((record) => {
      const whole = mapDevice(record, organisation, view);
      const parts = withParts ? partsOf(record.device.id, record.device.type) : [];
      return [whole, ...parts.map((part) => mapPart(part, whole))];
    });
    return hasPersonal ? [...all, mapGateway(organisation)] : all;
  },
};
