import type { DeviceMetric } from "@medplum/fhirtypes";
import type { Organisation, Stream } from "@openward/model";
import { findSignal } from "@openward/signals";
import { placeOf } from "./containment.ts";
import { fhirDeviceId } from "./device-id.ts";
import { metaOf } from "./meta.ts";
import { codeOfSignal } from "./observation-kind.ts";
import { UCUM } from "./quantity.ts";

export const STREAM_SYSTEM = "urn:openward:stream";

/**
 * A stream: one signal of one device on one patient. It never changes, so it has one version.
 *
 * @param type of its device, which says where in it the metric hangs
 */
export function mapStream(stream: Stream, organisation: Organisation, type: string | undefined): DeviceMetric {
  return {
    resourceType: "DeviceMetric",
    id: stream.id,
    meta: metaOf(organisation, { versionId: "1" }),
    identifier: [{ system: STREAM_SYSTEM, value: stream.id }],
    type: codeOfSignal(stream.signal, stream.unit),
    unit: { coding: [{ system: UCUM, code: stream.unit }] },
    source: { reference: `Device/${fhirDeviceId(stream.deviceId)}` },
    parent: { reference: `Device/${placeOf(stream.deviceId, type, stream.signal)}` },
    category: categoryOf(stream.signal),
  };
}

export function categoryOf(signal: string): DeviceMetric["category"] {
  return findSignal(signal)?.kind === "setting" ? "setting" : "measurement";
}
