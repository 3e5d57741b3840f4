import type { Communication, Encounter, Flag } from "@medplum/fhirtypes";
import type { Alarm, DeviceEvent, Organisation } from "@openward/model";
import { findSignal } from "@openward/signals";
import { fhirDeviceId } from "../resources/device-id.ts";
import { metaOf } from "../resources/meta.ts";
import { codeOfSignal } from "../resources/observation-kind.ts";
import { fhirTime } from "../resources/time.ts";
import { alarmFlagId, eventCommunicationId, stayEncounterId } from "./ids.ts";
import type { StayRecord } from "./ports.ts";

const TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/";
/** IHE's words for the priority of an alarm, which HL7 took over for flags. */
const PRIORITY: Readonly<Record<Alarm["priority"], string>> = { high: "PH", medium: "PM", low: "PL" };

/** An alarm as a Flag: active until it is resolved, with its priority; who answered it is not in it. */
export function mapAlarm(alarm: Alarm, organisation: Organisation): Flag {
  const { id, patientId, deviceId, rule, state, revision } = alarm;
  const changedAt = alarm.resolvedAt ?? alarm.acknowledgedAt ?? alarm.conditionEndedAt ?? alarm.raisedAt;
  return {
    resourceType: "Flag",
    id: alarmFlagId(id),
    meta: metaOf(organisation, {
      versionId: String(revision),
      lastUpdated: fhirTime(Math.max(changedAt, alarm.raisedAt)),
      tag: [{ system: "urn:openward:alarm-state", code: state }],
    }),
    extension: [
      {
        url: "http://hl7.org/fhir/StructureDefinition/flag-priority",
        valueCodeableConcept: {
          coding: [{ system: "http://hl7.org/fhir/flag-priority-code", code: PRIORITY[alarm.priority] }],
        },
      },
    ],
    identifier: [{ system: "urn:openward:alarm", value: id }],
    status: state === "resolved" ? "inactive" : "active",
    category: [
      { coding: [{ system: `${TERMINOLOGY}flag-category`, code: isOfTheBody(alarm) ? "clinical" : "safety" }] },
    ],
    code: { coding: [{ system: "urn:openward:alarm-rule", code: rule }], text: wordsOf(alarm) },
    subject: { reference: `Patient/${patientId}` },
    period: {
      start: fhirTime(alarm.onsetAt),
      ...(alarm.resolvedAt === null ? {} : { end: fhirTime(Math.max(alarm.resolvedAt, alarm.onsetAt)) }),
    },
    ...(deviceId === null ? {} : { author: { reference: `Device/${fhirDeviceId(deviceId)}` } }),
  };
}

const isOfTheBody = ({ rule }: Alarm): boolean => /^(limit|critical)-/.test(rule);

/** "Heart rate: limit-high, 140 /min, limit 120 /min" */
function wordsOf({ rule, signal, value, limit, unit }: Alarm): string {
  const of = signal === null ? "" : `${findSignal(signal)?.display ?? signal}: `;
  const amount = (n: number) => (unit === null ? String(n) : `${n} ${unit}`);
  const said = [
    rule,
    ...(value === null ? [] : [amount(value)]),
    ...(limit === null ? [] : [`limit ${amount(limit)}`]),
  ];
  return `${of}${said.join(", ")}`;
}

/** What a device said once, a call for help above all. */
export function mapEvent(said: DeviceEvent, organisation: Organisation): Communication {
  const { id, deviceId, patientId, event, at, receivedAt } = said;
  return {
    resourceType: "Communication",
    id: eventCommunicationId(said) ?? "",
    meta: metaOf(organisation, { versionId: "1", lastUpdated: fhirTime(receivedAt) }),
    identifier: [{ system: "urn:openward:event", value: id }],
    status: "completed",
    category: [{ coding: [{ system: `${TERMINOLOGY}communication-category`, code: "alert" }] }],
    ...(patientId === null ? {} : { subject: { reference: `Patient/${patientId}` } }),
    topic: codeOfSignal(event, ""),
    sent: fhirTime(at),
    received: fhirTime(receivedAt),
    sender: { reference: `Device/${fhirDeviceId(deviceId)}` },
  };
}

/** A stay in one bed. */
export function mapStay({ id, patientId, wardName, bed, from, to }: StayRecord, organisation: Organisation): Encounter {
  const period = { start: fhirTime(from), ...(to === null ? {} : { end: fhirTime(to) }) };
  return {
    resourceType: "Encounter",
    id: stayEncounterId(id),
    meta: metaOf(organisation, { versionId: `${from}-${to ?? "runs"}`, lastUpdated: fhirTime(to ?? from) }),
    identifier: [{ system: "urn:openward:stay", value: id }],
    status: to === null ? "in-progress" : "finished",
    class: { system: `${TERMINOLOGY}v3-ActCode`, code: "IMP", display: "inpatient encounter" },
    subject: { reference: `Patient/${patientId}` },
    period,
    location: [
      { location: { display: `${wardName}, bed ${bed}` }, status: to === null ? "active" : "completed", period },
    ],
  };
}
