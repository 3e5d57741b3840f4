import { createHash } from "node:crypto";
import type { Coding, DeviceVersion, Device as FhirDevice, Identifier } from "@medplum/fhirtypes";
import { udiIssuerOf } from "@openward/codecs/udi";
import { findDriver } from "@openward/drivers";
import type { DeviceFact, DeviceLabel, Organisation, PatientView } from "@openward/model";
import type { DeviceRecord } from "../ports.ts";
import { mdsOf, profileOfDevice, specializationOf, termConcept } from "./containment.ts";
import { clockProperties, syncProperties } from "./device-clock.ts";
import { fhirDeviceId } from "./device-id.ts";
import { metaOf } from "./meta.ts";
import { MDC } from "./observation-kind.ts";
import { fhirTime } from "./time.ts";

/** The id with which a device signs in. */
export const DEVICE_SYSTEM = "urn:openward:device";
/** Keys of packages/drivers. */
export const DEVICE_TYPE_SYSTEM = "urn:openward:device-type";

/** The patient is named only to those who may see that patient. */
export function mapDevice(
  { device, association, registration, facts, clock: known }: DeviceRecord,
  organisation: Organisation,
  view: PatientView,
): FhirDevice {
  const patientId = association && view.has(association.patientId) ? association.patientId : undefined;
  const { label } = registration;
  // In which ward it stands is no part of the resource.
  const { wardId: _, ...shown } = registration;
  const versions = versionsOf(facts);
  // What is learnt of a clock tells that somebody is measured.
  const clock = association === null || patientId !== undefined ? known : null;
  const isClockless = findDriver(device.type)?.clock === "none";
  const properties = [...(clock === null ? [] : clockProperties(clock)), ...syncProperties(clock, isClockless)];
  const lastUpdated = Math.max(
    device.createdAt,
    device.revokedAt ?? 0,
    patientId === undefined ? 0 : (association?.from ?? 0),
  );
  return {
    resourceType: "Device",
    id: fhirDeviceId(device.id),
    meta: metaOf(organisation, {
      versionId: `${lastUpdated}-${contentHash([device, shown, versions.map(({ value }) => value), ...(clock ? [clock.sequence] : [])])}`,
      lastUpdated: fhirTime(lastUpdated),
      profile: profileOfDevice(device.type),
    }),
    identifier: [{ use: "official", system: DEVICE_SYSTEM, value: device.id }, ...systemIdOf(facts)],
    ...(label === null ? {} : labelled(label)),
    status: device.revokedAt === null && !registration.isOutOfService ? "active" : "inactive",
    ...(device.manufacturer === null ? {} : { manufacturer: device.manufacturer }),
    ...(device.serial === null ? {} : { serialNumber: device.serial }),
    deviceName: [{ name: device.display, type: "user-friendly-name" }],
    ...(device.model === null ? {} : { modelNumber: device.model }),
    type: deviceTypeConcept(device.type),
    ...specialized(device.type),
    ...(versions.length === 0 ? {} : { version: versions.map(versionOf) }),
    ...(properties.length === 0 ? {} : { property: properties }),
    ...(patientId === undefined ? {} : { patient: { reference: `Patient/${patientId}` } }),
    ...(registration.owner === "organisation" ? { owner: { display: organisation.name } } : {}),
    ...(registration.owner === "loan" && registration.ownerName !== null
      ? { owner: { display: registration.ownerName } }
      : {}),
    ...(registration.location === null ? {} : { location: { display: registration.location } }),
  };
}

function labelled(label: DeviceLabel): Partial<FhirDevice> {
  const { di, agency, lot, madeOn, expiresOn, din, hrf, aidc, entry } = label;
  return {
    udiCarrier: [
      {
        deviceIdentifier: di,
        issuer: udiIssuerOf(agency),
        carrierAIDC: Buffer.from(aidc, "latin1").toString("base64"),
        carrierHRF: hrf,
        entryType: entry,
      },
    ],
    ...(din === null ? {} : { distinctIdentifier: din }),
    ...(lot === null ? {} : { lotNumber: lot }),
    ...(madeOn === null ? {} : { manufactureDate: madeOn }),
    ...(expiresOn === null ? {} : { expirationDate: expiresOn }),
  };
}

/**
 * What people write down and what the device says has no time of change here: when it spoke would tell of a patient whom
 * the asker may not see. The version still is another one.
 */
function contentHash(content: unknown): string {
  return createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 12);
}

const VERSIONS = ["firmware", "hardware", "software"];
/** Terms of 11073 for a part of the production specification. */
const PRODUCTION: Readonly<Record<string, { readonly code: string; readonly display: string }>> = {
  hardware: { code: "531974", display: "MDC_ID_PROD_SPEC_HW" },
  software: { code: "531975", display: "MDC_ID_PROD_SPEC_SW" },
  firmware: { code: "531976", display: "MDC_ID_PROD_SPEC_FW" },
};

const versionOf = ({ fact, value }: DeviceFact): DeviceVersion => ({
  type: { coding: [{ system: MDC, ...PRODUCTION[fact] }], text: fact },
  value,
});

/** Identifiers of devices by the standard's own numbers (EUI-64), and what such a number is. */
const SYSTEM_ID = "urn:oid:1.2.840.10004.1.1.1.0.0.1.0.0.1.2680";
const IDENTIFIER_TYPES = "http://terminology.hl7.org/CodeSystem/ContinuaDeviceIdentifiers";

/** "00-60-19-00-01-0E-92-34", where the device told it. */
function systemIdOf(facts: readonly DeviceFact[]): Identifier[] {
  const told = facts.find(({ fact }) => fact === "systemId")?.value.replaceAll(/[^0-9A-Fa-f]/g, "") ?? "";
  if (told.length !== 16) return [];
  const type = { coding: [{ system: IDENTIFIER_TYPES, code: "SYSID" }] };
  return [{ type, system: SYSTEM_ID, value: told.toUpperCase().replaceAll(/..(?!$)/g, "$&-") }];
}

/** Of a personal health device: the specialization of 11073 that it follows. */
function specialized(type: string): Pick<FhirDevice, "specialization"> {
  const term = specializationOf(type);
  return term ? { specialization: [{ systemType: termConcept(term) }] } : {};
}

/** The newest of each. */
function versionsOf(facts: readonly DeviceFact[]): DeviceFact[] {
  return VERSIONS.flatMap((name) => facts.find(({ fact }) => fact === name) ?? []);
}

/** Every personal health device is one of these to 11073. */
const SIMPLE: Coding = { system: MDC, code: "65573", display: "MDC_MOC_VMS_MDS_SIMP" };

/** By our own key, and by 11073 where the driver says what it is there. */
export function deviceTypeConcept(key: string): NonNullable<FhirDevice["type"]> {
  const display = findDriver(key)?.display ?? key;
  const mds = mdsOf(key);
  const term = mds ? (termConcept(mds).coding ?? []) : [];
  const simple = specializationOf(key) ? [SIMPLE] : [];
  return { coding: [{ system: DEVICE_TYPE_SYSTEM, code: key, display }, ...term, ...simple], text: display };
}
