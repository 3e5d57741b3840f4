import { createHash } from "node:crypto";
import type { Device as FhirDevice } from "@medplum/fhirtypes";
import type { Organisation } from "@openward/model";
import packageJson from "../../package.json" with { type: "json" };
import { contentVersion, metaOf } from "./meta.ts";

/** Ids of this form are hashes of devices' own: no device has this one. */
export const GATEWAY_ID = `x-${createHash("sha256").update("\nopenward gateway").digest("hex").slice(0, 40)}`;

const PHG = "http://hl7.org/fhir/uv/phd/StructureDefinition/PhgDevice";
const SYSTEM = "urn:openward:gateway";
const MDC = "urn:iso:std:iso:11073:10101";
const term = (code: string, display: string) => ({ coding: [{ system: MDC, code, display }], text: display });

/**
 * The house itself, to the Personal Health Device guide: what takes the measurements of personal health devices, puts their times right and
 * makes resources of them. By which boxes and telephones they came on the way is not told.
 */
export function mapGateway(organisation: Organisation, version = packageJson.version): FhirDevice {
  const told: Omit<FhirDevice, "resourceType"> = {
    identifier: [{ system: SYSTEM, value: organisation.id }],
    status: "active",
    manufacturer: "Openward",
    deviceName: [{ name: "Openward", type: "user-friendly-name" }],
    type: term("531981", "MDC_MOC_VMS_MDS_AHD"),
    specialization: [{ systemType: term("528457", "MDC_DEV_SPEC_PROFILE_GENERIC") }],
    version: [{ type: term("531975", "MDC_ID_PROD_SPEC_SW"), value: version }],
    owner: { display: organisation.name },
  };
  return {
    resourceType: "Device",
    id: GATEWAY_ID,
    meta: metaOf(organisation, { versionId: contentVersion(told), profile: [PHG] }),
    ...told,
  };
}
