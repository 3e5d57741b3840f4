import type { ClockSighting, ClockState } from "@openward/model";
import { audit } from "./audit.ts";
import type { RegistryContext } from "./context.ts";
import { everywhere } from "./transaction.ts";

/** What was known of a device's clock before the last stop. `track` is what ingest saved, as it was. */
export interface KnownDeviceClock<Track> {
  readonly organisationId: string;
  readonly deviceId: string;
  readonly track: Track | null;
  readonly through: number;
  readonly sightings: readonly ClockSighting[];
  readonly states: readonly ClockState[];
}

/** All rejections are OutsideTrouble. */
export interface DeviceClockMemory {
  known<Track>(): Promise<KnownDeviceClock<Track>[]>;
  /** Who decides of a clock what only a person can tell; written before it is so. */
  note(organisationId: string, deviceId: string, by: string, detail: object): Promise<void>;
  /** That this state is a person's; it is durable already. */
  decided(state: ClockState): Promise<void>;
  save(learnt: readonly { deviceId: string; track: unknown; through: number }[]): Promise<void>;
}

/** Of a device of which nothing was saved, what was seen of it in so long. */
const UNSAVED_MS = 86_400_000;
/** Spans and pieces that a timeline keeps. */
const STATES_MAX = 512;

export function createDeviceClocks({ worker, runtime }: RegistryContext): DeviceClockMemory {
  return {
    async known<Track>() {
      const { sightings, states, tracks } = await everywhere(worker, async (tx) => ({
        tracks: await tx.rows<{ organisationId: string; deviceId: string; track: Track; through: number }>(
          `SELECT organisation_id::text AS "organisationId", device_id AS "deviceId", track, through FROM device_clock_track`,
        ),
        sightings: await tx.rows<SightingRow>(
          `SELECT k.organisation_id::text, k.device_id, k.device_time, k.server_time, k.gateway_time, k.is_stated, k.body_hash
             FROM device d LEFT JOIN device_clock_track t ON t.device_id = d.id
             CROSS JOIN LATERAL (
               SELECT * FROM device_clock c
                WHERE c.device_id = d.id AND c.server_time > COALESCE(t.through, $1)) k
            ORDER BY k.device_id, k.server_time, k.position, k.ordinal`,
          [runtime.clock.now() - UNSAVED_MS],
        ),
        states: await tx.rows<StateRow>(
          `SELECT s.*, p.decided_by, p.because FROM device d CROSS JOIN LATERAL (
             SELECT * FROM device_clock_state s WHERE s.device_id = d.id ORDER BY sequence DESC LIMIT ${STATES_MAX}) s
             LEFT JOIN device_clock_decision p ON p.device_id = s.device_id AND p.sequence = s.sequence
            ORDER BY s.device_id, s.sequence`,
        ),
      }));
      const known = new Map<string, KnownDeviceClock<Track> & { sightings: ClockSighting[]; states: ClockState[] }>();
      const of = (organisationId: string, deviceId: string) => {
        let one = known.get(deviceId);
        if (!one) {
          one = { organisationId, deviceId, track: null, through: 0, sightings: [], states: [] };
          known.set(deviceId, one);
        }
        return one;
      };
      for (const { organisationId, deviceId, track, through } of tracks)
        known.set(deviceId, { ...of(organisationId, deviceId), track, through });
      for (const row of sightings) of(row.organisation_id, row.device_id).sightings.push(toSighting(row));
      for (const row of states) of(row.organisation_id, row.device_id).states.push(toClockState(row));
      return [...known.values()];
    },

    note: (organisationId, deviceId, by, detail) =>
      everywhere(worker, (tx) =>
        audit(tx, { organisationId, at: runtime.clock.now(), by, action: "device.clock", deviceId, detail }),
      ),

    async decided({ organisationId, deviceId, sequence, decidedBy, because }) {
      if (decidedBy === undefined) return;
      await everywhere(worker, (tx) =>
        tx.run(
          `INSERT INTO device_clock_decision (organisation_id, device_id, sequence, decided_by, because)
           VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
          [organisationId, deviceId, sequence, decidedBy, because ?? ""],
        ),
      );
    },

    async save(learnt) {
      if (learnt.length === 0) return;
      await everywhere(worker, (tx) =>
        tx.run(
          `INSERT INTO device_clock_track (device_id, organisation_id, track, through)
           SELECT l.device_id, d.organisation_id, l.track, l.through
             FROM unnest($1::text[], $2::jsonb[], $3::bigint[]) AS l (device_id, track, through)
             JOIN device d ON d.id = l.device_id
           ON CONFLICT (device_id) DO UPDATE SET track = EXCLUDED.track, through = EXCLUDED.through`,
          [
            learnt.map(({ deviceId }) => deviceId),
            learnt.map(({ track }) => JSON.stringify(track)),
            learnt.map(({ through }) => through),
          ],
        ),
      );
    },
  };
}

interface SightingRow {
  readonly organisation_id: string;
  readonly device_id: string;
  readonly device_time: number;
  readonly server_time: number;
  readonly gateway_time: number | null;
  readonly is_stated: boolean;
  readonly body_hash: number | null;
}

const toSighting = (row: SightingRow): ClockSighting => ({
  organisationId: row.organisation_id,
  deviceId: row.device_id,
  deviceTime: row.device_time,
  serverTime: row.server_time,
  ...(row.gateway_time !== null && { gatewayTime: row.gateway_time }),
  ...(row.is_stated && { isStated: true }),
  ...(row.body_hash !== null && { bodyHash: row.body_hash }),
});

export interface StateRow {
  readonly organisation_id: string;
  readonly device_id: string;
  readonly sequence: number;
  readonly decided_at: number;
  readonly kind: ClockState["kind"];
  readonly leads_to: ClockState["leadsTo"];
  readonly is_certain: boolean;
  readonly from_at: number;
  readonly after_at: number | null;
  readonly applies_from: number | null;
  readonly at: number;
  readonly ahead_ms: number;
  readonly drift: number;
  readonly drift_bound: number;
  readonly below_ms: number;
  readonly above_ms: number;
  readonly sightings: number;
  /** Where a person decided it. */
  readonly decided_by?: string | null;
  readonly because?: string | null;
}

export const toClockState = (row: StateRow): ClockState => ({
  organisationId: row.organisation_id,
  deviceId: row.device_id,
  sequence: row.sequence,
  decidedAt: row.decided_at,
  kind: row.kind,
  leadsTo: row.leads_to,
  isCertain: row.is_certain,
  from: row.from_at,
  after: row.after_at,
  appliesFrom: row.applies_from,
  at: row.at,
  aheadMs: row.ahead_ms,
  drift: row.drift,
  driftBound: row.drift_bound,
  belowMs: row.below_ms,
  aboveMs: row.above_ms,
  sightings: row.sightings,
  ...(row.decided_by != null && { decidedBy: row.decided_by }),
  ...(row.because != null && { because: row.because }),
});
