import type { Alarm, AlarmPriority, AlarmRule, AlarmState } from "@openward/model";
import type { RegistryContext } from "./context.ts";
import type { AlarmRegistry } from "./ports.ts";
import { inOrganisation, needUuid } from "./transaction.ts";

/** One revision of an alarm as the database has it. */
export interface AlarmRow {
  readonly alarm_id: string;
  readonly revision: number;
  readonly organisation_id: string;
  readonly patient_id: string;
  readonly device_id: string | null;
  readonly stream_id: string | null;
  readonly signal: string | null;
  readonly rule: AlarmRule;
  readonly priority: AlarmPriority;
  readonly state: AlarmState;
  readonly latched: boolean;
  readonly onset_at: number;
  readonly raised_at: number;
  readonly condition_ended_at: number | null;
  readonly acknowledged_at: number | null;
  readonly acknowledged_by: string | null;
  readonly acknowledged_on: string | null;
  readonly resolved_at: number | null;
  readonly value: number | null;
  readonly limit_value: number | null;
  readonly unit: string | null;
}

// A screen shows a page of them; a span of a year on a noisy sensor holds far more.
const ALARMS_MAX = 2000;

/** The life of alarms, as it was written. */
export function createAlarmRegistry({ api }: RegistryContext): AlarmRegistry {
  return {
    async ofPatient(asker, patientId, from, to) {
      const rows = await inOrganisation(api, asker, (tx) =>
        tx.rows<AlarmRow>(
          `SELECT * FROM (
             SELECT DISTINCT ON (alarm_id) * FROM alarm_revision
              WHERE patient_id = $1 AND onset_at >= $2 AND onset_at < $3
              ORDER BY alarm_id, revision DESC) newest
            ORDER BY onset_at DESC, alarm_id LIMIT ${ALARMS_MAX}`,
          [needUuid(patientId, "patient"), from, to],
        ),
      );
      return rows.map(toAlarm);
    },
  };
}

export function toAlarm(row: AlarmRow): Alarm {
  return {
    id: row.alarm_id,
    revision: row.revision,
    organisationId: row.organisation_id,
    patientId: row.patient_id,
    deviceId: row.device_id,
    streamId: row.stream_id,
    signal: row.signal,
    rule: row.rule,
    priority: row.priority,
    state: row.state,
    latched: row.latched,
    onsetAt: row.onset_at,
    raisedAt: row.raised_at,
    conditionEndedAt: row.condition_ended_at,
    acknowledgedAt: row.acknowledged_at,
    acknowledgedBy: row.acknowledged_by,
    ...(row.acknowledged_on === null ? {} : { acknowledgedOn: row.acknowledged_on }),
    resolvedAt: row.resolved_at,
    value: row.value,
    limit: row.limit_value,
    unit: row.unit,
  };
}
