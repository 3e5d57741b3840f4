import type { Observation, ObservationComponent } from "@medplum/fhirtypes";
import type { Organisation } from "@openward/model";
import { panelId, panelSource } from "../observation-id.ts";
import type { LimitsAt, Reading } from "../ports.ts";
import { fhirDeviceId } from "./device-id.ts";
import { judgedBy } from "./interpretation.ts";
import { metaOf } from "./meta.ts";
import { absent, noteOf, saidNotes } from "./observation.ts";
import { bloodPressureKind, codeOfSignal, PANEL_MEMBERS, type PanelMember } from "./observation-kind.ts";
import { qualityOf } from "./quality.ts";
import { receivedQuantity } from "./quantity.ts";
import { fhirTime } from "./time.ts";

/** Readings of one device in one unit at one time, by signal. At least one is there. */
export interface BloodPressurePanel {
  readonly patientId: string;
  readonly deviceId: string;
  readonly unit: string;
  readonly time: number;
  readonly ordinal: number;
  readonly members: Readonly<Partial<Record<PanelMember, Reading>>>;
}

const codes: Readonly<Record<PanelMember, ObservationComponent["code"]>> = {
  "nibp-systolic": codeOfSignal("nibp-systolic", "mm[Hg]"),
  "nibp-diastolic": codeOfSignal("nibp-diastolic", "mm[Hg]"),
  "nibp-mean": codeOfSignal("nibp-mean", "mm[Hg]"),
};

/** Codes of the components that the Observation of this panel has. */
export function componentCodes(panel: BloodPressurePanel): ObservationComponent["code"][] {
  return componentsOf(panel).map((member) => codes[member]);
}

export function mapBloodPressure(
  panel: BloodPressurePanel,
  organisation: Organisation,
  limitsAt?: LimitsAt,
): Observation {
  const { patientId, deviceId, unit, time, ordinal, members } = panel;
  const readings = Object.values(members);
  const receivedAt = fhirTime(Math.max(...readings.map((reading) => reading.amended?.at ?? reading.receivedAt)));
  const { tag, note = [] } = qualityOf(readings.reduce((bits, reading) => bits | reading.quality, 0));
  const notes = [...note, ...saidNotes(readings[0] ?? {}), ...readings.flatMap((reading) => noteOf(reading.amended))];
  const changes = readings.reduce((sum, { amended }) => sum + (amended ? amended.version - 1 : 0), 0);
  const isError = readings.every(({ amended }) => amended?.status === "entered-in-error");
  const isCorrected = readings.some(({ amended }) => amended !== undefined && amended.status !== "final");
  const offset = readings[0]?.utcOffsetMinutes ?? null;
  const kind = bloodPressureKind;
  return {
    resourceType: "Observation",
    id: panelId(patientId, panelSource(deviceId, unit), time, ordinal),
    // A member that arrives after the others makes the next version of the same panel.
    meta: metaOf(organisation, {
      versionId: changes === 0 ? String(readings.length) : `${readings.length}-${changes}`,
      lastUpdated: receivedAt,
      profile: kind.profile,
      tag,
    }),
    status: isError ? "entered-in-error" : isCorrected ? "corrected" : "final",
    ...(kind.category ? { category: kind.category } : {}),
    code: kind.code,
    subject: { reference: `Patient/${patientId}` },
    effectiveDateTime: fhirTime(time, offset),
    issued: receivedAt,
    ...(notes.length > 0 ? { note: notes } : {}),
    device: { reference: `Device/${fhirDeviceId(deviceId)}` },
    component: componentsOf(panel).map((member) => componentOf(member, members[member], limitsAt)),
  };
}

/** The profile asks for systolic and diastolic always; the mean stands there when it was measured. */
function componentsOf({ members }: BloodPressurePanel): PanelMember[] {
  return PANEL_MEMBERS.filter((member) => member !== "nibp-mean" || members[member] !== undefined);
}

function componentOf(
  member: PanelMember,
  reading: Reading | undefined,
  limitsAt: LimitsAt | undefined,
): ObservationComponent {
  const code = codes[member];
  if (!reading) return { code, dataAbsentReason: absent("unknown") };
  if (reading.amended?.status === "entered-in-error") return { code, dataAbsentReason: absent("error") };
  const { signal, units } = bloodPressureKind;
  const valueQuantity = receivedQuantity(reading.value, reading.stream.unit, signal, units);
  return { code, valueQuantity, ...judgedBy(limitsAt, reading, valueQuantity) };
}

/** The panels of readings that share patient and time, in an order that does not depend on theirs. */
export function groupIntoPanels(readings: readonly Reading[]): BloodPressurePanel[] {
  const panels = new Map<string, BloodPressurePanel & { members: Partial<Record<PanelMember, Reading>> }>();
  for (const reading of readings) {
    const { stream, time, ordinal } = reading;
    const key = panelKey(stream.deviceId, stream.unit, ordinal);
    let panel = panels.get(key);
    if (!panel) {
      panel = { patientId: stream.patientId, deviceId: stream.deviceId, unit: stream.unit, time, ordinal, members: {} };
      panels.set(key, panel);
    }
    panel.members[stream.signal as PanelMember] = reading; // only streams of panel members come here
  }
  return [...panels.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, panel]) => panel);
}

/** Orders the panels of one patient and one time, and names one of them in a cursor. */
export function panelKey(deviceId: string, unit: string, ordinal: number): string {
  return `${panelSource(deviceId, unit)}-${ordinal.toString(36).padStart(4, "0")}`;
}
