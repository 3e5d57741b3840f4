import { RefusedInput } from "@openward/errors";
import type { Device } from "@openward/model";
import { type AssociationRow, endRunning, reassign, toAssociation } from "./associations.ts";
import { audit } from "./audit.ts";
import type { RegistryContext } from "./context.ts";
import { createDeviceClaims } from "./device-claims.ts";
import { createDeviceCredentials, insertCredential } from "./device-credentials.ts";
import { createDeviceRegistration } from "./device-registration.ts";
import { DEVICE_COLUMNS, type DeviceRow, readDevices, toDevice } from "./device-rows.ts";
import { hashToken, newDeviceId, newToken } from "./device-tokens.ts";
import { createDeviceUses } from "./device-uses.ts";
import type { By, DeviceRegistry, NewDevice } from "./ports.ts";
import { HOUSE, inOrganisation, lookAs, needSeen, needUuid, type Transaction } from "./transaction.ts";

const DEVICE_ID = /^[A-Za-z0-9._-]{1,64}$/;
/** A screen's clock may run a little ahead of ours. */
const AHEAD_MS_MAX = 60_000;

/** Devices, what they sign in with, and who wears them. */
export function createDeviceRegistry(context: RegistryContext): DeviceRegistry {
  const { api, runtime } = context;
  const now = () => runtime.clock.now();

  const lock = async (tx: Transaction, deviceId: string): Promise<DeviceRow> => {
    const [row] = await tx.rows<DeviceRow>(`SELECT ${DEVICE_COLUMNS} FROM device d WHERE id = $1 FOR UPDATE`, [
      deviceId,
    ]);
    if (!row) throw new RefusedInput("NOT_FOUND", { at: "device" });
    return row;
  };

  const lockActive = async (tx: Transaction, deviceId: string): Promise<DeviceRow> => {
    const row = await lock(tx, deviceId);
    if (row.revoked_at !== null) throw new RefusedInput("CONFLICT", { at: "device", expected: "a device with access" });
    return row;
  };

  const deviceChanged = (organisationId: string, deviceId: string) =>
    context.changed({ kind: "device", organisationId, deviceId });
  const associationChanged = async (
    organisationId: string,
    deviceId: string,
    rows: readonly (AssociationRow | undefined)[],
  ) => {
    const patients = new Set(rows.flatMap((row) => (row ? [row.patient_id] : [])));
    await Promise.all(
      [...patients].map((patientId) => context.changed({ kind: "association", organisationId, deviceId, patientId })),
    );
  };

  return {
    ...createDeviceCredentials(context),
    ...createDeviceClaims(context),
    ...createDeviceRegistration(context),
    ...createDeviceUses(context),

    list: (asker) => inOrganisation(api, asker, (tx) => readDevices(tx, "true", [])),

    find: (asker, deviceId) =>
      inOrganisation(api, asker, async (tx) => (await readDevices(tx, "d.id = $1", [deviceId]))[0]),

    displays: (asker, deviceIds) =>
      inOrganisation(api, asker, async (tx) => {
        const rows = await tx.rows<{ id: string; display: string }>(
          "SELECT id, display FROM device WHERE id = ANY ($1)",
          [deviceIds],
        );
        return new Map(rows.map(({ id, display }) => [id, display]));
      }),

    async create(organisationId, device, by) {
      const at = now();
      const token = newToken(runtime.random);
      const id = device.id ?? newDeviceId(runtime.random);
      checkDevice(id, device);
      const row = await inOrganisation(api, organisationId, async (tx) => {
        const [created] = await tx.rows<DeviceRow>(
          `INSERT INTO device AS d (id, organisation_id, type, display, manufacturer, model, serial, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING ${DEVICE_COLUMNS}`,
          [id, organisationId, device.type, device.display, device.manufacturer, device.model, device.serial, at],
        );
        const hash = hashToken(token);
        const credential = { organisationId, deviceId: id, kind: "token" as const, hash, at, by, expiresAt: null };
        await insertCredential(tx, runtime.ids.uuid(), credential);
        await audit(tx, {
          organisationId,
          at,
          by,
          action: "device.create",
          deviceId: id,
          detail: { type: device.type },
        });
        return created as DeviceRow;
      });
      await deviceChanged(organisationId, id);
      return { device: toDevice(row), token };
    },

    async revoke(organisationId, deviceId, by) {
      const at = now();
      const { device, ended } = await inOrganisation(api, organisationId, async (tx) => {
        const row = await lock(tx, deviceId);
        if (row.revoked_at !== null) return { device: toDevice(row), ended: undefined };
        await tx.run("UPDATE device SET revoked_at = $2 WHERE id = $1", [deviceId, at]);
        // It will never speak again: nobody is to wait for it.
        const ended = await endRunning(tx, deviceId, at);
        const patientId = ended?.patient_id ?? null;
        await audit(tx, { organisationId, at, by, action: "device.revoke", deviceId, patientId });
        return { device: { ...toDevice(row), revokedAt: at } satisfies Device, ended };
      });
      await deviceChanged(organisationId, deviceId);
      await associationChanged(organisationId, deviceId, [ended]);
      return device;
    },

    async assign(organisationId, deviceId, patientId, from, by) {
      const at = now();
      if (!Number.isSafeInteger(from) || from < 0 || from > at + AHEAD_MS_MAX) {
        throw new RefusedInput("FIELD_INVALID", { at: "from", expected: "milliseconds UTC that do not lie ahead" });
      }
      const { association, ended } = await inOrganisation(api, organisationId, async (tx) => {
        await lockActive(tx, deviceId);
        await needInService(tx, deviceId);
        await needPatient(tx, patientId, by);
        const on = { organisation_id: organisationId, device_id: deviceId, patient_id: patientId };
        const done = await reassign(tx, on, from, { at, by, newId: () => runtime.ids.uuid() });
        const detail = { from: done.association.from_at, association: done.association.id };
        await audit(tx, { organisationId, at, by, action: "device.assign", deviceId, patientId, detail });
        if (done.ended) {
          await audit(tx, {
            organisationId,
            at,
            by,
            action: "device.release",
            deviceId,
            patientId: done.ended.patient_id,
          });
        }
        return done;
      });
      await associationChanged(organisationId, deviceId, [ended, association]);
      return toAssociation(association);
    },

    async release(organisationId, deviceId, at, by) {
      const ended = await inOrganisation(api, organisationId, async (tx) => {
        await lock(tx, deviceId);
        // On a patient whom one may not see it looks free, and nobody takes it off them.
        await lookAs(tx, by);
        const seen = await tx.rows("SELECT FROM association WHERE device_id = $1 AND to_at IS NULL", [deviceId]);
        await lookAs(tx, HOUSE);
        const row = seen.length > 0 && (await endRunning(tx, deviceId, Math.min(at, now() + AHEAD_MS_MAX)));
        if (!row) throw new RefusedInput("CONFLICT", { at: "device", expected: "a device that is on a patient" });
        await audit(tx, {
          organisationId,
          at: now(),
          by,
          action: "device.release",
          deviceId,
          patientId: row.patient_id,
        });
        return row;
      });
      await associationChanged(organisationId, deviceId, [ended]);
    },
  };
}

