import { createHash } from "node:crypto";
import type { CodeableConcept, Device as FhirDevice, Observation } from "@medplum/fhirtypes";
import { type Containment, findDriver } from "@openward/drivers";
import type { Stream } from "@openward/model";
import { findSignal } from "@openward/signals";
import { fhirDeviceId } from "./device-id.ts";
import { MDC } from "./observation-kind.ts";
import { measuredAtHome } from "./personal-health.ts";
import { isQuestionable } from "./quality.ts";

/** Type of a device, whoever asks: its parts, and what its Observations point at, are the same for everybody. */
export type DeviceTypes = (deviceId: string) => string | undefined;

type Term = Containment["mds"];

/** A VMD or a channel of a device: Device/{id} of its own, in the chain MDS, VMD, channel (IEEE 11073-10201). */
export interface DevicePart {
  readonly id: string;
  /** Id of the Device that it is part of. */
  readonly parentId: string;
  readonly term: Term;
  readonly isVmd: boolean;
}

/** Point-of-Care Device guide (hl7.fhir.uv.pocd). */
const POCD = "http://hl7.org/fhir/uv/pocd/StructureDefinition/";
const PHD = "http://hl7.org/fhir/uv/phd/StructureDefinition/";

const PART = /^(.+)\.(?:vmd|chan)-\d{1,3}$/;
const SUFFIX_MAX = 9;

/** What the ids of a device's parts begin with: its FHIR id, or a hash where they would be too long. */
function baseOf(deviceId: string): string {
  const id = fhirDeviceId(deviceId);
  return id.length + SUFFIX_MAX <= 64 ? id : `x-${createHash("sha256").update(deviceId).digest("hex").slice(0, 40)}`;
}

/** @returns what parts of this device begin with, where the id may be one of a part; else undefined */
export function baseOfPart(fhirId: string): string | undefined {
  return PART.exec(fhirId)?.[1];
}

export const isBaseOf = (base: string, deviceId: string) => baseOf(deviceId) === base;

/** VMDs first, each before its channels; none where the type says nothing of what is in it. */
export function partsOf(deviceId: string, type: string | undefined): readonly DevicePart[] {
  return layoutOf(deviceId, type).parts;
}

interface Layout {
  readonly parts: readonly DevicePart[];
  /** Channel of each signal. */
  readonly channels: ReadonlyMap<string, string>;
}

const NOTHING: Layout = { parts: [], channels: new Map() };
const LAYOUTS_KEPT = 2_000;
const layouts = new Map<string, Layout>();

function layoutOf(deviceId: string, type: string | undefined): Layout {
  const containment = type === undefined ? undefined : findDriver(type)?.containment;
  if (!containment?.channels) return NOTHING;
  const key = `${deviceId} ${type}`;
  let layout = layouts.get(key);
  if (!layout) {
    if (layouts.size >= LAYOUTS_KEPT) layouts.clear();
    layout = laidOut(deviceId, containment);
    layouts.set(key, layout);
  }
  return layout;
}

function laidOut(deviceId: string, containment: Containment): Layout {
  const base = baseOf(deviceId);
  const vmds = new Map<string, DevicePart>();
  const channels = new Map<string, string>();
  const parts: DevicePart[] = [];
  for (const [index, { vmd, channel, signals }] of (containment.channels ?? []).entries()) {
    let part = vmds.get(vmd.refId);
    if (!part) {
      part = { id: `${base}.vmd-${vmds.size + 1}`, parentId: fhirDeviceId(deviceId), term: vmd, isVmd: true };
      vmds.set(vmd.refId, part);
      parts.push(part);
    }
    const id = `${base}.chan-${index + 1}`;
    parts.push({ id, parentId: part.id, term: channel, isVmd: false });
    for (const signal of signals) channels.set(signal, id);
  }
  return { parts, channels };
}

/** Id of the Device in which a metric hangs: its channel, or the device itself where nothing more is known. */
export function placeOf(deviceId: string, type: string | undefined, signal: string): string {
  return layoutOf(deviceId, type).channels.get(signal) ?? fhirDeviceId(deviceId);
}

/** A VMD or a channel: what it is and what it is part of; how it is, is that of its device, and only that names the patient. */
export function mapPart({ id, parentId, term, isVmd }: DevicePart, whole: FhirDevice): FhirDevice {
  const { meta, status } = whole;
  return {
    resourceType: "Device",
    id,
    meta: { ...meta, profile: [`${POCD}${isVmd ? "VmdDevice" : "ChannelDevice"}`] },
    ...(status ? { status } : {}),
    type: termConcept(term),
    parent: { reference: `Device/${parentId}` },
  };
}

