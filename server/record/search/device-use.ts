import type { Bundle } from "@medplum/fhirtypes";
import type { Association } from "@openward/model";
import type { RecordContext } from "../context.ts";
import { fhirDeviceId } from "../resources/device-id.ts";
import { ASSOCIATION_SYSTEM, mapUse } from "../resources/device-use.ts";
import { pageOfList, patientsOfView, wantedIds } from "./list.ts";
import { type ParameterDefinition, parseQuery } from "./query.ts";
import { idsOfAll } from "./reference.ts";
import { matchesIdentifier, parseTokens } from "./token.ts";

export const deviceUseParameters: readonly ParameterDefinition[] = [
  { name: "_id", type: "token", documentation: "One or more ids" },
  { name: "identifier", type: "token", documentation: "urn:openward:association|id" },
  { name: "patient", type: "reference", documentation: "Who wore it", modifiers: ["Patient"] },
  { name: "subject", type: "reference", documentation: "The same as patient", modifiers: ["Patient"] },
  { name: "device", type: "reference", documentation: "What was worn", modifiers: ["Device"] },
];

export async function searchDeviceUses(
  context: RecordContext,
  pairs: Iterable<readonly [string, string]>,
): Promise<Bundle> {
  const query = parseQuery(pairs, deviceUseParameters, { strict: context.strict, sorts: ["_id"] });
  const { view, uses, organisation, base } = context;
  const ids = wantedIds(query);
  const patients = idsOfAll([...query.all("patient"), ...query.all("subject")], "Patient", base);
  const devices = idsOfAll(query.all("device"), "Device", base);
  const identifiers = query.all("identifier").map(parseTokens);

  const matches = ({ id, deviceId }: Association): boolean =>
    (ids === undefined || ids.has(id)) &&
    (devices === undefined || devices.has(fhirDeviceId(deviceId))) &&
    matchesIdentifier(identifiers, [{ system: ASSOCIATION_SYSTEM, value: id }]);

  const asked = patients ? [...patients].filter((id) => view.has(id)) : patientsOfView(view, "http.patient");
  const found = (
    await uses.ofPatients(
      view.principal,
      asked.flatMap((id) => view.recordsOf(id)),
    )
  )
    .filter((use) => view.has(use.patientId) && matches(use))
    .map((use) => mapUse(use, organisation));
  return pageOfList(context, "DeviceUseStatement", query, found);
}
