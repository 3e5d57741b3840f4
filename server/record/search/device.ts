import type { Bundle } from "@medplum/fhirtypes";
import type { RecordContext } from "../context.ts";
import type { DeviceRecord } from "../ports.ts";
import { DEVICE_SYSTEM, deviceTypeConcept, mapDevice } from "../resources/device.ts";
import { fhirDeviceId } from "../resources/device-id.ts";
import { pageOfList, wantedIds } from "./list.ts";
import { type ParameterDefinition, parseQuery } from "./query.ts";
import { idsOfAll } from "./reference.ts";
import { matchesIdentifier, matchesTokens, parseTokens } from "./token.ts";

export const deviceParameters: readonly ParameterDefinition[] = [
  { name: "_id", type: "token", documentation: "One or more ids" },
  { name: "identifier", type: "token", documentation: "The id with which the device signs in" },
  { name: "patient", type: "reference", documentation: "The patient who wears it now", modifiers: ["Patient"] },
  { name: "type", type: "token", documentation: "Device type: key of packages/drivers" },
];

export async function searchDevices(
  context: RecordContext,
  pairs: Iterable<readonly [string, string]>,
): Promise<Bundle> {
  const query = parseQuery(pairs, deviceParameters, { strict: context.strict, sorts: ["_id"] });
  const { view, devices, organisation, base } = context;
  const ids = wantedIds(query);
  const patientIds = idsOfAll(query.all("patient"), "Patient", base);
  const identifiers = query.all("identifier").map(parseTokens);
  const types = query.all("type").map(parseTokens);

  const matches = ({ device, association }: DeviceRecord): boolean =>
    (ids === undefined || ids.has(fhirDeviceId(device.id))) &&
    (patientIds === undefined ||
      (association !== null && patientIds.has(association.patientId) && view.has(association.patientId))) &&
    matchesIdentifier(identifiers, [{ system: DEVICE_SYSTEM, value: device.id }]) &&
    matchesTokens(types, [deviceTypeConcept(device.type)]);

  const found = (await devices.list(view.principal))
    .filter(matches)
    .map((record) => mapDevice(record, organisation, view));
  return pageOfList(context, "Device", query, found);
}
