import { RefusedInput } from "@openward/errors";
import { NOTHING_REGISTERED, type DeviceRegistration as Registration } from "@openward/model";
import { audit } from "./audit.ts";
import type { RegistryContext } from "./context.ts";
import type { DeviceDescription, DeviceRegistration } from "./ports.ts";
import { inOrganisation, type Transaction } from "./transaction.ts";

/** The columns of it as `device` has them. */
export interface RegistrationRow {
  readonly udi: Registration["label"];
  readonly owner: Registration["owner"];
  readonly owner_name: string | null;
  readonly location: string | null;
  readonly ward_id: string | null;
  readonly out_of_service: boolean;
  readonly service_note: string | null;
  readonly service_due_on: string | null;
}

export const REGISTRATION_COLUMNS =
  "d.udi, d.owner, d.owner_name, d.location, d.ward_id, d.out_of_service, d.service_note, d.service_due_on::text";

export function toRegistration(row: RegistrationRow): Registration {
  return {
    ...NOTHING_REGISTERED,
    label: row.udi,
    owner: row.owner,
    ownerName: row.owner_name,
    location: row.location,
    wardId: row.ward_id,
    isOutOfService: row.out_of_service,
    serviceNote: row.service_note,
    serviceDueOn: row.service_due_on,
  };
}

/** What people write down of a device. */
export function createDeviceRegistration(context: RegistryContext): DeviceRegistration {
  const { api, runtime } = context;
  return {
    async describe(organisationId, deviceId, described, by) {
      const at = runtime.clock.now();
      await inOrganisation(api, organisationId, async (tx) => {
        const [before] = await tx.rows<Record<string, unknown> & { revoked_at: number | null }>(
          `SELECT ${REGISTRATION_COLUMNS}, d.type, d.display, d.manufacturer, d.model, d.serial, d.revoked_at
             FROM device d WHERE d.id = $1 FOR UPDATE`,
          [deviceId],
        );
        if (!before) throw new RefusedInput("NOT_FOUND", { at: "device" });
        if (before.revoked_at !== null)
          throw new RefusedInput("CONFLICT", { at: "device", expected: "a device with access" });
        if (described.isOutOfService && before.out_of_service !== true) await needFree(tx, deviceId);
        await needOwnLabel(tx, deviceId, described);
        await needWard(tx, described);
        const after = columnsOf(described);
        const names = Object.keys(after);
        const sets = names.map((name, i) => `${name} = $${i + 2}${name === "service_due_on" ? "::date" : ""}`);
        await tx.run(`UPDATE device SET ${sets.join(", ")} WHERE id = $1`, [deviceId, ...Object.values(after)]);
        if (described.isOutOfService !== before.out_of_service)
          await tx.run(
            `INSERT INTO device_service (device_id, at, organisation_id, out_of_service) VALUES ($1, $2, $3, $4)
             ON CONFLICT (device_id, at) DO UPDATE SET out_of_service = EXCLUDED.out_of_service`,
            [deviceId, at, organisationId, described.isOutOfService],
          );
        // Names of what changed, never the texts: a place or a note may name somebody.
        const changed = names.filter((name) => JSON.stringify(after[name]) !== JSON.stringify(before[name] ?? null));
        const state = described.isOutOfService ? "out-of-service" : "in-service";
        const detail = { changed, state, type: described.type, di: described.label?.di ?? null };
        await audit(tx, { organisationId, at, by, action: "device.describe", deviceId, detail });
      });
      await context.changed({ kind: "device", organisationId, deviceId });
    },
  };
}

function columnsOf(described: DeviceDescription): Record<string, unknown> {
  return {
    type: described.type,
    display: described.display,
    manufacturer: described.manufacturer,
    model: described.model,
    serial: described.serial,
    udi: described.label,
    owner: described.owner,
    owner_name: described.ownerName,
    location: described.location,
    ward_id: described.wardId,
    out_of_service: described.isOutOfService,
    service_note: described.serviceNote,
    service_due_on: described.serviceDueOn,
  };
}

/** Taken out of service silently, a patient would no longer be watched by it and nobody would have said so. */
async function needFree(tx: Transaction, deviceId: string): Promise<void> {
  const [worn] = await tx.rows("SELECT FROM association WHERE device_id = $1 AND to_at IS NULL", [deviceId]);
  if (worn) throw new RefusedInput("CONFLICT", { at: "service", expected: "a device that is on no patient" });
}

async function needWard(tx: Transaction, { wardId }: DeviceDescription): Promise<void> {
  if (wardId === null) return;
  const [ward] = await tx.rows("SELECT FROM ward WHERE id = $1", [wardId]);
  if (!ward) throw new RefusedInput("FIELD_INVALID", { at: "wardId", expected: "a ward of this organisation" });
}

/** Two devices with one label and one serial number are one device, or one of them has the wrong label. */
async function needOwnLabel(tx: Transaction, deviceId: string, { label }: DeviceDescription): Promise<void> {
  if (!label?.serial) return;
  const [other] = await tx.rows<{ id: string }>(
    `SELECT id FROM device
      WHERE udi->>'di' = $2 AND udi->>'serial' = $3 AND revoked_at IS NULL AND id <> $1 LIMIT 1`,
    [deviceId, label.di, label.serial],
  );
  if (other) throw new RefusedInput("CONFLICT", { at: "udi", expected: `a label that is not that of ${other.id}` });
}
