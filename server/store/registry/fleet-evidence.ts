import type { Association, DeviceEvidence, FleetEvidence, GatewaySpans, Span } from "@openward/model";
import { type AssociationRow, toAssociation } from "./associations.ts";
import type { RegistryContext } from "./context.ts";
import { type Asker, inOrganisation, type Transaction } from "./transaction.ts";

export interface FleetEvidenceRegistry {
  /** Associations that overlap a span: of these patients, or of these devices; only of patients whom the asker sees. */
  worn(
    asker: Asker,
    of: { readonly patientIds: readonly string[] } | { readonly deviceIds: readonly string[] },
    span: Span,
  ): Promise<Association[]>;
  /** What people confirmed of how often each stream must speak, ms; null: nobody expects anything. */
  confirmed(asker: Asker, patientIds: readonly string[]): Promise<ReadonlyMap<string, number | null>>;
  /** In which zone each patient's days are counted, since when. */
  zones(asker: Asker, patientIds: readonly string[]): Promise<{ patientId: string; from: number; timeZone: string }[]>;
  evidence(
    asker: Asker,
    deviceIds: readonly string[],
    patientIds: readonly string[],
    span: Span,
  ): Promise<FleetEvidence>;
}

/** What a device says of its battery counts for so long. */
const BEFORE_MS = 12 * 3_600_000;
/** Its messages about itself are looked at in steps: the newest battery of each, and that it was there. */
const STEP_MS = 10 * 60_000;
/** More of one device than this says no more. */
const QUARANTINED_MAX = 5_000;
const WEAR_EVENTS = ["sensor-off", "lead-off", "off-body", "not-worn", "sensor-on", "lead-on", "on-body", "worn"];

export function createFleetEvidence({ api }: RegistryContext): FleetEvidenceRegistry {
  return {
    worn: (asker, of, { from, to }) =>
      inOrganisation(api, asker, async (tx) => {
        const isOf = "patientIds" in of ? "patient_id = ANY ($1::uuid[])" : "device_id = ANY ($1::text[])";
        const rows = await tx.rows<AssociationRow>(
          `SELECT id, organisation_id, device_id, patient_id, from_at, to_at FROM association
            WHERE ${isOf} AND from_at < $3 AND (to_at IS NULL OR to_at > $2) ORDER BY from_at`,
          ["patientIds" in of ? of.patientIds : of.deviceIds, from, to],
        );
        return rows.map(toAssociation);
      }),

    confirmed: (asker, patientIds) =>
      inOrganisation(api, asker, async (tx) => {
        const rows = await tx.rows<{ id: string; ms: number | null; source: string }>(
          `SELECT DISTINCT ON (stream_id) stream_id::text AS id, interval_ms AS ms, source FROM expectation
            WHERE patient_id = ANY ($1::uuid[]) ORDER BY stream_id, position DESC, ordinal DESC`,
          [patientIds],
        );
        return new Map(rows.flatMap(({ id, ms, source }) => (source === "confirmed" ? [[id, ms] as const] : [])));
      }),

    zones: (asker, patientIds) =>
      inOrganisation(api, asker, (tx) =>
        tx.rows(
          `SELECT patient_id::text AS "patientId", from_at AS "from", time_zone AS "timeZone" FROM patient_time_zone
            WHERE patient_id = ANY ($1::uuid[]) ORDER BY patient_id, from_at`,
          [patientIds],
        ),
      ),

    evidence: (asker, deviceIds, patientIds, span) =>
      inOrganisation(api, asker, async (tx) => {
        const { from, to } = span;
        const of = [deviceIds, from, to];
        const runs = await tx.rows<Span>(
          `SELECT started_at AS "from", coalesce(ended_at, alive_at) AS "to" FROM server_run
            WHERE started_at < $2 AND coalesce(ended_at, alive_at) > $1 - 7 * 86400000::bigint ORDER BY started_at`,
          [from, to],
        );
        const standby = await tx.rows<FleetEvidence["standby"][number]>(STANDBY, [patientIds, from, to]);
        const connected = await tx.rows<Of<Span>>(
          `SELECT c.device_id AS "deviceId", c.from_at AS "from", coalesce(c.to_at, $3) AS "to" FROM device_connection c
            WHERE c.device_id = ANY ($1::text[]) AND c.from_at < $3 AND (c.to_at IS NULL OR c.to_at > $2)
           UNION ALL
           -- The last one before tells that it keeps connections at all.
           SELECT d.id, l.from_at, l.to_at FROM unnest($1::text[]) AS d (id) CROSS JOIN LATERAL (
             SELECT from_at, to_at FROM device_connection b WHERE b.device_id = d.id AND b.from_at < $2 AND b.to_at <= $2
              ORDER BY from_at DESC LIMIT 1) l
            ORDER BY 2`,
          of,
        );
        const said = await tx.rows<Of<{ at: number; percent: number | null }>>(
          `SELECT device_id AS "deviceId", max(received_at) AS at,
                  (array_agg(battery ORDER BY received_at DESC) FILTER (WHERE battery IS NOT NULL))[1] AS percent
             FROM device_status
            WHERE device_id = ANY ($1::text[]) AND state <> 'offline' AND received_at >= $2::bigint - ${BEFORE_MS} AND received_at < $3::bigint + ${BEFORE_MS}
            GROUP BY device_id, received_at / ${STEP_MS} ORDER BY at`,
          of,
        );
        const quarantined = await tx.rows<Of<DeviceEvidence["quarantined"][number]>>(
          `SELECT d.id AS "deviceId", q.* FROM unnest($1::text[]) AS d (id) CROSS JOIN LATERAL (
             SELECT received_at AS at, coalesce(problems->0->>'code', 'BODY_SHAPE') AS code,
                    coalesce((SELECT max((p->>'readings')::integer) FROM json_array_elements(problems) AS p), 0) AS readings
               FROM quarantine WHERE device_id = d.id AND received_at >= $2 AND received_at < $3::bigint + ${BEFORE_MS}
              ORDER BY received_at DESC LIMIT ${QUARANTINED_MAX}) q ORDER BY q.at`,
          of,
        );
        const clock = await tx.rows<Of<DeviceEvidence["clock"][number]>>(
          `SELECT device_id AS "deviceId", after_at AS "after", from_at AS "from", decided_at AS "decidedAt", kind,
                  leads_to AS "leadsTo", ahead_ms AS "aheadMs"
             FROM device_clock_state WHERE device_id = ANY ($1::text[]) AND from_at < $2 ORDER BY sequence`,
          [deviceIds, to],
        );
        const wear = await tx.rows<Of<DeviceEvidence["wear"][number]>>(
          `SELECT device_id AS "deviceId", at, event FROM event
            WHERE organisation_id = current_organisation() AND device_id = ANY ($1::text[]) AND event = ANY ($4)
              AND at >= $2::bigint - ${BEFORE_MS} AND at < $3 ORDER BY at`,
          [...of, WEAR_EVENTS],
        );
        const service = await tx.rows<Of<DeviceEvidence["service"][number]>>(
          `SELECT device_id AS "deviceId", at, out_of_service AS "isOut" FROM device_service
            WHERE device_id = ANY ($1::text[]) AND at < $2 ORDER BY at`,
          [deviceIds, to],
        );
        const gateways = await gatewaysOf(tx, deviceIds, span);
        const ofDevice = <T>(rows: readonly Of<T>[]) => {
          const byId = Map.groupBy(rows, ({ deviceId }) => deviceId);
          return (deviceId: string) => (byId.get(deviceId) ?? []).map(({ deviceId: _, ...rest }) => rest as T);
        };
        const [connectedOf, saidOf, quarantinedOf] = [ofDevice<Span>(connected), ofDevice(said), ofDevice(quarantined)];
        const [clockOf, wearOf, serviceOf] = [ofDevice(clock), ofDevice(wear), ofDevice(service)];
        const devices = new Map<string, DeviceEvidence>();
        for (const deviceId of deviceIds) {
          const spoken = saidOf(deviceId);
          devices.set(deviceId, {
            connected: connectedOf(deviceId),
            battery: spoken.flatMap(({ at, percent }) => (percent === null ? [] : [{ at, percent }])),
            heard: spoken.map(({ at }) => at),
            quarantined: quarantinedOf(deviceId) as DeviceEvidence["quarantined"],
            clock: clockOf(deviceId) as DeviceEvidence["clock"],
            wear: wearOf(deviceId) as DeviceEvidence["wear"],
            service: serviceOf(deviceId) as DeviceEvidence["service"],
            gateways: gateways.get(deviceId) ?? [],
          });
        }
        return { runs, devices, standby };
      }),
  };
}

