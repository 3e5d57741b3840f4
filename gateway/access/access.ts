import { createHash, timingSafeEqual } from "node:crypto";
import type { GatewayConfiguration } from "@openward/api";

/** Who signed in at the gateway; the shape that server/connect's doors ask for. */
export interface SignedIn {
  readonly deviceId: string;
  readonly organisationId: string;
  readonly credentialId?: string;
  readonly inCharge: ReadonlySet<string>;
}

/** Devices sign in at the gateway with what they sign in with at the server: the configuration has the hashes of their tokens. */
export interface Access {
  signIn(deviceId: string, token: string): SignedIn | undefined;
  signInByCertificate(): undefined;
  signInBySetting(deviceId: string): SignedIn | undefined;
  isActive(deviceId: string, credentialId?: string): boolean;
  onRevoked(listener: (deviceId: string) => void): () => void;
  /** Another configuration holds: whose access is over by it is told. */
  changed(before: GatewayConfiguration | undefined): void;
}

const NOBODY: ReadonlySet<string> = new Set();

export function createAccess({
  configuration,
  now,
}: {
  configuration: () => GatewayConfiguration | undefined;
  now: () => number;
}): Access {
  const listeners = new Set<(deviceId: string) => void>();
  const tokensOf = (deviceId: string) =>
    (configuration()?.devices.find(({ id }) => id === deviceId)?.tokens ?? []).filter(
      ({ expiresAt }) => expiresAt === null || expiresAt > now(),
    );

  return {
    signIn(deviceId, token) {
      const shown = createHash("sha256").update(token).digest();
      const found = tokensOf(deviceId).find(({ hash }) => timingSafeEqual(Buffer.from(hash, "hex"), shown));
      const organisationId = configuration()?.organisationId;
      return found && organisationId !== undefined
        ? { deviceId, organisationId, credentialId: found.hash, inCharge: NOBODY }
        : undefined;
    },
    signInByCertificate: () => undefined,
    signInBySetting(deviceId) {
      const current = configuration();
      if (!current || deviceId !== current.gatewayId) return undefined;
      return {
        deviceId,
        organisationId: current.organisationId,
        // Itself too: it has devices in its charge even where it has none, and what names another one is nobody's.
        get inCharge() {
          return new Set([deviceId, ...(configuration()?.devices ?? []).map(({ id }) => id)]);
        },
      };
    },
    isActive(deviceId, credentialId) {
      const current = configuration();
      if (!current) return false;
      if (deviceId === current.gatewayId) return true;
      if (credentialId === undefined) return current.devices.some(({ id }) => id === deviceId);
      return tokensOf(deviceId).some(({ hash }) => hash === credentialId);
    },
    onRevoked(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    changed(before) {
      for (const { id, tokens } of before?.devices ?? []) {
        const left = new Set(tokensOf(id).map(({ hash }) => hash));
        if (tokens.some(({ hash }) => !left.has(hash))) for (const listener of listeners) listener(id);
      }
    },
  };
}
