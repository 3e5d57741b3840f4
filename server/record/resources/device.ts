import type { Device as FhirDevice } from "@medplum/fhirtypes";
import { findDriver } from "@openward/drivers";
import type { Organisation, PatientView } from "@openward/model";
import type { DeviceRecord } from "../ports.ts";
import { fhirDeviceId } from "./device-id.ts";
import { metaOf } from "./meta.ts";
import { fhirTime } from "./time.ts";

/** The id with which a device signs in. */
export const DEVICE_SYSTEM = "urn:openward:device";
/** Keys of packages/drivers. */
export const DEVICE_TYPE_SYSTEM = "urn:openward:device-type";

/** The patient is named only to those who may see that patient. */
export function mapDevice(
  { device, association }: DeviceRecord,
  organisation: Organisation,
  view: PatientView,
): FhirDevice {
  const patientId = association && view.has(association.patientId) ? association.patientId : undefined;
  const lastUpdated = Math.max(
    device.createdAt,
    device.revokedAt ?? 0,
    patientId === undefined ? 0 : (association?.from ?? 0),
  );
  return {
    resourceType: "Device",
    id: fhirDeviceId(device.id),
    meta: metaOf(organisation, { versionId: String(lastUpdated), lastUpdated: fhirTime(lastUpdated) }),
    identifier: [{ use: "official", system: DEVICE_SYSTEM, value: device.id }],
    status: device.revokedAt === null ? "active" : "inactive",
    ...(device.manufacturer === null ? {} : { manufacturer: device.manufacturer }),
    ...(device.serial === null ? {} : { serialNumber: device.serial }),
    deviceName: [{ name: device.display, type: "user-friendly-name" }],
    ...(device.model === null ? {} : { modelNumber: device.model }),
    type: deviceTypeConcept(device.type),
    ...(patientId === undefined ? {} : { patient: { reference: `Patient/${patientId}` } }),
    owner: { display: organisation.name },
  };
}

export function deviceTypeConcept(key: string): NonNullable<FhirDevice["type"]> {
  const display = findDriver(key)?.display ?? key;
  return { coding: [{ system: DEVICE_TYPE_SYSTEM, code: key, display }], text: display };
}
