import type { CredentialsBody } from "@openward/api";
import { RefusedInput } from "@openward/errors";
import type { Handlers } from "./call.ts";
import type { Names } from "./names.ts";
import type { Asker, Certify, Devices, SystemState } from "./ports/index.ts";

type CredentialRoutes =
  | "rotateToken"
  | "deviceCredentials"
  | "revokeCredential"
  | "issueCertificate"
  | "newClaimCode"
  | "setCharge";

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** What a device signs in with, made, seen and ended by whoever looks after the devices. */
export function deviceCredentialHandlers(deps: {
  devices: Devices;
  certify: Certify;
  names: Names;
  system: Pick<SystemState, "publicUrl">;
}): Pick<Handlers, CredentialRoutes> {
  const { devices, certify, names, system } = deps;

  async function needDevice(asker: Asker, deviceId: string): Promise<void> {
    if (!(await devices.find(asker, deviceId))) throw new RefusedInput("NOT_FOUND", { at: "deviceId" });
  }

  async function bodyOf(organisationId: string, deviceId: string): Promise<CredentialsBody> {
    const [credentials, inCharge] = await Promise.all([
      devices.credentials(organisationId, deviceId),
      devices.inCharge(organisationId, deviceId),
    ]);
    await names.learn(credentials.map(({ createdBy }) => createdBy));
    return { credentials: credentials.map((one) => ({ ...one, createdBy: names.of(one.createdBy) })), inCharge };
  }

  return {
    async rotateToken({ params: { deviceId }, signedIn: { principal, organisation }, body }) {
      await needDevice(principal, deviceId);
      const overlapMs = (body?.overlapHours ?? 0) * HOUR_MS;
      const validMs = body?.days ? body.days * DAY_MS : null;
      const token = await devices.rotateToken(organisation.id, deviceId, principal.id, { overlapMs, validMs });
      return { id: deviceId, token };
    },

    async deviceCredentials({ params: { deviceId }, signedIn: { principal, organisation } }) {
      await needDevice(principal, deviceId);
      return bodyOf(organisation.id, deviceId);
    },

    async revokeCredential({ params: { deviceId, id }, signedIn: { principal, organisation } }) {
      await needDevice(principal, deviceId);
      await devices.revokeCredential(organisation.id, deviceId, id, principal.id);
      return bodyOf(organisation.id, deviceId);
    },

    async issueCertificate({ params: { deviceId }, signedIn: { principal, organisation }, body }) {
      const known = await devices.find(principal, deviceId);
      if (!known) throw new RefusedInput("NOT_FOUND", { at: "deviceId" });
      // Before a certificate is made that could not be used.
      if (known.device.revokedAt !== null)
        throw new RefusedInput("CONFLICT", { at: "deviceId", expected: "a device with access" });
      const { cert, key, hash, expiresAt, authority } = await certify(deviceId, body);
      const overlapMs = body.overlapHours === null ? null : body.overlapHours * HOUR_MS;
      await devices.addCertificate(organisation.id, deviceId, { hash, expiresAt }, principal.id, { overlapMs });
      return { id: deviceId, certificate: cert, key, authority, expiresAt };
    },

    async newClaimCode({ params: { deviceId }, signedIn: { principal, organisation }, body }) {
      await needDevice(principal, deviceId);
      const { code, expiresAt } = await devices.newClaim(organisation.id, deviceId, body.hours * HOUR_MS, principal.id);
      return { code, url: `${system.publicUrl()}/ingest/claim#${code}`, expiresAt };
    },

    async setCharge({ params: { deviceId }, signedIn: { principal, organisation }, body }) {
      await needDevice(principal, deviceId);
      await needDevice(principal, body.deviceId);
      const change = body.isInCharge ? devices.takeCharge : devices.endCharge;
      await change(organisation.id, deviceId, body.deviceId, principal.id);
      return bodyOf(organisation.id, deviceId);
    },
  };
}
