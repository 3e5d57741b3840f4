import type { ConnectionSpan, GatewayReported } from "@openward/model";
import type { RegistryContext } from "./context.ts";
import { everywhere, type Transaction } from "./transaction.ts";

/** What is written down to tell afterwards why something is missing. All rejections are OutsideTrouble. */
export interface FleetKeeping {
  begin(runId: string, at: number): Promise<void>;
  alive(runId: string, at: number): Promise<void>;
  end(runId: string, at: number): Promise<void>;
  /** A span that was saved before is saved anew with its end. */
  connections(runId: string, spans: readonly ConnectionSpan[]): Promise<void>;
  /** Those that came since, oldest first. */
  reports(
    receivedFrom: number,
    limit: number,
  ): Promise<{ detail: unknown; gatewayId: string; organisationId: string; receivedAt: number; everyMs: number }[]>;
  /** Again is harmless. */
  heard(reports: readonly GatewayReported[]): Promise<void>;
  /** Deletes spans that ended before. */
  forget(before: number): Promise<void>;
}

const REPORT_EVERY_S = 300;
/** Reports that are no further apart tell that the gateway was there between them. */
const MISSED_REPORTS = 3;

export function createFleetKeeping({ worker }: RegistryContext): FleetKeeping {
  const all = <T>(work: (tx: Transaction) => Promise<T>) => everywhere(worker, work);
  return {
    begin: (runId, at) =>
      all(async (tx) => {
        await tx.run("INSERT INTO server_run (id, started_at, alive_at) VALUES ($1, $2, $2) ON CONFLICT DO NOTHING", [
          runId,
          at,
        ]);
        // What a run before this one left open ended with it, or soon after.
        await tx.run(
          `UPDATE device_connection c SET to_at = greatest(c.from_at, coalesce(r.ended_at, r.alive_at))
             FROM server_run r WHERE r.id = c.run_id AND c.to_at IS NULL AND c.run_id <> $1`,
          [runId],
        );
      }),
    alive: (runId, at) =>
      all(
        async (tx) =>
          void (await tx.run("UPDATE server_run SET alive_at = greatest(alive_at, $2) WHERE id = $1", [runId, at])),
      ),
    end: (runId, at) =>
      all(async (tx) => {
        await tx.run("UPDATE server_run SET ended_at = greatest(alive_at, $2) WHERE id = $1", [runId, at]);
        await tx.run("UPDATE device_connection SET to_at = greatest(from_at, $2) WHERE run_id = $1 AND to_at IS NULL", [
          runId,
          at,
        ]);
      }),
    connections: (runId, spans) =>
      all(async (tx) => {
        await tx.run(
          `INSERT INTO device_connection (device_id, from_at, organisation_id, to_at, run_id)
           SELECT s.device_id, s.from_at, d.organisation_id, s.to_at, $1
             FROM unnest($2::text[], $3::bigint[], $4::bigint[]) AS s (device_id, from_at, to_at)
             JOIN device d ON d.id = s.device_id
           ON CONFLICT (device_id, from_at) DO UPDATE SET to_at = EXCLUDED.to_at`,
          [runId, spans.map((s) => s.deviceId), spans.map((s) => s.from), spans.map((s) => s.to)],
        );
      }),
    reports: (receivedFrom, limit) =>
      all((tx) =>
        tx.rows(
          `SELECT e.detail, e.device_id AS "gatewayId", e.organisation_id::text AS "organisationId", e.received_at AS "receivedAt",
                  coalesce((SELECT (s.settings->>'reportSeconds')::integer FROM gateway_settings s
                             WHERE s.gateway_id = e.device_id ORDER BY revision DESC LIMIT 1), ${REPORT_EVERY_S}) * 1000 AS "everyMs"
             FROM event e WHERE e.event = 'gateway-report' AND e.received_at >= $1
            ORDER BY e.received_at LIMIT $2`,
          [receivedFrom, limit],
        ),
      ),
    heard: (reports) =>
      all(async (tx) => {
        for (const { gatewayId, organisationId, at, devices, everyMs } of reports) {
          const heard: [string, number][] = [["", at], ...Object.entries(devices)];
          await tx.run(HEARD, [
            gatewayId,
            organisationId,
            heard.map(([deviceId]) => deviceId),
            heard.map(([, time]) => time),
            MISSED_REPORTS * everyMs,
          ]);
        }
      }),
    forget: (before) =>
      all(async (tx) => {
        await tx.run("DELETE FROM device_connection WHERE coalesce(to_at, from_at) < $1 AND to_at IS NOT NULL", [
          before,
        ]);
        await tx.run("DELETE FROM gateway_heard WHERE to_at < $1", [before]);
        await tx.run("DELETE FROM server_run WHERE coalesce(ended_at, alive_at) < $1", [before]);
      }),
  };
}

/** What lies within a span, or no further behind one than it may, makes that one longer; else it begins a new one. */
const HEARD = `
  WITH said AS (
    SELECT s.device_id, s.at FROM unnest($3::text[], $4::bigint[]) AS s (device_id, at)
     WHERE EXISTS (SELECT FROM device d WHERE d.id = $1 AND d.organisation_id = $2)
  ), longer AS (
    UPDATE gateway_heard h SET to_at = greatest(h.to_at, said.at) FROM said
     WHERE h.gateway_id = $1 AND h.device_id = said.device_id AND h.from_at = (
       SELECT max(b.from_at) FROM gateway_heard b
        WHERE b.gateway_id = $1 AND b.device_id = said.device_id AND b.from_at <= said.at)
       AND said.at <= h.to_at + $5::bigint
    RETURNING h.device_id
  )
  INSERT INTO gateway_heard (gateway_id, device_id, from_at, to_at, organisation_id)
  SELECT $1, device_id, at, at, $2 FROM said WHERE device_id NOT IN (SELECT device_id FROM longer)
  ON CONFLICT DO NOTHING`;
