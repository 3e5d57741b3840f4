import { type AgeGroup, type Association, ageGroupOf } from "@openward/model";
import { isToken } from "./device-tokens.ts";

/** A device as the directory keeps it. */
export interface KnownDevice {
  readonly id: string;
  readonly organisationId: string;
  readonly type: string;
  readonly tokenHash: Uint8Array;
  readonly isRevoked: boolean;
  /** Of all time, by their beginning; they never overlap. */
  readonly associations: readonly Association[];
}

/** A patient as the directory keeps them; merged ones are not there. */
export interface KnownPatient {
  readonly id: string;
  readonly organisationId: string;
  readonly birthDate: string | null;
  readonly ageGroup: AgeGroup | null;
  readonly timeZone: string;
  readonly isAdmitted: boolean;
  /** Differs whenever something about the patient or their stay does. */
  readonly stamp: string;
}

export interface WatchedPatient {
  readonly patientId: string;
  readonly organisationId: string;
  readonly isAdmitted: boolean;
  readonly ageGroup: AgeGroup | null;
}

export interface SignedInDevice {
  readonly deviceId: string;
  readonly organisationId: string;
  /** Devices in the charge of this gateway: none yet. */
  readonly inCharge: ReadonlySet<string>;
}

const NO_ASSOCIATIONS: readonly Association[] = [];
const NO_DEVICES: ReadonlySet<string> = new Set();
// The age group can change at midnight, somewhere: it is looked at again this often.
const AGE_LOOK_MS = 60_000;

/** Devices, associations and patients in memory: what is asked for every message is answered from here. */
export function createDirectoryMemory(now: () => number) {
  let devices = new Map<string, KnownDevice>();
  let patients = new Map<string, KnownPatient>();
  const watched = new Map<string, { until: number; patient: WatchedPatient }>();
  const revoked = new Set<(deviceId: string) => void>();

  const tellRevoked = (before: KnownDevice | undefined, after: KnownDevice | undefined) => {
    if (!before || before.isRevoked) return;
    const isSame = after && !after.isRevoked && Buffer.compare(before.tokenHash, after.tokenHash) === 0;
    if (!isSame) for (const listener of revoked) listener(before.id);
  };

  return {
    setDevice(deviceId: string, device: KnownDevice | undefined): void {
      const before = devices.get(deviceId);
      if (device) devices.set(deviceId, device);
      else devices.delete(deviceId);
      tellRevoked(before, device);
    },

    setPatient(patientId: string, patient: KnownPatient | undefined): void {
      if (patient) patients.set(patientId, patient);
      else patients.delete(patientId);
      watched.delete(patientId);
    },

    /** @returns what is not as it was: the ids of devices and patients */
    replaceAll(
      allDevices: readonly KnownDevice[],
      allPatients: readonly KnownPatient[],
    ): { devices: KnownDevice[]; patients: KnownPatient[] } {
      const before = { devices, patients };
      devices = new Map(allDevices.map((device) => [device.id, device]));
      patients = new Map(allPatients.map((patient) => [patient.id, patient]));
      watched.clear();
      for (const device of before.devices.values()) tellRevoked(device, devices.get(device.id));
      const changedDevices = [...differing(before.devices, devices, isSameDevice)];
      return {
        devices: changedDevices,
        patients: [...differing(before.patients, patients, (a, b) => a.stamp === b.stamp)],
      };
    },

    /** Answers from memory, so that devices sign in while the database is down. */
    signIn(deviceId: string, token: string): SignedInDevice | undefined {
      const device = devices.get(deviceId);
      if (!isToken(token, device?.tokenHash) || !device || device.isRevoked) return undefined;
      return { deviceId, organisationId: device.organisationId, inCharge: NO_DEVICES };
    },

    isActive(deviceId: string): boolean {
      const device = devices.get(deviceId);
      return device !== undefined && !device.isRevoked;
    },

    onRevoked(listener: (deviceId: string) => void): () => void {
      revoked.add(listener);
      return () => void revoked.delete(listener);
    },

    associations: (deviceId: string): readonly Association[] => devices.get(deviceId)?.associations ?? NO_ASSOCIATIONS,

    associationAt(deviceId: string, at: number): Association | undefined {
      const all = devices.get(deviceId)?.associations ?? NO_ASSOCIATIONS;
      // The newest first: that is where nearly every reading belongs.
      for (let i = all.length - 1; i >= 0; i--) {
        const association = all[i] as Association;
        if (at < association.from) continue;
        return association.to === null || at < association.to ? association : undefined;
      }
      return undefined;
    },

    currentAssociation(deviceId: string): Association | undefined {
      const last = devices.get(deviceId)?.associations.at(-1);
      return last?.to === null ? last : undefined;
    },

    *runningAssociations(): Generator<Association> {
      for (const { associations } of devices.values()) {
        const last = associations.at(-1);
        if (last?.to === null) yield last;
      }
    },

    deviceType: (deviceId: string): string | undefined => devices.get(deviceId)?.type,

    watched(patientId: string): WatchedPatient | undefined {
      const at = now();
      const cached = watched.get(patientId);
      if (cached && at < cached.until && at >= cached.until - AGE_LOOK_MS) return cached.patient;
      const known = patients.get(patientId);
      if (!known) return undefined;
      const { organisationId, isAdmitted } = known;
      const patient = { patientId, organisationId, isAdmitted, ageGroup: ageGroupOf(known, at) };
      watched.set(patientId, { until: at + AGE_LOOK_MS, patient });
      return patient;
    },
  };
}

export type DirectoryMemory = ReturnType<typeof createDirectoryMemory>;

function* differing<T>(
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
  isSame: (a: T, b: T) => boolean,
): Generator<T> {
  for (const [id, now] of after) {
    const then = before.get(id);
    if (!then || !isSame(then, now)) yield now;
  }
  for (const [id, then] of before) if (!after.has(id)) yield then;
}

function isSameDevice(a: KnownDevice, b: KnownDevice): boolean {
  return (
    a.isRevoked === b.isRevoked &&
    a.type === b.type &&
    Buffer.compare(a.tokenHash, b.tokenHash) === 0 &&
    a.associations.length === b.associations.length &&
    a.associations.every(({ id, from, to }, i) => {
      const other = b.associations[i];
      return other?.id === id && other.from === from && other.to === to;
    })
  );
}