type Of<T> = T & { readonly deviceId: string };

/** The newest of each pause, where it is of these patients and overlaps the span. */
const STANDBY = `
  SELECT patient_id::text AS "patientId", stream_id::text AS "streamId", reason, from_at AS "from",
         coalesce(ended_at, least(until_at, $3)) AS "to"
    FROM (SELECT DISTINCT ON (standby_id) * FROM standby_revision
           WHERE patient_id = ANY ($1::uuid[]) AND until_at > $2 ORDER BY standby_id, position DESC, ordinal DESC) s
   WHERE from_at < $3 AND coalesce(ended_at, until_at) > $2 ORDER BY from_at`;

async function gatewaysOf(
  tx: Transaction,
  deviceIds: readonly string[],
  { from, to }: Span,
): Promise<Map<string, GatewaySpans[]>> {
  const charges = await tx.rows<{ gatewayId: string; deviceId: string }>(
    `SELECT DISTINCT gateway_id AS "gatewayId", device_id AS "deviceId" FROM device_charge
      WHERE device_id = ANY ($1::text[]) AND from_at < $3 AND (to_at IS NULL OR to_at > $2) ORDER BY 1`,
    [deviceIds, from, to],
  );
  if (charges.length === 0) return new Map();
  const spans = await tx.rows<Of<Span> & { gatewayId: string }>(
    `SELECT gateway_id AS "gatewayId", device_id AS "deviceId", from_at AS "from", to_at AS "to" FROM gateway_heard
      WHERE gateway_id = ANY ($1::text[]) AND from_at < $3 AND to_at > $2 ORDER BY from_at`,
    [[...new Set(charges.map(({ gatewayId }) => gatewayId))], from, to],
  );
  const byGateway = Map.groupBy(spans, ({ gatewayId }) => gatewayId);
  const result = new Map<string, GatewaySpans[]>();
  for (const { gatewayId, deviceId } of charges) {
    const all = byGateway.get(gatewayId) ?? [];
    const spansOf = (isIt: (id: string) => boolean) =>
      all.filter((each) => isIt(each.deviceId)).map(({ from, to, deviceId }) => ({ from, to, deviceId }));
    const of: GatewaySpans = {
      gatewayId,
      up: spansOf((id) => id === ""),
      heard: spansOf((id) => id === deviceId),
      others: spansOf((id) => id !== "" && id !== deviceId),
    };
    result.set(deviceId, [...(result.get(deviceId) ?? []), of]);
  }
  return result;
}
