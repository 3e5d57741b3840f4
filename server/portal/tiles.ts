import type { Tile } from "@openward/api";
import { OutsideTrouble } from "@openward/errors";
import type { Alarm, PatientView } from "@openward/model";
import type { Clock } from "@openward/runtime";
import type { Names } from "./names.ts";
import type { DevicesNow, PatientRecord, Reading, StreamSummary, Telemetry, Watch } from "./ports/index.ts";
import { alarmBody, byUrgency, latestBody, patientBody, standbyBody } from "./present.ts";
import { limitsProfileOf } from "./profile.ts";
import type { Roster } from "./roster.ts";

/** What a screen watches: a ward, these patients, or (neither) every admitted patient it may see. */
export interface TileFilter {
  readonly wardId?: string | undefined;
  readonly patients?: readonly string[] | undefined;
}

/** Everything that a live tile begins with. */
export interface Tiles {
  patientIds(view: PatientView, filter: TileFilter): Promise<string[]>;
  tilesOf(view: PatientView, filter: TileFilter): Promise<Tile[]>;
  /** null: no such patient for this view. */
  tileOf(view: PatientView, patientId: string): Promise<Tile | null>;
}

interface TilesDeps {
  readonly clock: Clock;
  readonly roster: Roster;
  readonly telemetry: Pick<Telemetry, "streams" | "latest">;
  readonly watch: Pick<Watch, "active" | "standbyOf" | "expectationOf" | "limitsOf">;
  readonly devicesNow: Pick<DevicesNow, "patientOf">;
  readonly names: Names;
}

/** A spot measurement (a thermometer that went on to the next bed) stays on the tile this long. */
const SPOT_MS = 24 * 3_600_000;
const MOST_TILES = 500;

export function createTiles(deps: TilesDeps): Tiles {
  const { clock, roster, telemetry, watch, devicesNow, names } = deps;

  async function tile(view: PatientView, record: PatientRecord, alarms: readonly Alarm[]): Promise<Tile> {
    const patientId = record.patient.id;
    const now = clock.now();
    const [summaries, standby, profile] = await Promise.all([
      streamsOf(view, patientId),
      watch.standbyOf(view, patientId),
      limitsProfileOf(watch, view, record, now),
    ]);
    const shown = new Set<string>();
    const streams: Tile["streams"] = [];
    for (const { stream, lastAt } of summaries) {
      const expectedIntervalMs = watch.expectationOf(stream.id)?.intervalMs ?? null;
      const isWorn = devicesNow.patientOf(stream.deviceId) === patientId;
      // A sensor that was taken off leaves the tile: its last value would stand there as if it still measured.
      if (!isWorn && (expectedIntervalMs !== null || lastAt === null || lastAt < now - SPOT_MS)) continue;
      shown.add(stream.id);
      const { id, signal, kind, unit, deviceId } = stream;
      streams.push({ id, signal, kind, unit, deviceId, expectedIntervalMs });
    }
    await names.learn([...alarms.map((a) => a.acknowledgedBy), ...standby.map((s) => s.startedBy)]);
    return {
      patient: patientBody(record, now, profile),
      latest: telemetry
        .latest(view, patientId)
        .filter((reading) => shown.has(reading.stream.id))
        .map(latestBody),
      streams,
      alarms: [...alarms].sort(byUrgency).map((alarm) => alarmBody(alarm, names)),
      standby: standby.map((s) => standbyBody(s, names)),
    };
  }

  /** While the database is away, the streams that memory knows. */
  async function streamsOf(view: PatientView, patientId: string): Promise<readonly StreamSummary[]> {
    try {
      return await telemetry.streams(view, patientId);
    } catch (error) {
      if (!(error instanceof OutsideTrouble)) throw error;
      return telemetry.latest(view, patientId).map(({ stream, time }: Reading) => ({ stream, lastAt: time }));
    }
  }

  async function wanted(view: PatientView, { wardId, patients }: TileFilter): Promise<readonly PatientRecord[]> {
    const { organisationId } = view.principal;
    if (patients) {
      const ids = [...new Set(patients)].filter((id) => view.has(id)).slice(0, MOST_TILES);
      // One query for those who are here; only who has left is asked for one by one.
      const admitted = new Map((await roster.admitted(organisationId)).map((record) => [record.patient.id, record]));
      const found = await Promise.all(ids.map((id) => admitted.get(id) ?? roster.find(organisationId, id)));
      return found.filter((record) => record !== undefined);
    }
    const admitted = await roster.admitted(organisationId);
    return admitted
      .filter(({ patient, stay }) => view.has(patient.id) && (wardId === undefined || stay?.wardId === wardId))
      .slice(0, MOST_TILES);
  }

  return {
    async patientIds(view, filter) {
      return (await wanted(view, filter)).map(({ patient }) => patient.id);
    },
    async tilesOf(view, filter) {
      const records = await wanted(view, filter);
      const byPatient = Map.groupBy(await watch.active(view), (alarm) => alarm.patientId);
      const alarmsOf = ({ patient }: PatientRecord) =>
        view.recordsOf(patient.id).flatMap((id) => byPatient.get(id) ?? []);
      return Promise.all(records.map((record) => tile(view, record, alarmsOf(record))));
    },
    async tileOf(view, patientId) {
      if (!view.has(patientId)) return null;
      const record = await roster.find(view.principal.organisationId, patientId);
      // One that was merged has no tile of its own any more.
      if (!record || record.patient.mergedInto !== null) return null;
      const records = view.recordsOf(patientId);
      const active = await watch.active(view);
      return tile(
        view,
        record,
        active.filter((alarm) => records.includes(alarm.patientId)),
      );
    },
  };
}
