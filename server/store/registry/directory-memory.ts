import { type AgeGroup, type Association, ageGroupOf } from "@openward/model";
import { isToken } from "./device-tokens.ts";

/** A device as the directory keeps it. */
export interface KnownDevice {
  readonly id: string;
  readonly organisationId: string;
  readonly type: string;
  /** Those that are not revoked; some may have run out. */
  readonly credentials: readonly KnownCredential[];
  /** Devices for which it may speak. */
  readonly inCharge: ReadonlySet<string>;
  /** Hashes (hex) of certificates of the operator's authorities that were revoked here. */
  readonly refused?: ReadonlySet<string>;
  readonly isRevoked: boolean;
  /** Of all time, by their beginning; they never overlap. */
  readonly associations: readonly Association[];
}

export interface KnownCredential {
  readonly id: string;
  readonly kind: "token" | "certificate";
  /** SHA-256 of the token, or of the certificate (DER). */
  readonly hash: Uint8Array;
  readonly expiresAt: number | null;
  /** Issued by an authority of the operator's, not by ours. */
  readonly isOperators?: boolean;
}

/** Shown by a client that has proven to have its key; `isOperators` where the operator's authorities vouch for it. */
export interface ShownCertificate {
  readonly deviceId: string;
  readonly hash: Uint8Array;
  readonly isOperators?: boolean;
  readonly x509?: { readonly validToDate: Date };
}

/** A certificate of the operator's that a device showed for the first time. */
export interface Adopted {
  readonly id: string;
  readonly organisationId: string;
  readonly deviceId: string;
  readonly hash: Uint8Array;
  readonly expiresAt: number;
}

/** A patient as the directory keeps them; merged ones are not there. */
export interface KnownPatient {
  readonly id: string;
  readonly organisationId: string;
  readonly birthDate: string | null;
  readonly ageGroup: AgeGroup | null;
  readonly timeZone: string;
  /** Of records that were merged into theirs too; empty where nobody knows who it is. */
  readonly recordNumbers: readonly string[];
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
  readonly credentialId: string;
  /** Devices in the charge of this gateway, as of the moment when it is asked for. */
  readonly inCharge: ReadonlySet<string>;
}

const NO_ASSOCIATIONS: readonly Association[] = [];
const NO_NUMBERS: readonly string[] = [];
const NO_DEVICES: ReadonlySet<string> = new Set();
// The age group can change at midnight, somewhere: it is looked at again this often.
const AGE_LOOK_MS = 60_000;

