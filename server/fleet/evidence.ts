import type { DeviceEvidence, FleetEvidence } from "@openward/model";
import {
  type ClockEvidence,
  type Evidence,
  type GatewayEvidence,
  type Span,
  united,
} from "@openward/timeseries/completeness";

/** What its own streams tell of a device. Times are ms UTC, ascending. */
export interface Streamed {
  readonly battery: readonly { readonly at: number; readonly percent: number }[];
  /** What it said of being worn. */
  readonly worn: readonly { readonly at: number; readonly isWorn: boolean }[];
  /** When it measured something of its patient, by other signals than the one in question. */
  readonly others: readonly number[];
}

/** A server writes twice a minute that it runs. */
const UNSURE_MS = 60_000;
/** What says that it is on nobody holds until something else is said, and no longer than this. */
const OFF_MS = 12 * 3_600_000;

/** The evidence on one stream of one device. */
export function evidenceOf(
  known: FleetEvidence,
  device: DeviceEvidence,
  of: {
    readonly patientId: string;
    readonly streamId: string | null;
    readonly streamed: Streamed;
    readonly now: number;
  },
): Evidence {
  const { streamed, now } = of;
  return {
    serverAway: awayOf(known.runs),
    connected: device.connected.length === 0 ? null : device.connected,
    gateways: device.gateways.map(gatewayOf),
    battery: [...device.battery, ...streamed.battery].sort((a, b) => a.at - b.at),
    quarantined: device.quarantined,
    clock: clockOf(device),
    standby: known.standby.filter(
      ({ patientId, streamId }) => patientId === of.patientId && (streamId === null || streamId === of.streamId),
    ),
    sensorOff: offOf(device, streamed, now),
    heard: [...device.heard, ...streamed.battery.map(({ at }) => at), ...streamed.worn.map(({ at }) => at)].sort(
      (a, b) => a - b,
    ),
    otherSignals: streamed.others,
    outOfService: outOf(device, now),
  };
}

/** Between two runs. */
function awayOf(runs: readonly Span[]): Span[] {
  return united(runs, UNSURE_MS).flatMap(({ to }, i, all) => {
    const next = all[i + 1];
    return next ? [{ from: to, to: next.from }] : [];
  });
}

function gatewayOf({ gatewayId, up, heard, others }: DeviceEvidence["gateways"][number]): GatewayEvidence {
  const ofOthers = united(others).map((span) => {
    const within = others.filter(({ from, to }) => from < span.to && to > span.from);
    return { ...span, count: new Set(within.map(({ deviceId }) => deviceId)).size };
  });
  return { gatewayId, up, heard, others: ofOthers };
}

function clockOf({ clock }: DeviceEvidence): ClockEvidence[] {
  return clock.flatMap(({ kind, after, from, decidedAt, leadsTo, aheadMs }, i) => {
    if (kind === null) return [];
    const until = clock[i + 1]?.from ?? null;
    return [{ after, from, until, decidedAt, kind, leadsTo, stepMs: aheadMs - (clock[i - 1]?.aheadMs ?? 0) }];
  });
}

function offOf({ wear }: DeviceEvidence, { worn }: Streamed, now: number): (Span & { event: string })[] {
  const isOn = (event: string) => event.endsWith("-on") || event === "worn" || event === "on-body";
  const said = [
    ...wear.map(({ at, event }) => ({ at, event, isWorn: isOn(event) })),
    ...worn.map(({ at, isWorn }) => ({ at, event: "wear-state", isWorn })),
  ].sort((a, b) => a.at - b.at);
  return said.flatMap(({ at, event, isWorn }, i) =>
    isWorn ? [] : [{ from: at, to: Math.min(said[i + 1]?.at ?? now, at + OFF_MS), event }],
  );
}

function outOf({ service }: DeviceEvidence, now: number): Span[] {
  return service.flatMap(({ at, isOut }, i) => (isOut ? [{ from: at, to: service[i + 1]?.at ?? now }] : []));
}
