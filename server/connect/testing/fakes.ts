import { OutsideTrouble } from "@openward/errors";
import type { DeviceAccess, DeviceMessage, Ingest, Receipt } from "../ports.ts";

/** A neighbour behind `Ingest` that commits when the test says so. */
export interface FakeIngest extends Ingest {
  /** Everything that was handed over, in order, copied as it was then. */
  readonly messages: {
    kind: string;
    format: string;
    deviceId: string;
    text: string;
    deliveryKey: string | null;
    isRedelivery: boolean;
    isWill?: true;
    messageId?: string;
    unplaceable?: string;
  }[];
  readonly connections: [deviceId: string, connected: boolean][];
  /** Commits that wait, oldest first; unused while `isAutomatic`. */
  readonly waiting: { message: DeviceMessage; text: string; resolve(receipt: Receipt): void; fail(): void }[];
  isAutomatic: boolean;
  /** What an automatic commit answers. */
  receipt: (message: DeviceMessage) => Receipt | Error;
}

export const STORED: Receipt = { accepted: 1, quarantined: [] };

export function fakeIngest(): FakeIngest {
  const fake: FakeIngest = {
    messages: [],
    connections: [],
    waiting: [],
    isAutomatic: true,
    receipt: () => STORED,
    accept(message) {
      const text = Buffer.from(message.body).toString("latin1");
      const { kind, format, deviceId, deliveryKey, isRedelivery } = message;
      const will = message.isWill && { isWill: true as const };
      const { messageId, unplaceable } = message;
      const more = { ...(messageId !== undefined && { messageId }), ...(unplaceable && { unplaceable }) };
      fake.messages.push({ kind, format, deviceId, text, deliveryKey, isRedelivery, ...will, ...more });
      if (fake.isAutomatic) {
        const outcome = fake.receipt(message);
        return outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome);
      }
      return new Promise((resolve, reject) => {
        const fail = () => reject(new OutsideTrouble("STORE_UNAVAILABLE", true));
        fake.waiting.push({ message, text, resolve, fail });
      });
    },
    connection: (deviceId, _organisationId, connected) => void fake.connections.push([deviceId, connected]),
  };
  return fake;
}

export interface FakeAccess extends DeviceAccess {
  readonly tokens: Map<string, string>;
  readonly inCharge: Map<string, Set<string>>;
  revoke(deviceId: string): void;
  signIns: number;
}

/** Devices "d1", "d2", "d3" with the token "secret"; "gateway" has d1 in its charge. */
export function fakeAccess(): FakeAccess {
  const listeners = new Set<(deviceId: string) => void>();
  const access: FakeAccess = {
    tokens: new Map(["d1", "d2", "d3", "gateway"].map((id) => [id, "secret"])),
    inCharge: new Map([["gateway", new Set(["d1"])]]),
    signIns: 0,
    signIn(deviceId, token) {
      access.signIns++;
      if (access.tokens.get(deviceId) !== token) return undefined;
      return { deviceId, organisationId: "org", inCharge: access.inCharge.get(deviceId) ?? new Set() };
    },
    signInByCertificate: () => undefined,
    signInBySetting: (deviceId) =>
      access.tokens.has(deviceId)
        ? { deviceId, organisationId: "org", inCharge: access.inCharge.get(deviceId) ?? new Set() }
        : undefined,
    isActive: (deviceId) => access.tokens.has(deviceId),
    onRevoked(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    revoke(deviceId) {
      access.tokens.delete(deviceId);
      for (const listener of listeners) listener(deviceId);
    },
  };
  return access;
}
