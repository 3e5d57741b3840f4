import type { CodeableConcept, Extension, Observation } from "@medplum/fhirtypes";
import type { Stream } from "@openward/model";
import { findSignal } from "@openward/signals";
import { GATEWAY_ID } from "./gateway.ts";
import { isQuestionable } from "./quality.ts";

/** Personal Health Device guide (hl7.fhir.uv.phd). */
const PHD = "http://hl7.org/fhir/uv/phd/StructureDefinition/";
/** As this guide writes it. */
const MEASUREMENT_STATUS = "http://hl7.org/fhir/uv/pocd/CodeSystem/measurement-status";

const BY_GATEWAY: Extension = {
  url: "http://hl7.org/fhir/StructureDefinition/observation-gatewayDevice",
  valueReference: { reference: `Device/${GATEWAY_ID}` },
};
const OF_PHD: CodeableConcept = {
  coding: [{ system: "http://hl7.org/fhir/uv/phd/CodeSystem/PhdObservationCategories", code: "phd" }],
};
const QUESTIONED: CodeableConcept = {
  coding: [{ system: MEASUREMENT_STATUS, code: "questionable", display: "Questionable" }],
};

/** The same for all Observations of a kind: made once for each of the few that there are. */
const categories = new WeakMap<object, CodeableConcept[]>();
const profiles = new Map<string, string[]>();

/** Of a device with a specialization of 11073: what its guide asks, and its profile where all of it is kept. */
export function measuredAtHome(observation: Observation, stream: Stream): Observation {
  if (findSignal(stream.signal)?.mdc === undefined) return observation;
  const { meta, extension, category, interpretation } = observation;
  const kind = kindOf(observation);
  // Each interpretation has to say what the device said of its measurement: one by the patient's limits says nothing of that.
  const isJudged = interpretation !== undefined || (observation.component?.some((one) => one.interpretation) ?? false);
  const { resourceType, id, ...rest } = observation;
  return {
    resourceType,
    ...(id === undefined ? {} : { id }),
    ...rest,
    ...(kind && !isJudged ? { meta: { ...meta, profile: profilesWith(meta?.profile, kind) } } : {}),
    extension: extension ? [BY_GATEWAY, ...extension] : [BY_GATEWAY],
    category: categoriesWith(category),
    ...(isQuestionable(observation) ? { interpretation: [...(interpretation ?? []), QUESTIONED] } : {}),
  };
}

function kindOf({ component, valueSampledData, valueInteger }: Observation): string | undefined {
  if (component) return "PhdCompoundNumericObservation";
  if (valueSampledData) return "PhdRtsaObservation";
  // A number of our own for a state is none of the guide's kinds.
  return valueInteger === undefined ? "PhdNumericObservation" : undefined;
}

function categoriesWith(category: CodeableConcept[] | undefined): CodeableConcept[] {
  if (!category) return [OF_PHD];
  let all = categories.get(category);
  if (!all) {
    all = [...category, OF_PHD];
    categories.set(category, all);
  }
  return all;
}

function profilesWith(profile: readonly string[] | undefined, kind: string): string[] {
  const key = `${profile?.join(" ")} ${kind}`;
  let all = profiles.get(key);
  if (!all) {
    all = [...(profile ?? []), PHD + kind];
    profiles.set(key, all);
  }
  return all;
}
