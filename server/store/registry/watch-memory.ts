import type { AgeGroup, Alarm, AlarmPriority, DeviceEvent, Expectation, Limits, Standby } from "@openward/model";
import { type AlarmRow, toAlarm } from "./alarms.ts";
import { audit } from "./audit.ts";
import type { RegistryContext } from "./context.ts";
import { everywhere, inOrganisation, needUuid } from "./transaction.ts";

/** The default limits that a person chose, and the age group that was known then. */
export interface ChosenProfile {
  readonly ageGroup: AgeGroup | null;
  readonly chosenFor: AgeGroup | null;
}

/** What the alarms knew before the last stop. All rejections are OutsideTrouble. */
export interface RegistryWatchMemory {
  openAlarms(): Promise<Alarm[]>;
  /** Those that were resolved last, oldest first. */
  resolvedAlarms(): Promise<Pick<Alarm, "id" | "rule" | "streamId" | "conditionEndedAt">[]>;
  deviceClocks(): Promise<{ deviceId: string; clock: number; receivedAt: number }[]>;
  recentEvents(kinds: readonly string[], since: number): Promise<DeviceEvent[]>;
  runningStandby(now: number): Promise<Standby[]>;
  expectations(): Promise<Expectation[]>;
  limits(): Promise<{ patientId: string; profile: ChosenProfile; limits: Limits[] }[]>;
  /** All that ever held, oldest first. */
  limitHistory(): Promise<{ patientId: string; limits: Limits }[]>;
  saveLimits(
    organisationId: string,
    patientId: string,
    profile: ChosenProfile,
    limits: readonly Limits[],
  ): Promise<void>;
}

const RESOLVED_MAX = 10_000;

