import { RefusedInput } from "@openward/errors";
import { audit } from "./audit.ts";
import type { RegistryContext } from "./context.ts";
import { hashToken, newToken } from "./device-tokens.ts";
import type { By, DeviceCredential, DeviceCredentials } from "./ports.ts";
import { inOrganisation, needUuid, type Transaction } from "./transaction.ts";

const OVERLAP_MS_MAX = 30 * 86_400_000;
const VALID_CERTIFICATES_MAX = 4;

interface CredentialRow {
  readonly id: string;
  readonly kind: DeviceCredential["kind"];
  readonly created_at: number;
  readonly created_by: string;
  readonly expires_at: number | null;
}

interface NewCredential {
  readonly organisationId: string;
  readonly deviceId: string;
  readonly kind: DeviceCredential["kind"];
  readonly hash: Uint8Array;
  readonly at: number;
  readonly by: By;
  readonly expiresAt: number | null;
}

export async function insertCredential(tx: Transaction, id: string, credential: NewCredential): Promise<void> {
  const { organisationId, deviceId, kind, hash, at, by, expiresAt } = credential;
  await tx.run(
    `INSERT INTO device_credential (id, organisation_id, device_id, kind, hash, created_at, created_by, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [id, organisationId, deviceId, kind, Buffer.from(hash), at, by, expiresAt],
  );
}

/** What devices sign in with, and who is in a gateway's charge. */
export function createDeviceCredentials(context: RegistryContext): DeviceCredentials {
  const { api, runtime } = context;
  const now = () => runtime.clock.now();
  const told = (organisationId: string, deviceId: string) =>
    context.changed({ kind: "device", organisationId, deviceId });

  /** The one before goes at once, or stays beside the new one for a while; never longer than it would have. */
  const replace = async (
    credential: NewCredential,
    { overlapMs, action }: { overlapMs: number | null; action: string },
  ): Promise<void> => {
    const { organisationId, deviceId, kind, at, by, expiresAt } = credential;
    if (overlapMs !== null && !(overlapMs >= 0 && overlapMs <= OVERLAP_MS_MAX))
      throw new RefusedInput("FIELD_INVALID", { at: "overlap", expected: "up to 30 days" });
    if (expiresAt !== null && expiresAt <= at)
      throw new RefusedInput("FIELD_INVALID", { at: "expires", expected: "a time that lies ahead" });
    await inOrganisation(api, organisationId, async (tx) => {
      await needActive(tx, deviceId);
      if (overlapMs === 0) {
        await tx.run(
          "UPDATE device_credential SET revoked_at = $3 WHERE device_id = $1 AND kind = $2 AND revoked_at IS NULL",
          [deviceId, kind, at],
        );
      } else if (overlapMs !== null) {
        await tx.run(
          `UPDATE device_credential SET expires_at = least(expires_at, $3)
            WHERE device_id = $1 AND kind = $2 AND revoked_at IS NULL`,
          [deviceId, kind, at + overlapMs],
        );
      }
      const id = runtime.ids.uuid();
      await insertCredential(tx, id, credential);
      await audit(tx, { organisationId, at, by, action, deviceId, detail: { credential: id, expiresAt, overlapMs } });
    });
    await told(organisationId, deviceId);
  };

  return {
    async rotateToken(organisationId, deviceId, by, { overlapMs = 0, validMs = null } = {}) {
      const token = newToken(runtime.random);
      const at = now();
      const expiresAt = validMs === null ? null : at + validMs;
      const hash = hashToken(token);
      const credential: NewCredential = { organisationId, deviceId, kind: "token", hash, at, by, expiresAt };
      await replace(credential, { overlapMs, action: "device.rotate-token" });
      return token;
    },

    async addCertificate(organisationId, deviceId, { hash, expiresAt }, by, { overlapMs = null } = {}) {
      const credential: NewCredential = {
        organisationId,
        deviceId,
        kind: "certificate",
        hash,
        at: now(),
        by,
        expiresAt,
      };
      await replace(credential, { overlapMs, action: "device.issue-certificate" });
    },

    async renewCertificate({ organisationId, deviceId, credentialId }, { hash, expiresAt }, overlapMs) {
      const at = now();
      await inOrganisation(api, organisationId, async (tx) => {
        await needActive(tx, deviceId);
        const valid = await tx.rows<{ id: string; is_ours: boolean }>(
          `SELECT id, authority = 'own' AS is_ours FROM device_credential
            WHERE device_id = $1 AND kind = 'certificate' AND revoked_at IS NULL AND expires_at > $2`,
          [deviceId, at],
        );
        if (!valid.some(({ id, is_ours }) => id === credentialId && is_ours))
          throw new RefusedInput("CONFLICT", { at: "certificate", expected: "a valid one of this server's authority" });
        if (valid.length >= VALID_CERTIFICATES_MAX) {
          const expected = `fewer than ${VALID_CERTIFICATES_MAX} that are valid: wait for the end of one, or revoke it`;
          throw new RefusedInput("CONFLICT", { at: "certificate", expected });
        }
        // The device may not have got the new one, or have lost it: the old one still asks for another.
        await tx.run("UPDATE device_credential SET expires_at = least(expires_at, $2) WHERE id = $1", [
          credentialId,
          at + overlapMs,
        ]);
        const id = runtime.ids.uuid();
        const by = "device";
        await insertCredential(tx, id, { organisationId, deviceId, kind: "certificate", hash, at, by, expiresAt });
        const detail = { credential: id, expiresAt, overlapMs, renews: credentialId };
        await audit(tx, { organisationId, at, by, action: "device.renew-certificate", deviceId, detail });
      });
      await told(organisationId, deviceId);
    },

    credentials: (organisationId, deviceId) =>
      inOrganisation(api, organisationId, async (tx) => {
        const rows = await tx.rows<CredentialRow>(
          `SELECT id, kind, created_at, created_by, expires_at FROM device_credential
            WHERE device_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
            ORDER BY created_at, id`,
          [deviceId, now()],
        );
        return rows.map((row) => ({
          id: row.id,
          kind: row.kind,
          createdAt: row.created_at,
          createdBy: row.created_by,
          expiresAt: row.expires_at,
        }));
      }),

    async revokeCredential(organisationId, deviceId, credentialId, by) {
      const at = now();
      await inOrganisation(api, organisationId, async (tx) => {
        const revoked = await tx.run(
          "UPDATE device_credential SET revoked_at = $3 WHERE id = $1 AND device_id = $2 AND revoked_at IS NULL",
          [needUuid(credentialId, "credential"), deviceId, at],
        );
        if (revoked === 0) throw new RefusedInput("NOT_FOUND", { at: "credential" });
        const detail = { credential: credentialId };
        await audit(tx, { organisationId, at, by, action: "device.revoke-credential", deviceId, detail });
      });
      await told(organisationId, deviceId);
    },

    async takeCharge(organisationId, gatewayId, deviceId, by) {
      if (gatewayId === deviceId)
        throw new RefusedInput("FIELD_INVALID", { at: "device", expected: "another device than the gateway" });
      const at = now();
      await inOrganisation(api, organisationId, async (tx) => {
        await needActive(tx, gatewayId);
        await needActive(tx, deviceId);
        const begun = await tx.run(
          `INSERT INTO device_charge (id, organisation_id, gateway_id, device_id, from_at, created_by)
           VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (gateway_id, device_id) WHERE to_at IS NULL DO NOTHING`,
          [runtime.ids.uuid(), organisationId, gatewayId, deviceId, at, by],
        );
        if (begun === 0) return;
        await audit(tx, { organisationId, at, by, action: "device.charge", deviceId, detail: { gateway: gatewayId } });
      });
      await told(organisationId, gatewayId);
    },

    async endCharge(organisationId, gatewayId, deviceId, by) {
      const at = now();
      await inOrganisation(api, organisationId, async (tx) => {
        const ended = await tx.run(
          "UPDATE device_charge SET to_at = $3 WHERE gateway_id = $1 AND device_id = $2 AND to_at IS NULL",
          [gatewayId, deviceId, at],
        );
        if (ended === 0)
          throw new RefusedInput("NOT_FOUND", { at: "device", expected: "a device in the gateway's charge" });
        const detail = { gateway: gatewayId };
        await audit(tx, { organisationId, at, by, action: "device.end-charge", deviceId, detail });
      });
      await told(organisationId, gatewayId);
    },

    inCharge: (organisationId, gatewayId) =>
      inOrganisation(api, organisationId, async (tx) => {
        const rows = await tx.rows<{ device_id: string }>(
          "SELECT device_id FROM device_charge WHERE gateway_id = $1 AND to_at IS NULL ORDER BY device_id",
          [gatewayId],
        );
        return rows.map((row) => row.device_id);
      }),
  };
}

async function needActive(tx: Transaction, deviceId: string): Promise<void> {
  const [row] = await tx.rows<{ revoked_at: number | null }>("SELECT revoked_at FROM device WHERE id = $1 FOR UPDATE", [
    deviceId,
  ]);
  if (!row) throw new RefusedInput("NOT_FOUND", { at: "device" });
  if (row.revoked_at !== null) throw new RefusedInput("CONFLICT", { at: "device", expected: "a device with access" });
}