/** A term of 11073-10101; one whose number nobody published here stands by its name. */
export function termConcept({ refId, code }: Term): CodeableConcept {
  return code === undefined
    ? { text: refId }
    : { coding: [{ system: MDC, code: String(code), display: refId }], text: refId };
}

/** The type of the whole device by 11073, where its driver says so. */
export function mdsOf(type: string): Term | undefined {
  return findDriver(type)?.containment?.mds;
}

/** The profile of a whole device: at the point of care where it is known to be made of parts. */
export function profileOfDevice(type: string): string[] | undefined {
  return findDriver(type)?.containment?.channels ? [`${POCD}MdsDevice`] : undefined;
}

/** What else a device may be to 11073 is no personal health device. */
const SPECIALIZATION = "MDC_DEV_SPEC_PROFILE_";

/** What it is by 11073, of a personal health device: such a one is made of nothing, and has one specialization. */
export function specializationOf(type: string | undefined): Term | undefined {
  const containment = type === undefined ? undefined : findDriver(type)?.containment;
  return containment?.channels || !containment?.mds.refId.startsWith(SPECIALIZATION) ? undefined : containment.mds;
}

/** The profile of a metric, by whether it hangs in a channel, and of what kind it is. */
export function profileOfMetric(stream: Stream, type: string | undefined): string[] | undefined {
  if (specializationOf(type)) return hasMdc(stream) ? [`${PHD}PhdDeviceMetric`] : undefined;
  if (!layoutOf(stream.deviceId, type).channels.has(stream.signal)) return undefined;
  return isEnumerated(stream) ? undefined : [`${POCD}${isWave(stream) ? "SampleArray" : "Numeric"}DeviceMetric`];
}

const isWave = ({ kind }: Stream) => kind === "waveform";
const isEnumerated = ({ signal }: Stream) => findSignal(signal)?.kind === "enumerated";
const hasMdc = ({ signal }: Stream) => findSignal(signal)?.mdc !== undefined;

/** Profiles of an Observation with what its metric's guide adds to them. */
const withGuide = new Map<string, string[]>();

function profilesAtPointOfCare(profile: readonly string[] | undefined, stream: Stream): string[] {
  const guide = `${POCD}${isWave(stream) ? "SampleArrayObservation" : "NumericObservation"}`;
  const key = `${profile?.join(" ")} ${guide}`;
  let all = withGuide.get(key);
  if (!all) {
    all = [...(profile ?? []), guide];
    withGuide.set(key, all);
  }
  return all;
}

/** What a device itself says of its measurement (IEEE 11073-10201); each guide names the code system at another place. */
const STATUS_AT_POINT_OF_CARE = "http://terminology.hl7.org/CodeSystem/measurement-status";

const QUESTIONED: CodeableConcept = {
  coding: [{ system: STATUS_AT_POINT_OF_CARE, code: "questionable", display: "Questionable" }],
};

function withStatus(observation: Observation): Observation {
  if (!isQuestionable(observation)) return observation;
  return { ...observation, interpretation: [...(observation.interpretation ?? []), QUESTIONED] };
}

/**
 * What measured it, and what its guide asks besides. At the point of care, where a device has channels, that is the metric
 * (Point-of-Care Device guide); elsewhere the device (Personal Health Device guide).
 */
export function measuredBy(observation: Observation, stream: Stream, typeOf: DeviceTypes): Observation {
  const type = typeOf(stream.deviceId);
  const { channels } = layoutOf(stream.deviceId, type);
  const channel = channels.get(stream.signal);
  if (channel === undefined) return specializationOf(type) ? measuredAtHome(observation, stream) : observation;
  // A panel is no metric of its own: it is of the channel of its members.
  const isMember = (observation.component?.length ?? 0) > 0;
  const told = withStatus(observation);
  if (isMember) return { ...told, device: { reference: `Device/${channel}` } };
  const device = { reference: `DeviceMetric/${stream.id}` };
  if (isEnumerated(stream)) return { ...told, device };
  const { meta } = told;
  return { ...told, meta: { ...meta, profile: profilesAtPointOfCare(meta?.profile, stream) }, device };
}
