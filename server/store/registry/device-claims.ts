import { RefusedInput } from "@openward/errors";
import { audit } from "./audit.ts";
import type { RegistryContext } from "./context.ts";
import { insertCredential } from "./device-credentials.ts";
import { hashToken, newClaimCode, newToken, readClaimCode } from "./device-tokens.ts";
import type { DeviceClaims } from "./ports.ts";
import { everywhere, inOrganisation } from "./transaction.ts";

const VALID_MS_MAX = 72 * 3_600_000;

/** Codes that a device exchanges, once, for what it signs in with. */
export function createDeviceClaims(context: RegistryContext): DeviceClaims {
  const { api, worker, runtime } = context;

  return {
    async newClaim(organisationId, deviceId, validMs, by) {
      if (!(validMs > 0 && validMs <= VALID_MS_MAX))
        throw new RefusedInput("FIELD_INVALID", { at: "valid", expected: "up to 72 hours" });
      const at = runtime.clock.now();
      const code = newClaimCode(runtime.random);
      const expiresAt = at + validMs;
      await inOrganisation(api, organisationId, async (tx) => {
        const [device] = await tx.rows<{ revoked_at: number | null }>(
          "SELECT revoked_at FROM device WHERE id = $1 FOR UPDATE",
          [deviceId],
        );
        if (!device) throw new RefusedInput("NOT_FOUND", { at: "device" });
        if (device.revoked_at !== null)
          throw new RefusedInput("CONFLICT", { at: "device", expected: "a device with access" });
        // Of several labels of one device the last one counts.
        await tx.run("UPDATE device_claim SET used_at = $2 WHERE device_id = $1 AND used_at IS NULL", [deviceId, at]);
        await tx.run(
          `INSERT INTO device_claim (code_hash, organisation_id, device_id, created_at, created_by, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6)`,
          [hashToken(readClaimCode(code)), organisationId, deviceId, at, by, expiresAt],
        );
        await audit(tx, { organisationId, at, by, action: "device.claim-code", deviceId, detail: { expiresAt } });
      });
      return { code, expiresAt };
    },

    async claim(code, certify) {
      const at = runtime.clock.now();
      const { answer, organisationId } = await everywhere(worker, async (tx) => {
        // Whoever comes second waits for this row, and then finds it used.
        const [found] = await tx.rows<{ organisation_id: string; device_id: string }>(
          `UPDATE device_claim c SET used_at = $2 FROM device d
            WHERE c.code_hash = $1 AND c.used_at IS NULL AND c.expires_at > $2 AND d.id = c.device_id AND d.revoked_at IS NULL
            RETURNING c.organisation_id, c.device_id`,
          [hashToken(readClaimCode(code)), at],
        );
        if (!found) throw new RefusedInput("CLAIM_EXPIRED", { at: "code" });
        const { organisation_id: organisationId, device_id: deviceId } = found;
        // Refused here, the code can still be used: everything is undone.
        const certificate = certify && (await certify(deviceId));
        const token = certificate ? null : newToken(runtime.random);
        // Who has the box has the device: whatever was valid before ends.
        await tx.run("UPDATE device_credential SET revoked_at = $2 WHERE device_id = $1 AND revoked_at IS NULL", [
          deviceId,
          at,
        ]);
        const id = runtime.ids.uuid();
        const by = "claim code";
        await insertCredential(tx, id, {
          organisationId,
          deviceId,
          kind: certificate ? "certificate" : "token",
          hash: certificate ? certificate.hash : hashToken(token ?? ""),
          at,
          by,
          expiresAt: certificate ? certificate.expiresAt : null,
        });
        await audit(tx, { organisationId, at, by, action: "device.claim", deviceId, detail: { credential: id } });
        return { organisationId, answer: { deviceId, token, certificate: certificate ?? null } };
      });
      await context.changed({ kind: "device", organisationId, deviceId: answer.deviceId });
      return answer;
    },
  };
}
