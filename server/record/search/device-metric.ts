import type { Bundle } from "@medplum/fhirtypes";
import type { Stream } from "@openward/model";
import type { RecordContext } from "../context.ts";
import { placeOf } from "../resources/containment.ts";
import { fhirDeviceId } from "../resources/device-id.ts";
import { categoryOf, mapStream, STREAM_SYSTEM } from "../resources/device-metric.ts";
import { codeOfSignal } from "../resources/observation-kind.ts";
import { isUuid } from "../uuid.ts";
import { pageOfList, patientsOfView, wantedIds } from "./list.ts";
import { type ParameterDefinition, parseQuery } from "./query.ts";
import { idsOfAll } from "./reference.ts";
import { matchesIdentifier, matchesTokens, parseTokens } from "./token.ts";

export const deviceMetricParameters: readonly ParameterDefinition[] = [
  { name: "_id", type: "token", documentation: "One or more ids" },
  { name: "identifier", type: "token", documentation: "urn:openward:stream|id" },
  { name: "source", type: "reference", documentation: "The device that measures", modifiers: ["Device"] },
  {
    name: "parent",
    type: "reference",
    documentation: "The channel in which it hangs, or the device",
    modifiers: ["Device"],
  },
  { name: "category", type: "token", documentation: "measurement, setting" },
  { name: "type", type: "token", documentation: "What is measured: LOINC, 11073 (MDC) or our own code" },
];

const METRIC_CATEGORY = "http://hl7.org/fhir/metric-category";

export async function searchDeviceMetrics(
  context: RecordContext,
  pairs: Iterable<readonly [string, string]>,
): Promise<Bundle> {
  const query = parseQuery(pairs, deviceMetricParameters, { strict: context.strict, sorts: ["_id"] });
  const { view, telemetry, organisation, base, typeOf } = context;
  const ids = wantedIds(query);
  const sources = idsOfAll(query.all("source"), "Device", base);
  const identifiers = query.all("identifier").map(parseTokens);
  const parents = idsOfAll(query.all("parent"), "Device", base);
  const categories = query.all("category").map(parseTokens);
  const types = query.all("type").map(parseTokens);

  const matches = (stream: Stream): boolean =>
    (ids === undefined || ids.has(stream.id)) &&
    (sources === undefined || sources.has(fhirDeviceId(stream.deviceId))) &&
    (parents === undefined || parents.has(placeOf(stream.deviceId, typeOf(stream.deviceId), stream.signal))) &&
    matchesTokens(categories, [{ coding: [{ system: METRIC_CATEGORY, code: categoryOf(stream.signal) }] }]) &&
    matchesIdentifier(identifiers, [{ system: STREAM_SYSTEM, value: stream.id }]) &&
    matchesTokens(types, [codeOfSignal(stream.signal, stream.unit)]);

  const summaries = ids
    ? await Promise.all([...ids].filter(isUuid).map((id) => telemetry.stream(view, id)))
    : (await Promise.all(patientsOfView(view, "http._id").map((id) => telemetry.streams(view, id)))).flat();
  const found = summaries.flatMap((summary) =>
    summary && matches(summary.stream)
      ? [mapStream(summary.stream, organisation, typeOf(summary.stream.deviceId))]
      : [],
  );
  return pageOfList(context, "DeviceMetric", query, found);
}
