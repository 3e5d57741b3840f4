import type { AlarmPriority, AlarmRule } from "@openward/model";
import type { AlarmBook } from "./alarms.ts";
import type { Devices, Patients } from "./ports.ts";

/**
 * Raises a technical alarm about a device itself, for the patient who wears it; on nobody, or on somebody who has gone, it is nobody's.
 * Standby does not hold it back: it is about what is believed, not about what is measured.
 *
 * @returns with the onset (ms UTC, server time), which makes the alarm one however often it is raised
 */
export function createDeviceAlarm(
  rule: AlarmRule,
  { alarms, patients, devices }: { alarms: AlarmBook; patients: Patients; devices: Devices },
  priority: AlarmPriority = "medium",
): (deviceId: string, onsetAt: number) => void {
  return (deviceId, onsetAt) => {
    const association = devices.currentAssociation(deviceId);
    const patient = association && patients.watched(association.patientId);
    if (!patient?.isAdmitted) return;
    alarms.raise({
      rule,
      priority,
      organisationId: patient.organisationId,
      patientId: patient.patientId,
      deviceId,
      streamId: null,
      signal: null,
      subject: deviceId,
      onsetAt,
      value: null,
      limit: null,
      unit: null,
    });
  };
}
