import { createHash } from "node:crypto";
import type { CodeableConcept, Observation } from "@medplum/fhirtypes";
import type { ClockState, Organisation } from "@openward/model";
import { fhirDeviceId } from "./device-id.ts";
import { GATEWAY_ID } from "./gateway.ts";
import { metaOf } from "./meta.ts";
import { absent } from "./observation.ts";
import { MDC, type SummaryKind } from "./observation-kind.ts";
import { fhirTime } from "./time.ts";

const PROFILE = "http://hl7.org/fhir/uv/phd/StructureDefinition/PhdCoincidentTimeStampObservation";

const CODE: CodeableConcept = {
  coding: [{ system: MDC, code: "67975", display: "MDC_ATTR_TIME_ABS" }],
  text: "Time of the device's clock",
};

/** By what it can be found: it has no category, and is of no patient. */
export const COINCIDENT_TIME: SummaryKind = { code: CODE, category: [], components: [] };

/** One for each device: what was found last stands, and each finding is a version. */
export const coincidentTimeId = (deviceId: string): string =>
  `c${createHash("sha256").update(deviceId).digest("hex").slice(0, 40)}`;

/**
 * What a personal health device's clock showed at a moment of ours, as it was decided last (Personal Health Device guide,
 * coincident timestamp); nothing in place of the time where what it shows is none.
 */
export function mapCoincidentTime(deviceId: string, state: ClockState, organisation: Organisation): Observation {
  const { at, aheadMs, belowMs, aboveMs, decidedAt, sequence, leadsTo } = state;
  const issued = fhirTime(decidedAt);
  const sides = `${Math.ceil(belowMs)} ms less to ${Math.ceil(aboveMs)} ms more`;
  return {
    resourceType: "Observation",
    id: coincidentTimeId(deviceId),
    meta: metaOf(organisation, { versionId: String(sequence), lastUpdated: issued, profile: [PROFILE] }),
    status: "final",
    code: CODE,
    subject: { reference: `Device/${fhirDeviceId(deviceId)}` },
    effectiveDateTime: fhirTime(at),
    issued,
    ...(leadsTo === "quarantined"
      ? { dataAbsentReason: absent("unknown") }
      : { valueDateTime: fhirTime(at + aheadMs), note: [{ text: `Ahead by ${Math.round(aheadMs)} ms: ${sides}.` }] }),
    device: { reference: `Device/${GATEWAY_ID}` },
  };
}
