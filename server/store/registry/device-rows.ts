import type { Device, DeviceCommands, DeviceFact } from "@openward/model";
import { type AssociationRow, toAssociation } from "./associations.ts";
import { type StateRow, toClockState } from "./device-clocks.ts";
import { REGISTRATION_COLUMNS, type RegistrationRow, toRegistration } from "./device-registration.ts";
import type { DeviceRecord } from "./ports.ts";
import type { Transaction } from "./transaction.ts";

/** A device as the database has it, without what it signs in with. */
export interface DeviceRow {
  readonly id: string;
  readonly organisation_id: string;
  readonly type: string;
  readonly display: string;
  readonly manufacturer: string | null;
  readonly model: string | null;
  readonly serial: string | null;
  readonly created_at: number;
  readonly revoked_at: number | null;
}

export const DEVICE_COLUMNS =
  "d.id, d.organisation_id, d.type, d.display, d.manufacturer, d.model, d.serial, d.created_at, d.revoked_at";

export function toDevice(row: DeviceRow): Device {
  return {
    id: row.id,
    organisationId: row.organisation_id,
    type: row.type,
    display: row.display,
    manufacturer: row.manufacturer,
    model: row.model,
    serial: row.serial,
    createdAt: row.created_at,
    revokedAt: row.revoked_at,
  };
}

interface RecordRow extends DeviceRow, RegistrationRow {
  readonly facts: DeviceFact[] | null;
  readonly commands: DeviceCommands | null;
  readonly association: AssociationRow | null;
  readonly status: { state: string; battery: number | null; clock_at: number | null; received_at: number } | null;
  readonly device_time: number | null;
  readonly server_time: number | null;
  readonly clock: StateRow | null;
  readonly quarantined_at: number | null;
  readonly open_quarantine: number;
  readonly certificate_ends_at: number | null;
}

// A device that floods the quarantine is not counted to the end: "1000" says enough.
const QUARANTINE_COUNT_MAX = 1000;
/** Of a device that says something else each day, the newest. */
const FACTS_MAX = 40;

/** @param condition SQL over d (device) */
export async function readDevices(
  tx: Transaction,
  condition: string,
  values: readonly unknown[],
): Promise<DeviceRecord[]> {
  const rows = await tx.rows<RecordRow>(
    `SELECT ${DEVICE_COLUMNS}, ${REGISTRATION_COLUMNS}, f.facts, dc.commands, to_jsonb(a) AS association, to_jsonb(st) AS status, c.device_time, c.server_time, to_jsonb(cs) AS clock,
            q.received_at AS quarantined_at, s.certificate_ends_at,
            (SELECT count(*) FROM (
               SELECT 1 FROM quarantine q
                WHERE q.device_id = d.id AND q.organisation_id = d.organisation_id
                  AND NOT EXISTS (SELECT 1 FROM quarantine_resolution r WHERE r.quarantine_id = q.id)
                LIMIT ${QUARANTINE_COUNT_MAX}) open) AS open_quarantine
       FROM device d
       LEFT JOIN association a ON a.device_id = d.id AND a.to_at IS NULL
       LEFT JOIN LATERAL (
         SELECT state, battery, clock_at, received_at FROM device_status s
          WHERE s.device_id = d.id ORDER BY received_at DESC, position DESC, ordinal DESC LIMIT 1) st ON true
       LEFT JOIN LATERAL (
         SELECT device_time, server_time FROM device_clock k
          WHERE k.device_id = d.id ORDER BY server_time DESC, position DESC, ordinal DESC LIMIT 1) c ON true
       LEFT JOIN LATERAL (
         SELECT s.*, p.decided_by, p.because FROM device_clock_state s LEFT JOIN device_clock_decision p USING (device_id, sequence)
          WHERE s.device_id = d.id ORDER BY sequence DESC LIMIT 1) cs ON true
       LEFT JOIN LATERAL (
         SELECT received_at FROM quarantine q
          WHERE q.device_id = d.id ORDER BY received_at DESC LIMIT 1) q ON true
       LEFT JOIN LATERAL (
         SELECT CASE kind WHEN 'certificate' THEN expires_at END AS certificate_ends_at FROM device_credential g
          WHERE g.device_id = d.id AND g.revoked_at IS NULL
          ORDER BY created_at DESC, expires_at DESC LIMIT 1) s ON true
       LEFT JOIN LATERAL (
         SELECT json_agg(json_build_object('fact', k.fact, 'value', k.value, 'since', k.since)) AS facts FROM (
           SELECT fact, value, since FROM device_fact k
            WHERE k.device_id = d.id ORDER BY since DESC, fact LIMIT ${FACTS_MAX}) k) f ON true
       LEFT JOIN LATERAL (
         SELECT json_build_object('since', k.since, 'commands', k.commands) AS commands FROM device_commands k
          WHERE k.device_id = d.id ORDER BY since DESC LIMIT 1) dc ON true
      WHERE ${condition}
      ORDER BY d.id`,
    values,
  );
  return rows.map(toRecord);
}

function toRecord(row: RecordRow): DeviceRecord {
  const { status, association, server_time: heardAt } = row;
  const seen = [status?.received_at, heardAt, row.quarantined_at].filter((at) => at != null);
  return {
    device: toDevice(row),
    registration: toRegistration(row),
    facts: row.facts ?? [],
    commands: row.commands,
    status: status && {
      organisationId: row.organisation_id,
      deviceId: row.id,
      state: status.state,
      battery: status.battery,
      clock: status.clock_at,
      receivedAt: status.received_at,
    },
    lastSeenAt: seen.length > 0 ? Math.max(...seen) : null,
    clock: row.clock && toClockState(row.clock),
    clockOffsetMs: nearOffset(row),
    association: association && toAssociation(association),
    openQuarantine: row.open_quarantine,
    certificateEndsAt: row.certificate_ends_at,
  };
}

/** Further away it is late data as likely as a wrong clock. */
const NEAR_MS = 5 * 60_000;

function nearOffset({ device_time, server_time }: Pick<RecordRow, "device_time" | "server_time">): number | null {
  if (device_time === null || server_time === null) return null;
  const offset = device_time - server_time;
  return Math.abs(offset) <= NEAR_MS ? offset : null;
}
