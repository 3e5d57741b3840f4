import { RefusedInput } from "@openward/errors";
import type { Alarm, Association, PatientView, Person, Role, Stay, Ward } from "@openward/model";
import { manualRuntime } from "@openward/runtime/manual";
import type { PortalDeps } from "../portal.ts";
import type {
  Authenticated,
  DeviceRecord,
  PatientLimits,
  PatientRecord,
  Place,
  QuarantineRecord,
  Reading,
  StreamSummary,
} from "../ports/index.ts";

export const ORGANISATION = "00000000-0000-7000-8000-00000000000a";
export const WARD: Ward = {
  id: "00000000-0000-7000-8000-00000000000b",
  organisationId: ORGANISATION,
  name: "Ward 4",
  timeZone: "Europe/Oslo",
};

/** As a screen would send them. */
export const spo2Limits = {
  signal: "spo2",
  low: 90,
  high: null,
  criticalLow: 85,
  criticalHigh: null,
  priority: "medium",
  delayMs: 10_000,
  hysteresis: 1,
  latching: true,
  enabled: true,
} as const;

/** What the neighbours hold, laid open to the test, and what they share. */
export function createHeld() {
  const runtime = manualRuntime(Date.UTC(2026, 5, 10, 12));
  const now = () => runtime.clock.now();
  const id = () => runtime.ids.uuid();
  const proofs = { ageMs: 0, isLocked: false, hasPassword: false };
  const patients = new Map<string, PatientRecord>();
  const hidden = new Set<string>();
  const devices = new Map<string, DeviceRecord>();
  const charges: { gatewayId: string; deviceId: string }[] = [];
  const gatewayVersions = new Map<string, Awaited<ReturnType<PortalDeps["gateways"]["versionsOf"]>>>();
  const gatewayReports = new Map<string, { detail: unknown; receivedAt: number }>();
  const quarantine = new Map<string, QuarantineRecord>();
  const streams: StreamSummary[] = [];
  const latest: Reading[] = [];
  const alarms: Alarm[] = [];
  const people = new Map<string, Person>();
  const enabled = (personId: string, disabledAt: number | null) => {
    const person = { ...need(people, personId), disabledAt };
    people.set(personId, person);
    return person;
  };
  const limits = new Map<string, PatientLimits>();
  const asked: [string, ...unknown[]][] = [];
  const patientListeners: ((organisationId: string) => void)[] = [];

  const stay = (patientId: string, wardId: string, bed: string): Stay & { wardName: string } => ({
    id: id(),
    organisationId: ORGANISATION,
    patientId,
    wardId,
    wardName: WARD.name,
    bed,
    from: now(),
    to: null,
  });
  const need = <T>(map: Map<string, T>, key: string): T => {
    const found = map.get(key);
    if (!found) throw new RefusedInput("NOT_FOUND");
    return found;
  };
  const put = (record: PatientRecord) => {
    patients.set(record.patient.id, record);
    return record;
  };
  const checkFree = (patientId: string | null, { wardId, bed, shareBed }: Place) => {
    const isTaken = [...patients.values()].some(
      (r) => r.patient.id !== patientId && r.stay?.wardId === wardId && r.stay.bed === bed,
    );
    if (isTaken && !shareBed) throw new RefusedInput("BED_OCCUPIED", { at: "bed" });
  };
  const lay = (patientId: string, place: Place) => {
    checkFree(patientId, place);
    return put({ ...need(patients, patientId), stay: stay(patientId, place.wardId, place.bed) });
  };
  const viewFor = (principal: Authenticated["principal"]): PatientView => ({
    principal,
    has: (patientId) => patients.has(patientId) && !hidden.has(patientId),
    patientIds: () => [...patients.keys()].filter((key) => !hidden.has(key)),
    recordsOf: (patientId) => (patients.has(patientId) && !hidden.has(patientId) ? [patientId] : []),
    hiddenOf: () => undefined,
  });
  const authenticated = (via: "session" | "token", role: Role): Authenticated => ({
    principal: {
      kind: via === "token" ? "token" : "person",
      id: `${role}-1`,
      display: `A ${role}`,
      organisationId: ORGANISATION,
      role,
    },
    organisation: { id: ORGANISATION, name: "Demo hospital", isDemo: true },
    expiresAt: now() + 3_600_000,
    via,
    ...(via === "session" ? { proof: { by: "passkey" as const, at: now() - proofs.ageMs } } : {}),
  });
  const wall: Authenticated = {
    principal: { kind: "kiosk", id: id(), display: "Corridor", organisationId: ORGANISATION, role: "kiosk" },
    organisation: { id: ORGANISATION, name: "Demo hospital", isDemo: true },
    expiresAt: now() + 3_600_000,
    via: "kiosk",
    kiosk: { wardId: id(), shows: "number", takesBadges: false },
  };
  const worn = (deviceId: string, patientId: string, from: number): Association => ({
    id: id(),
    organisationId: ORGANISATION,
    deviceId,
    patientId,
    from,
    to: null,
  });

  return {
    runtime,
    now,
    id,
    proofs,
    patients,
    hidden,
    devices,
    charges,
    gatewayVersions,
    gatewayReports,
    quarantine,
    streams,
    latest,
    alarms,
    people,
    enabled,
    limits,
    asked,
    patientListeners,
    stay,
    need,
    put,
    checkFree,
    lay,
    viewFor,
    authenticated,
    wall,
    worn,
  };
}

export type Held = ReturnType<typeof createHeld>;
