import type { Alarm, DeviceEvent, Stay } from "@openward/model";
import { type AlarmRow, toAlarm } from "./alarms.ts";
import { type Asker, isUuid, type Tables } from "./transaction.ts";

interface EventRow {
  readonly id: string;
  readonly organisation_id: string;
  readonly device_id: string;
  readonly patient_id: string | null;
  readonly association_id: string | null;
  readonly event: string;
  readonly at: number;
  readonly time_from_server: boolean;
  readonly received_at: number;
  readonly detail: Readonly<Record<string, unknown>>;
}

interface StayRow {
  readonly id: string;
  readonly organisation_id: string;
  readonly patient_id: string;
  readonly ward_id: string;
  readonly ward_name: string;
  readonly bed: string;
  readonly from_at: number;
  readonly to_at: number | null;
}

/** Of one patient at one moment there are few. */
const EVENTS_MAX = 100;

/** Alarms, events and stays one by one, of patients whom the asker sees; each by what it is known by. */
export function createHappenings({ tables }: { tables: Tables }) {
  return {
    async alarm(asker: Asker, alarmId: string): Promise<Alarm | undefined> {
      const [row] = await tables.inOrganisation(asker, (tx) =>
        tx.rows<AlarmRow>("SELECT * FROM alarm_revision WHERE alarm_id = $1 ORDER BY revision DESC LIMIT 1", [alarmId]),
      );
      return row && toAlarm(row);
    },

    async eventsAt(asker: Asker, patientId: string, at: number): Promise<DeviceEvent[]> {
      if (!isUuid(patientId)) return [];
      const rows = await tables.inOrganisation(asker, (tx) =>
        tx.rows<EventRow>(
          `SELECT id, organisation_id::text, device_id, patient_id::text, association_id::text, event, at, time_from_server, received_at, detail
             FROM event WHERE patient_id = $1 AND at = $2 LIMIT ${EVENTS_MAX}`,
          [patientId, at],
        ),
      );
      return rows.map((row) => ({
        id: row.id,
        organisationId: row.organisation_id,
        deviceId: row.device_id,
        patientId: row.patient_id,
        associationId: row.association_id,
        event: row.event,
        at: row.at,
        timeFromServer: row.time_from_server,
        receivedAt: row.received_at,
        detail: row.detail,
      }));
    },

    async stay(asker: Asker, stayId: string): Promise<(Stay & { readonly wardName: string }) | undefined> {
      if (!isUuid(stayId)) return undefined;
      const [row] = await tables.inOrganisation(asker, (tx) =>
        tx.rows<StayRow>(
          `SELECT s.id::text, s.organisation_id::text, s.patient_id::text, s.ward_id::text, w.name AS ward_name, s.bed, s.from_at, s.to_at
             FROM stay s JOIN ward w ON w.id = s.ward_id WHERE s.id = $1`,
          [stayId],
        ),
      );
      return (
        row && {
          id: row.id,
          organisationId: row.organisation_id,
          patientId: row.patient_id,
          wardId: row.ward_id,
          wardName: row.ward_name,
          bed: row.bed,
          from: row.from_at,
          to: row.to_at,
        }
      );
    },
  };
}
