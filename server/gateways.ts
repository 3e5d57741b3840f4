import { createHash } from "node:crypto";
import { type GatewayConfiguration, gatewaySettings } from "@openward/api";
import type { Limits } from "@openward/model";

interface Settings {
  readonly settings: unknown;
  readonly revision: number;
  readonly setBy: string;
  readonly setAt: number;
}

/** What gateways work by, put together from who may speak for whom, who wears what, and what people have set. */
export interface Gateways {
  configuration(gateway: { readonly deviceId: string; readonly organisationId: string }): Promise<GatewayConfiguration>;
}

export function createGateways({
  directory,
  limitsOf,
  registry,
}: {
  directory: {
    inCharge(gatewayId: string): ReadonlySet<string>;
    isActive(deviceId: string): boolean;
    deviceType(deviceId: string): string | undefined;
    tokensOf(deviceId: string): readonly { readonly hash: Uint8Array; readonly expiresAt: number | null }[];
    currentAssociation(deviceId: string): { readonly patientId: string } | undefined;
  };
  /** Of a patient, those that are watched. */
  limitsOf: (patientId: string) => readonly Limits[];
  registry: { settingsOf(organisationId: string, gatewayId: string): Promise<Settings | undefined> };
}): Gateways {
  return {
    async configuration({ deviceId: gatewayId, organisationId }) {
      const set = await registry.settingsOf(organisationId, gatewayId);
      const settings = gatewaySettings.parse(set?.settings ?? {});
      const devices = [...directory.inCharge(gatewayId)]
        .filter((id) => directory.isActive(id) && !settings.leaveOut.includes(id))
        .sort()
        .map((id) => {
          const wearer = directory.currentAssociation(id)?.patientId;
          return {
            id,
            type: directory.deviceType(id) ?? "generic",
            tokens: directory
              .tokensOf(id)
              .map(({ hash, expiresAt }) => ({ hash: Buffer.from(hash).toString("hex"), expiresAt })),
            limits: wearer === undefined ? [] : limitsOf(wearer).map(limitBody),
          };
        });
      const content = { gatewayId, organisationId, settings, devices };
      const version = createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 16);
      return { version: `${set?.revision ?? 0}-${version}`, ...content };
    },
  };
}

function limitBody({ signal, low, high, criticalLow, criticalHigh, priority, delayMs, hysteresis }: Limits) {
  return { signal, low, high, criticalLow, criticalHigh, priority, delayMs, hysteresis };
}