export function createWatchMemory({ api, worker, runtime }: RegistryContext): RegistryWatchMemory {
  const read = <T extends object>(sql: string, values: readonly unknown[] = []) =>
    everywhere(worker, (tx) => tx.rows<T>(sql, values));

  return {
    async openAlarms() {
      const rows = await read<AlarmRow>(
        `SELECT DISTINCT ON (alarm_id) a.* FROM alarm_revision a
          WHERE NOT EXISTS (SELECT 1 FROM alarm_revision r WHERE r.alarm_id = a.alarm_id AND r.state = 'resolved')
          ORDER BY alarm_id, revision DESC`,
      );
      return rows.map(toAlarm);
    },

    async resolvedAlarms() {
      // Calls for help on their own: they may be delivered again after weeks, and what comes in between must not oust them.
      return read<Pick<Alarm, "id" | "rule" | "streamId" | "conditionEndedAt">>(
        `SELECT alarm_id AS id, rule, stream_id::text AS "streamId", condition_ended_at AS "conditionEndedAt" FROM (
           (SELECT * FROM alarm_revision WHERE state = 'resolved' AND rule = 'event'
             ORDER BY resolved_at DESC LIMIT ${RESOLVED_MAX})
           UNION ALL
           (SELECT * FROM alarm_revision WHERE state = 'resolved' AND rule <> 'event'
             ORDER BY resolved_at DESC LIMIT ${RESOLVED_MAX})) newest
          ORDER BY resolved_at`,
      );
    },

    async deviceClocks() {
      return read<{ deviceId: string; clock: number; receivedAt: number }>(
        `SELECT a.device_id AS "deviceId", s.clock_at AS clock, s.received_at AS "receivedAt"
          FROM association a CROSS JOIN LATERAL (
            SELECT clock_at, received_at FROM device_status
             WHERE device_id = a.device_id AND clock_at IS NOT NULL ORDER BY received_at DESC LIMIT 1) s
          WHERE a.to_at IS NULL`,
      );
    },

    async recentEvents(kinds, since) {
      return read<DeviceEvent>(
        `SELECT id, organisation_id AS "organisationId", device_id AS "deviceId", patient_id AS "patientId",
            association_id AS "associationId", event, at, time_from_server AS "timeFromServer",
            received_at AS "receivedAt", detail
          FROM event WHERE event = ANY($1::text[]) AND received_at >= $2 AND patient_id IS NOT NULL
          ORDER BY received_at`,
        [kinds, since],
      );
    },

    async runningStandby(now) {
      const rows = await read<StandbyRow>(
        `SELECT * FROM (
           SELECT DISTINCT ON (standby_id) * FROM standby_revision
            WHERE standby_id IN (SELECT standby_id FROM standby_revision WHERE until_at > $1)
            ORDER BY standby_id, position DESC, ordinal DESC) newest
          WHERE ended_at IS NULL AND until_at > $1`,
        [now],
      );
      return rows.map(toStandby);
    },

    async expectations() {
      const rows = await read<{ stream_id: string; interval_ms: number | null; source: Expectation["source"] }>(
        "SELECT DISTINCT ON (stream_id) stream_id, interval_ms, source FROM expectation ORDER BY stream_id, position DESC, ordinal DESC",
      );
      return rows.map(
        (row): Expectation => ({ streamId: row.stream_id, intervalMs: row.interval_ms, source: row.source }),
      );
    },

    async limits() {
      const profiles = await read<{ patient_id: string; age_group: AgeGroup | null; chosen_for: AgeGroup | null }>(
        "SELECT DISTINCT ON (patient_id) patient_id, age_group, chosen_for FROM alarm_profile ORDER BY patient_id, revision DESC",
      );
      const rows = await read<LimitRow>(
        "SELECT DISTINCT ON (patient_id, signal) * FROM alarm_limit ORDER BY patient_id, signal, revision DESC",
      );
      const found = new Map<string, { patientId: string; profile: ChosenProfile; limits: Limits[] }>();
      const of = (patientId: string) => {
        const entry = found.get(patientId) ?? { patientId, profile: { ageGroup: null, chosenFor: null }, limits: [] };
        found.set(patientId, entry);
        return entry;
      };
      for (const { patient_id, age_group, chosen_for } of profiles) {
        of(patient_id).profile = { ageGroup: age_group, chosenFor: chosen_for };
      }
      for (const row of rows) of(row.patient_id).limits.push(toLimits(row));
      return [...found.values()];
    },

    async limitHistory() {
      const rows = await read<LimitRow>("SELECT * FROM alarm_limit ORDER BY patient_id, signal, revision");
      return rows.map((row) => ({ patientId: row.patient_id, limits: toLimits(row) }));
    },

    async saveLimits(organisationId, patientId, profile, limits) {
      const at = runtime.clock.now();
      const by = limits[0]?.setBy ?? "system";
      await inOrganisation(api, organisationId, async (tx) => {
        await tx.run(
          `INSERT INTO alarm_profile (organisation_id, patient_id, age_group, chosen_for, set_at, set_by)
           SELECT $1, $2, $3, $4, $5, $6 FROM (SELECT) AS one LEFT JOIN LATERAL
             (SELECT * FROM alarm_profile WHERE patient_id = $2 ORDER BY revision DESC LIMIT 1) AS newest ON true
            WHERE newest.age_group IS DISTINCT FROM $3::text OR newest.chosen_for IS DISTINCT FROM $4::text`,
          [organisationId, needUuid(patientId, "patient"), profile.ageGroup, profile.chosenFor, at, by],
        );
        for (const limit of limits) {
          await tx.run(
            `INSERT INTO alarm_limit (organisation_id, patient_id, signal, low, high, critical_low, critical_high, priority, delay_ms,
               hysteresis, latching, enabled, set_at, set_by)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
            [
              organisationId,
              patientId,
              limit.signal,
              limit.low,
              limit.high,
              limit.criticalLow,
              limit.criticalHigh,
              limit.priority,
              limit.delayMs,
              limit.hysteresis,
              limit.latching,
              limit.enabled,
              limit.setAt,
              limit.setBy,
            ],
          );
        }
        const detail = { profile: profile.ageGroup, signals: limits.map((limit) => limit.signal) };
        await audit(tx, { organisationId, at, by, action: "alarm.limits", patientId, detail });
      });
    },
  };
}

interface StandbyRow {
  readonly standby_id: string;
  readonly organisation_id: string;
  readonly patient_id: string;
  readonly stream_id: string | null;
  readonly reason: string;
  readonly from_at: number;
  readonly until_at: number;
  readonly started_by: string;
  readonly ended_at: number | null;
}

const toStandby = (row: StandbyRow): Standby => ({
  id: row.standby_id,
  organisationId: row.organisation_id,
  patientId: row.patient_id,
  streamId: row.stream_id,
  reason: row.reason,
  from: row.from_at,
  until: row.until_at,
  startedBy: row.started_by,
  endedAt: row.ended_at,
});

interface LimitRow {
  readonly patient_id: string;
  readonly signal: string;
  readonly low: number | null;
  readonly high: number | null;
  readonly critical_low: number | null;
  readonly critical_high: number | null;
  readonly priority: AlarmPriority;
  readonly delay_ms: number;
  readonly hysteresis: number;
  readonly latching: boolean;
  readonly enabled: boolean;
  readonly set_at: number;
  readonly set_by: string;
}

const toLimits = (row: LimitRow): Limits => ({
  signal: row.signal,
  low: row.low,
  high: row.high,
  criticalLow: row.critical_low,
  criticalHigh: row.critical_high,
  priority: row.priority,
  delayMs: row.delay_ms,
  hysteresis: row.hysteresis,
  latching: row.latching,
  enabled: row.enabled,
  setBy: row.set_by,
  setAt: row.set_at,
});
