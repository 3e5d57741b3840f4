import type {
  Association,
  ClockState,
  Device,
  DeviceCommands,
  DeviceFact,
  DeviceRegistration,
  DeviceStatus,
} from "@openward/model";
import type { Asker } from "./asker.ts";

export interface DeviceRecord {
  readonly device: Device;
  readonly registration: DeviceRegistration;
  /** Newest first. */
  readonly facts: readonly DeviceFact[];
  /** What it said last that it can be asked to do; null: nothing yet. */
  readonly commands: DeviceCommands | null;
  readonly status: DeviceStatus | null;
  readonly lastSeenAt: number | null;
  /** Device time less server time when they were compared last, where the device was heard at once; ms. */
  readonly clockOffsetMs: number | null;
  /** What was decided of its clock last; null: nothing yet. */
  readonly clock: ClockState | null;
  readonly association: Association | null;
  readonly openQuarantine: number;
  readonly certificateEndsAt: number | null;
}

export type DeviceDescription = DeviceRegistration &
  Pick<Device, "type" | "display" | "manufacturer" | "model" | "serial">;

export interface DeviceCredential {
  readonly id: string;
  readonly kind: "token" | "certificate";
  readonly createdAt: number;
  readonly createdBy: string;
  /** null: until it is revoked. */
  readonly expiresAt: number | null;
}

/** Makes a client certificate of our own authority; `key` only where it was made here. */
export type Certify = (
  deviceId: string,
  options: { readonly csr: string | null; readonly days: number },
) => Promise<{
  readonly cert: string;
  readonly key: string | null;
  readonly hash: Uint8Array;
  readonly expiresAt: number;
  readonly authority: string;
}>;

export interface Devices {
  list(asker: Asker): Promise<DeviceRecord[]>;
  find(asker: Asker, deviceId: string): Promise<DeviceRecord | undefined>;
  /** What these are called. */
  displays(asker: Asker, deviceIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  create(
    organisationId: string,
    device: {
      readonly id?: string;
      readonly type: string;
      readonly display: string;
      readonly manufacturer: string | null;
      readonly model: string | null;
      readonly serial: string | null;
    },
    by: string,
  ): Promise<{ device: Device; token: string }>;
  rotateToken(
    organisationId: string,
    deviceId: string,
    by: string,
    options?: { overlapMs?: number; validMs?: number | null },
  ): Promise<string>;
  addCertificate(
    organisationId: string,
    deviceId: string,
    certificate: { readonly hash: Uint8Array; readonly expiresAt: number },
    by: string,
    options?: { overlapMs?: number | null },
  ): Promise<void>;
  /** Those that are valid now. */
  credentials(organisationId: string, deviceId: string): Promise<DeviceCredential[]>;
  revokeCredential(organisationId: string, deviceId: string, credentialId: string, by: string): Promise<void>;
  newClaim(
    organisationId: string,
    deviceId: string,
    validMs: number,
    by: string,
  ): Promise<{ code: string; expiresAt: number }>;
  takeCharge(organisationId: string, gatewayId: string, deviceId: string, by: string): Promise<void>;
  endCharge(organisationId: string, gatewayId: string, deviceId: string, by: string): Promise<void>;
  inCharge(organisationId: string, gatewayId: string): Promise<string[]>;
  describe(organisationId: string, deviceId: string, described: DeviceDescription, by: string): Promise<void>;
  revoke(organisationId: string, deviceId: string, by: string): Promise<Device>;
  assign(organisationId: string, deviceId: string, patientId: string, from: number, by: string): Promise<Association>;
  release(organisationId: string, deviceId: string, at: number, by: string): Promise<void>;
}

/** What is so at this moment, from memory. */
export interface DevicesNow {
  isConnected(deviceId: string): boolean;
  /** Two at once use its identity. */
  hasTwin(deviceId: string): boolean;
  /** When it last sent anything, what was quarantined included, or came or went; undefined: not known here. */
  lastSeenAt(deviceId: string): number | undefined;
  /** The patient who wears the device now. */
  patientOf(deviceId: string): string | undefined;
  /**
   * A person says of a clock that is only marked whether it is wrong; written down before it is so.
   *
   * @param seen the state that they saw
   * @throws RefusedInput CONFLICT
   */
  decideClock(
    organisationId: string,
    decision: {
      readonly deviceId: string;
      readonly seen: number;
      readonly leadsTo: "kept" | "corrected";
      readonly by: string;
      readonly because: string;
    },
  ): Promise<void>;
}

export interface DeviceType {
  readonly key: string;
  readonly display: string;
  readonly signals: readonly { readonly signal: string; readonly intervalMs: number | null }[];
}