/** Devices, associations and patients in memory: what is asked for every message is answered from here. */
export function createDirectoryMemory(now: () => number, onAdopted: (adopted: Adopted) => void = () => {}) {
  let devices = new Map<string, KnownDevice>();
  let patients = new Map<string, KnownPatient>();
  const watched = new Map<string, { until: number; patient: WatchedPatient }>();
  const revoked = new Set<(deviceId: string) => void>();

  const tellRevoked = (before: KnownDevice | undefined, after: KnownDevice | undefined) => {
    if (!before || before.isRevoked) return;
    const left = new Set(after?.isRevoked === false ? after.credentials.map(({ id }) => id) : []);
    if (left.size > 0 && before.credentials.every(({ id }) => left.has(id))) return;
    for (const listener of revoked) listener(before.id);
  };

  /** When the next credential runs out: nothing has to be looked for before. */
  let nextExpiry = Number.POSITIVE_INFINITY;
  const noteExpiry = ({ credentials }: KnownDevice) => {
    for (const { expiresAt } of credentials) if (expiresAt !== null) nextExpiry = Math.min(nextExpiry, expiresAt);
  };

  /** Shown, and in no row yet: what is loaded does not know them. */
  const adopted = new Map<string, KnownCredential[]>();
  const withAdopted = (device: KnownDevice): KnownDevice => {
    const waiting = adopted.get(device.id)?.filter(({ id, hash }) => {
      return !device.credentials.some((one) => one.id === id) && !device.refused?.has(hexOf(hash));
    });
    if (!waiting?.length) {
      adopted.delete(device.id);
      return device;
    }
    adopted.set(device.id, waiting);
    return { ...device, credentials: [...device.credentials, ...waiting] };
  };
  const adopt = (device: KnownDevice, hash: Uint8Array, expiresAt: number): KnownCredential | undefined => {
    if (device.isRevoked || device.refused?.has(hexOf(hash)) || expiresAt <= now()) return undefined;
    const credential = { id: uuidOf(hash), kind: "certificate" as const, hash, expiresAt, isOperators: true };
    adopted.set(device.id, [...(adopted.get(device.id) ?? []), credential]);
    devices.set(device.id, withAdopted(device));
    noteExpiry({ ...device, credentials: [credential] });
    onAdopted({ id: credential.id, organisationId: device.organisationId, deviceId: device.id, hash, expiresAt });
    return credential;
  };

  const isValid = ({ expiresAt }: KnownCredential) => expiresAt === null || now() < expiresAt;

  const signedInBy = new WeakMap<KnownCredential, SignedInDevice>();
  const signedIn = ({ id: deviceId, organisationId }: KnownDevice, credential: KnownCredential): SignedInDevice => {
    const before = signedInBy.get(credential);
    if (before) return before;
    const session = {
      deviceId,
      organisationId,
      credentialId: credential.id,
      // A session outlives a change of its charge, and must not go by what was.
      get inCharge() {
        return devices.get(deviceId)?.inCharge ?? NO_DEVICES;
      },
    };
    signedInBy.set(credential, session);
    return session;
  };

  return {
    setDevice(deviceId: string, loaded: KnownDevice | undefined): void {
      const before = devices.get(deviceId);
      const device = loaded && withAdopted(loaded);
      if (device) devices.set(deviceId, device);
      else devices.delete(deviceId);
      if (device) noteExpiry(device);
      tellRevoked(before, device);
    },

    setPatient(patientId: string, patient: KnownPatient | undefined): void {
      if (patient) patients.set(patientId, patient);
      else patients.delete(patientId);
      watched.delete(patientId);
    },

    /** @returns what is not as it was: the ids of devices and patients */
    replaceAll(
      loadedDevices: readonly KnownDevice[],
      allPatients: readonly KnownPatient[],
    ): { devices: KnownDevice[]; patients: KnownPatient[] } {
      const before = { devices, patients };
      const allDevices = loadedDevices.map(withAdopted);
      devices = new Map(allDevices.map((device) => [device.id, device]));
      patients = new Map(allPatients.map((patient) => [patient.id, patient]));
      watched.clear();
      for (const device of allDevices) noteExpiry(device);
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
      const found = device && tokenOf(device, token);
      // An id that is not known takes as long as a wrong token.
      if (!device?.credentials.some(isOfToken)) isToken(token, undefined);
      return device && !device.isRevoked && found && isValid(found) ? signedIn(device, found) : undefined;
    },

    /** By a certificate whose holder has proven to have its key. */
    signInByCertificate({ deviceId, hash, isOperators = false, x509 }: ShownCertificate): SignedInDevice | undefined {
      const device = devices.get(deviceId);
      const known = device?.credentials.find(
        (credential) =>
          credential.kind === "certificate" &&
          (credential.isOperators ?? false) === isOperators &&
          Buffer.compare(credential.hash, hash) === 0,
      );
      const found = known ?? (device && isOperators && x509 && adopt(device, hash, x509.validToDate.getTime()));
      return device && !device.isRevoked && found && isValid(found) ? signedIn(device, found) : undefined;
    },

    /** Without a credential: for whom the operator's settings name. */
    signInBySetting(deviceId: string): Omit<SignedInDevice, "credentialId"> | undefined {
      const device = devices.get(deviceId);
      if (!device || device.isRevoked) return undefined;
      const { organisationId } = device;
      return {
        deviceId,
        organisationId,
        get inCharge() {
          return devices.get(deviceId)?.inCharge ?? NO_DEVICES;
        },
      };
    },

    /** For whom a gateway may speak now. */
    inCharge(gatewayId: string): ReadonlySet<string> {
      return devices.get(gatewayId)?.inCharge ?? NO_DEVICES;
    },

    /** Of the tokens that are valid now: for gateways, which a device signs in to as it does to us. */
    tokensOf(deviceId: string): readonly Pick<KnownCredential, "hash" | "expiresAt">[] {
      const device = devices.get(deviceId);
      return (device?.isRevoked === false ? device.credentials : [])
        .filter((one) => one.kind === "token" && isValid(one))
        .map(({ hash, expiresAt }) => ({ hash, expiresAt }));
    },

    /** @param credentialId what it signed in with: it may have been revoked or have run out while the device has others */
    isActive(deviceId: string, credentialId?: string): boolean {
      const device = devices.get(deviceId);
      if (device === undefined || device.isRevoked) return false;
      return credentialId === undefined || device.credentials.some((one) => one.id === credentialId && isValid(one));
    },

    /** Tells of the devices of which a credential has run out since it was last asked. */
    expire(): void {
      const at = now();
      if (at < nextExpiry) return;
      const since = nextExpiry;
      nextExpiry = Number.POSITIVE_INFINITY;
      for (const device of devices.values()) {
        let isOver = false;
        for (const { expiresAt } of device.credentials) {
          if (expiresAt === null || expiresAt < since) continue;
          if (expiresAt <= at) isOver = true;
          else nextExpiry = Math.min(nextExpiry, expiresAt);
        }
        if (isOver) for (const listener of revoked) listener(device.id);
      }
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

    /** Of the patient on whom the device was then, or before that: it may send what it measured there. */
    timeZoneAt(deviceId: string, at: number): string | undefined {
      const last = devices.get(deviceId)?.associations.findLast(({ from }) => from <= at);
      return last && patients.get(last.patientId)?.timeZone;
    },

    recordNumbersOf: (patientId: string): readonly string[] => patients.get(patientId)?.recordNumbers ?? NO_NUMBERS,

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

const isOfToken = ({ kind }: KnownCredential) => kind === "token";

function tokenOf({ credentials }: KnownDevice, token: string): KnownCredential | undefined {
  for (const credential of credentials) if (isOfToken(credential) && isToken(token, credential.hash)) return credential;
  return undefined;
}

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** RFC 9562, version 8: whoever sees the certificate gives it the same id. */
function uuidOf(hash: Uint8Array): string {
  const bytes = Uint8Array.from(hash.subarray(0, 16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return hexOf(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
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
    a.credentials.length === b.credentials.length &&
    a.credentials.every(({ id, expiresAt }) =>
      b.credentials.some((other) => other.id === id && other.expiresAt === expiresAt),
    ) &&
    a.inCharge.size === b.inCharge.size &&
    a.inCharge.isSubsetOf(b.inCharge) &&
    a.associations.length === b.associations.length &&
    a.associations.every(({ id, from, to }, i) => {
      const other = b.associations[i];
      return other?.id === id && other.from === from && other.to === to;
    })
  );
}
