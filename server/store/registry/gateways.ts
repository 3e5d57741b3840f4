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

/** A version of a gateway's settings, with what the gateway made of it. */
export interface GatewayVersionRow extends GatewaySettingsRow {
  readonly restores: number | null;
  /** By the gateway's clock; null: it has not told so. */
  readonly takenUpAt: number | null;
  readonly refused: unknown;
}

/** What was changed, for the audit log: names, no values. */
export interface GatewayChange {
  readonly changed: readonly string[];
  /** The revision that is gone back to. */
  readonly restores?: number;
}

export interface GatewayRegistry {
  /** The newest; undefined: nobody has set anything. */
  settingsOf(organisationId: string, gatewayId: string): Promise<GatewaySettingsRow | undefined>;
  /** @throws RefusedInput NOT_FOUND, CONFLICT: a device without access, or settings that somebody else changed meanwhile */
  configure(
    organisationId: string,
    gatewayId: string,
    settings: object,
    seen: number,
    by: By,
    change: GatewayChange,
  ): Promise<void>;
  /** The newest first, as many as a person looks through. */
  versionsOf(organisationId: string, gatewayId: string): Promise<GatewayVersionRow[]>;
  /** One of them; undefined: there is none. */
  versionOf(organisationId: string, gatewayId: string, revision: number): Promise<{ settings: unknown } | undefined>;
  /** What it last told of itself; undefined: nothing. */
  reportOf(organisationId: string, gatewayId: string): Promise<{ detail: unknown; receivedAt: number } | undefined>;
}

const VERSIONS = 50;

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

    versionsOf: (organisationId, gatewayId) =>
      inOrganisation(api, organisationId, async (tx) => {
        const rows = await tx.rows<{
          settings: unknown;
          revision: number;
          set_by: string;
          set_at: number;
          restores: number | null;
          taken_at: number | null;
          refused: unknown;
        }>(
          `SELECT s.settings, s.revision, s.set_by, s.set_at, s.restores, t.taken_at, t.refused
             FROM gateway_settings s LEFT JOIN gateway_taken t USING (gateway_id, revision)
            WHERE s.gateway_id = $1 ORDER BY s.revision DESC LIMIT ${VERSIONS}`,
          [gatewayId],
        );
        return rows.map(({ settings, revision, set_by, set_at, restores, taken_at, refused }) => ({
          settings,
          revision,
          setBy: set_by,
          setAt: set_at,
          restores,
          takenUpAt: taken_at,
          refused: refused ?? [],
        }));
      }),

    versionOf: (organisationId, gatewayId, revision) =>
      inOrganisation(api, organisationId, async (tx) => {
        const [row] = await tx.rows<{ settings: unknown }>(
          "SELECT settings FROM gateway_settings WHERE gateway_id = $1 AND revision = $2",
          [gatewayId, revision],
        );
        return row;
      }),

    async configure(organisationId, gatewayId, settings, seen, by, { changed, restores }) {
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
          `INSERT INTO gateway_settings (organisation_id, gateway_id, revision, settings, set_by, set_at, restores)
           SELECT $1, $2, $3::integer + 1, $4, $5, $6, $7
            WHERE $3::integer = (SELECT coalesce(max(revision), 0) FROM gateway_settings WHERE gateway_id = $2)`,
          [organisationId, gatewayId, seen, JSON.stringify(settings), by, at, restores ?? null],
        );
        if (added === 0)
          throw new RefusedInput("CONFLICT", { at: "revision", expected: "the revision that holds now" });
        const detail = { revision: seen + 1, changed, ...(restores !== undefined && { restores }) };
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
