import type { Coding, DeviceMetric } from "@medplum/fhirtypes";
import type { Organisation, Stream } from "@openward/model";
import { findSignal } from "@openward/signals";
import { placeOf, profileOfMetric, specializationOf } from "./containment.ts";
import { fhirDeviceId } from "./device-id.ts";
import { metaOf } from "./meta.ts";
import { codeOfSignal, MDC } from "./observation-kind.ts";
import { UCUM } from "./quantity.ts";

export const STREAM_SYSTEM = "urn:openward:stream";

/**
 * A stream: one signal of one device on one patient. It never changes, so it has one version.
 *
 * @param type of its device, which says where in it the metric hangs
 */
export function mapStream(stream: Stream, organisation: Organisation, type: string | undefined): DeviceMetric {
  const profile = profileOfMetric(stream, type);
  return {
    resourceType: "DeviceMetric",
    id: stream.id,
    meta: metaOf(organisation, { versionId: "1", ...(profile ? { profile } : {}) }),
    identifier: [{ system: STREAM_SYSTEM, value: stream.id }],
    type: codeOfSignal(stream.signal, stream.unit),
    unit: { coding: unitsOf(stream) },
    source: { reference: `Device/${fhirDeviceId(stream.deviceId)}` },
    // A personal health device is part of nothing, and its metrics hang in nothing.
    ...(specializationOf(type)
      ? {}
      : { parent: { reference: `Device/${placeOf(stream.deviceId, type, stream.signal)}` } }),
    category: categoryOf(stream.signal),
  };
}

/** UCUM, and MDC's code of the same unit where it is the signal's own. */
function unitsOf({ signal, unit }: Stream): Coding[] {
  const known = findSignal(signal);
  const mdc = known?.ucum === unit ? known.mdcUnit : undefined;
  return [{ system: UCUM, code: unit }, ...(mdc ? [{ system: MDC, code: String(mdc.code), display: mdc.refId }] : [])];
}

export function categoryOf(signal: string): DeviceMetric["category"] {
  return findSignal(signal)?.kind === "setting" ? "setting" : "measurement";
}
