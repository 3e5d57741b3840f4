import type { AlarmBody, LatestBody, LiveMessage, PatientBody, StandbyBody, Tile } from "@openward/api";
import { compareAlarms } from "../alarms/priority.ts";

/** What a screen knows of one patient; replaced, never changed, so that a view can compare by identity. */
export interface TileState {
  readonly patient: PatientBody;
  readonly latest: ReadonlyMap<string, LatestBody>;
  readonly streams: Tile["streams"];
  /** Raised or acknowledged, most urgent first. */
  readonly alarms: readonly AlarmBody[];
  readonly standby: readonly StandbyBody[];
}

export type Tiles = ReadonlyMap<string, TileState>;

export const noTiles: Tiles = new Map();

/** The tiles after a message; the same object when nothing changed. */
export function applyMessage(tiles: Tiles, message: LiveMessage): Tiles {
  switch (message.type) {
    case "snapshot":
      return new Map(message.tiles.map((t) => [t.patient.id, fromWire(t)]));
    case "patient": {
      const next = new Map(tiles);
      if (message.tile) next.set(message.patientId, fromWire(message.tile));
      else next.delete(message.patientId);
      return next;
    }
    case "numerics":
      return applyNumerics(tiles, message.items);
    case "alarm":
      return change(tiles, message.alarm.patientId, (tile) => withAlarm(tile, message.alarm));
    case "standby":
      return change(tiles, message.standby.patientId, (tile) => ({
        ...tile,
        standby: [
          ...tile.standby.filter((s) => s.id !== message.standby.id),
          ...(message.standby.endedAt === null ? [message.standby] : []),
        ],
      }));
    case "waveform":
    case "heartbeat":
    case "refused":
      return tiles;
  }
}

/** Standby of the whole patient that runs now; null: the patient is watched. */
export function standbyOf(tile: TileState, now: number): StandbyBody | null {
  return tile.standby.find((s) => s.streamId === null && isRunning(s, now)) ?? null;
}

/** Standby of one stream, or of the patient as a whole. */
export function isInStandby(tile: TileState, streamId: string, now: number): boolean {
  return tile.standby.some((s) => (s.streamId === null || s.streamId === streamId) && isRunning(s, now));
}

function isRunning(s: StandbyBody, now: number): boolean {
  return s.endedAt === null && s.until > now;
}

/** No profile is in force, because the age is not known and nobody has chosen: no default limit is watched. */
export function needsLimits(patient: PatientBody): boolean {
  return patient.stay !== null && patient.limitsProfile === null;
}

/** The limits in force are those of another age group than the patient's. */
export function hasLimitsOfAnotherAge(patient: PatientBody): boolean {
  return patient.limitsProfile !== null && patient.ageGroup !== null && patient.limitsProfile !== patient.ageGroup;
}

function fromWire(tile: Tile): TileState {
  return {
    patient: tile.patient,
    latest: new Map(tile.latest.map((l) => [l.streamId, l])),
    streams: tile.streams,
    alarms: tile.alarms.filter((a) => a.state !== "resolved").sort(compareAlarms),
    standby: tile.standby.filter((s) => s.endedAt === null),
  };
}

function applyNumerics(tiles: Tiles, items: readonly (LatestBody & { patientId: string })[]): Tiles {
  const byPatient = Map.groupBy(items, (i) => i.patientId);
  let next: Map<string, TileState> | undefined;
  for (const [patientId, news] of byPatient) {
    const tile = tiles.get(patientId);
    if (!tile) continue;
    const latest = new Map(tile.latest);
    let streams = tile.streams;
    for (const item of news) {
      latest.set(item.streamId, item);
      if (!streams.some((s) => s.id === item.streamId)) {
        const { streamId: id, signal, unit, deviceId } = item;
        streams = [...streams, { id, signal, kind: "numeric", unit, deviceId, expectedIntervalMs: null }];
      }
    }
    next ??= new Map(tiles);
    next.set(patientId, { ...tile, latest, streams });
  }
  return next ?? tiles;
}

function withAlarm(tile: TileState, alarm: AlarmBody): TileState {
  const known = tile.alarms.find((a) => a.id === alarm.id);
  // An older revision that comes late must not bring back what a newer one has ended.
  if (known && known.revision > alarm.revision) return tile;
  const others = tile.alarms.filter((a) => a.id !== alarm.id);
  return { ...tile, alarms: alarm.state === "resolved" ? others : [...others, alarm].sort(compareAlarms) };
}

function change(tiles: Tiles, patientId: string, edit: (tile: TileState) => TileState): Tiles {
  const tile = tiles.get(patientId);
  if (!tile) return tiles;
  const edited = edit(tile);
  return edited === tile ? tiles : new Map(tiles).set(patientId, edited);
}
