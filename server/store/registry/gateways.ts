import { RefusedInput } from "@openward/errors";
import { audit } from "./audit.ts";
import type { RegistryContext } from "./context.ts";
import type { By } from "./ports.ts";
import { inOrganisation } from "./transaction.ts";

/** What somebody set for a gateway, as it was then. */
export interface GatewaySettingsRow {
  readonly settings: unknown;
  readonly revision: number;
  readonly setBy: string;
  readonly setAt: number;
}

export interface GatewayRegistry {
  /** The newest; undefined: nobody has set anything. */
  settingsOf(organisationId: string, gatewayId: string): Promise<GatewaySettingsRow | undefined>;
  /** @throws RefusedInput NOT_FOUND, CONFLICT: a device without access, or settings that somebody else changed meanwhile */
  configure(organisationId: string, gatewayId: string, settings: object, seen: number, by: By): Promise<void>;
  /** What it last told of itself; undefined: nothing. */
  reportOf(organisationId: string, gatewayId: string): Promise<{ detail: unknown; receivedAt: number } | undefined>;
}

export function createGatewayRegistry({ api, runtime }: RegistryContext): GatewayRegistry {
  return {
    settingsOf: (organisationId, gatewayId) =>
      inOrganisation(api, organisationId, async (tx) => {
        const [row] = await tx.rows<{ settings: unknown; revision: number; set_by: string; set_at: number }>(
          "SELECT settings, revision, set_by, set_at FROM gateway_settings WHERE gateway_id = $1 ORDER BY revision DESC LIMIT 1",
          [gatewayId],
        );
        return row && { settings: row.settings, revision: row.revision, setBy: row.set_by, setAt: row.set_at };
      }),

    async configure(organisationId, gatewayId, settings, seen, by) {
      const at = runtime.clock.now();
      await inOrganisation(api, organisationId, async (tx) => {
        const [device] = await tx.rows<{ revoked_at: number | null }>(
          "SELECT revoked_at FROM device WHERE id = $1 FOR UPDATE",
          [gatewayId],
        );
        if (!device) throw new RefusedInput("NOT_FOUND", { at: "device" });
        if (device.revoked_at !== null)
          throw new RefusedInput("CONFLICT", { at: "device", expected: "a device with access" });
        const added = await tx.run(
          `INSERT INTO gateway_settings (organisation_id, gateway_id, revision, settings, set_by, set_at)
           SELECT $1, $2, $3::integer + 1, $4, $5, $6
            WHERE $3::integer = (SELECT coalesce(max(revision), 0) FROM gateway_settings WHERE gateway_id = $2)`,
          [organisationId, gatewayId, seen, JSON.stringify(settings), by, at],
        );
        if (added === 0)
          throw new RefusedInput("CONFLICT", { at: "revision", expected: "the revision that holds now" });
        const detail = { revision: seen + 1 };
        await audit(tx, { organisationId, at, by, action: "device.configure", deviceId: gatewayId, detail });
      });
    },

    reportOf: (organisationId, gatewayId) =>
      inOrganisation(api, organisationId, async (tx) => {
        const [row] = await tx.rows<{ detail: unknown; received_at: number }>(
          `SELECT detail, received_at FROM event WHERE event = 'gateway-report' AND device_id = $1
            ORDER BY received_at DESC LIMIT 1`,
          [gatewayId],
        );
        return row && { detail: row.detail, receivedAt: row.received_at };
      }),
  };
}