async function needInService(tx: Transaction, deviceId: string): Promise<void> {
  const [out] = await tx.rows("SELECT FROM device WHERE id = $1 AND out_of_service", [deviceId]);
  if (out) throw new RefusedInput("CONFLICT", { at: "device", expected: "a device that is in service" });
}

async function needPatient(tx: Transaction, patientId: string, by: By): Promise<void> {
  await needSeen(tx, by, [needUuid(patientId, "patient")]);
  // Held until the end, so that a merge cannot slip in between.
  const [row] = await tx.rows<{ merged_into: string | null }>(
    "SELECT merged_into FROM patient WHERE id = $1 FOR SHARE",
    [patientId],
  );
  if (!row) throw new RefusedInput("NOT_FOUND", { at: "patient" });
  if (row.merged_into) {
    throw new RefusedInput("CONFLICT", {
      at: "patient",
      expected: `patient ${row.merged_into}, into whom this one was merged`,
    });
  }
}

function checkDevice(id: string, device: NewDevice): void {
  if (!DEVICE_ID.test(id))
    throw new RefusedInput("FIELD_INVALID", { at: "id", expected: "1 to 64 of A-Z a-z 0-9 . _ -" });
  if (device.type === "" || device.type.length > 64)
    throw new RefusedInput("FIELD_INVALID", { at: "type", expected: "a device type" });
  for (const field of ["display", "manufacturer", "model", "serial"] as const) {
    if ((device[field] ?? "").length > 120)
      throw new RefusedInput("FIELD_INVALID", { at: field, expected: "at most 120 characters" });
  }
}
