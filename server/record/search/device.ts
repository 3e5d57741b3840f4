import type { Bundle, Device } from "@medplum/fhirtypes";
import type { RecordContext } from "../context.ts";
import type { DeviceRecord } from "../ports.ts";
import { mapPart, partsOf } from "../resources/containment.ts";
import { mapDevice } from "../resources/device.ts";
import { pageOfList, wantedIds } from "./list.ts";
import { type ParameterDefinition, parseQuery } from "./query.ts";
import { idsOfAll } from "./reference.ts";
import { matchesString } from "./string.ts";
import { matchesIdentifier, matchesTokens, parseTokens } from "./token.ts";

const TEXT = ["exact", "contains"];

export const deviceParameters: readonly ParameterDefinition[] = [
  { name: "_id", type: "token", documentation: "One or more ids" },
  { name: "identifier", type: "token", documentation: "The id with which the device signs in" },
  { name: "patient", type: "reference", documentation: "The patient who wears it now", modifiers: ["Patient"] },
  { name: "type", type: "token", documentation: "Device type: key of packages/drivers, or a term of 11073 (MDC)" },
  { name: "status", type: "token", documentation: "active, inactive" },
  { name: "udi-carrier", type: "string", documentation: "The label as people read it", modifiers: TEXT },
  { name: "udi-di", type: "string", documentation: "Device identifier of the label", modifiers: TEXT },
  { name: "device-name", type: "string", documentation: "What it is called", modifiers: TEXT },
  { name: "manufacturer", type: "string", documentation: "Who made it", modifiers: TEXT },
  { name: "model", type: "string", documentation: "Its model", modifiers: TEXT },
  {
    name: "location",
    type: "reference",
    documentation: "location:text, the words for its place; places are no resources here",
    modifiers: ["text"],
  },
  {
    name: "parent",
    type: "reference",
    documentation: "What it is part of: VMDs of a device, channels of a VMD (of FHIR R5)",
    modifiers: ["Device"],
  },
];

/** Whole devices; their parts where they are asked for by id, type or what they are part of. */
export async function searchDevices(
  context: RecordContext,
  pairs: Iterable<readonly [string, string]>,
): Promise<Bundle> {
  const query = parseQuery(pairs, deviceParameters, { strict: context.strict, sorts: ["_id"] });
  const { view, devices, organisation, base } = context;
  const ids = wantedIds(query);
  const patientIds = idsOfAll(query.all("patient"), "Patient", base);
  const parents = idsOfAll(query.all("parent"), "Device", base);
  const identifiers = query.all("identifier").map(parseTokens);
  const types = query.all("type").map(parseTokens);
  const statuses = query.all("status").map(parseTokens);
  // A place is words here: no reference names one.
  const places = query.all("location").map((value) => ({ ...value, modifier: "contains" }));
  const namesPlace = query.all("location").some(({ modifier }) => modifier !== "text");
  const withParts = parents !== undefined || ids !== undefined || types.length > 0;

  const isOn = ({ association }: DeviceRecord): boolean =>
    patientIds === undefined ||
    (association !== null && patientIds.has(association.patientId) && view.has(association.patientId));
  const matches = (resource: Device): boolean =>
    !namesPlace &&
    (ids === undefined || ids.has(resource.id ?? "")) &&
    (parents === undefined || parents.has((resource.parent?.reference ?? "").replace("Device/", ""))) &&
    matchesIdentifier(identifiers, resource.identifier ?? []) &&
    matchesTokens(types, resource.type ? [resource.type] : []) &&
    matchesTokens(statuses, [{ coding: [{ system: STATUS, code: resource.status ?? "" }] }]) &&
    matchesString(query.all("udi-carrier"), textsOf(resource.udiCarrier?.map(({ carrierHRF }) => carrierHRF))) &&
    matchesString(query.all("udi-di"), textsOf(resource.udiCarrier?.map(({ deviceIdentifier }) => deviceIdentifier))) &&
    matchesString(query.all("device-name"), textsOf(resource.deviceName?.map(({ name }) => name))) &&
    matchesString(query.all("manufacturer"), textsOf([resource.manufacturer])) &&
    matchesString(query.all("model"), textsOf([resource.modelNumber])) &&
    matchesString(places, textsOf([resource.location?.display]));

  const found = (await devices.list(view.principal)).filter(isOn).flatMap((record) => {
    const whole = mapDevice(record, organisation, view);
    const parts = withParts ? partsOf(record.device.id, record.device.type) : [];
    return [whole, ...parts.map((part) => mapPart(part, whole))].filter(matches);
  });
  return pageOfList(context, "Device", query, found);
}

const STATUS = "http://hl7.org/fhir/device-status";

const textsOf = (texts: readonly (string | undefined)[] = []) => texts.filter((text) => text !== undefined);
