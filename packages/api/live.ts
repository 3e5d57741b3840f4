import { z } from "zod";
import { alarm, latest, patient, standby, storageState } from "./bodies/index.ts";

/**
 * The WebSocket at /live. The browser signs in with its session cookie (Origin is checked), a program with
 * `Authorization: Bearer`. The screen says what it watches; the server sends a snapshot of it and then what changes.
 * The server sends something at least every HEARTBEAT_MS; a screen that has heard nothing for SILENCE_MS says
 * NOT MONITORING, in picture and sound, until it has a new snapshot.
 */
export const HEARTBEAT_MS = 3_000;
export const SILENCE_MS = 10_000;

/** Screen to server. A new `watch` replaces the one before. */
export const watchMessage = z.object({
  type: z.literal("watch"),
  /** All patients of a ward, or these patients. */
  wardId: z.uuid().optional(),
  patients: z.array(z.uuid()).max(500).optional(),
  /** "one": one waveform per patient (ECG first); "all": every waveform; "none". */
  waveforms: z.enum(["none", "one", "all"]).default("one"),
});
export type WatchMessage = z.input<typeof watchMessage>;

const tile = z.object({
  patient,
  /** Newest reading of each numeric stream. */
  latest: z.array(latest),
  /** Streams with the interval in which they are expected to speak (null: on demand): older than 3 of them is stale. */
  streams: z.array(
    z.object({
      id: z.uuid(),
      signal: z.string(),
      kind: z.enum(["numeric", "waveform"]),
      unit: z.string(),
      deviceId: z.string(),
      expectedIntervalMs: z.number().nullable(),
    }),
  ),
  /** raised or acknowledged, most urgent first. */
  alarms: z.array(alarm),
  standby: z.array(standby),
});
export type Tile = z.infer<typeof tile>;

const waveformChunk = z.object({
  patientId: z.uuid(),
  streamId: z.uuid(),
  signal: z.string(),
  unit: z.string(),
  /** Device time of the first sample. */
  start: z.number(),
  rateHz: z.number(),
  scale: z.number(),
  origin: z.number(),
  samples: z.array(z.number().int().nullable()),
});
export type WaveformChunk = z.infer<typeof waveformChunk>;

/** Server to screen, one JSON object per WebSocket message. */
export const liveMessage = z.discriminatedUnion("type", [
  /** Replaces everything the screen shows. */
  z.object({ type: z.literal("snapshot"), serverTime: z.number(), tiles: z.array(tile) }),
  /** A patient was admitted, changed, moved or left (tile null) what is watched. */
  z.object({ type: z.literal("patient"), patientId: z.uuid(), tile: tile.nullable() }),
  /** Coalesced: at most one per stream and message; new streams come with their first value. */
  z.object({
    type: z.literal("numerics"),
    serverTime: z.number(),
    items: z.array(latest.extend({ patientId: z.uuid() })),
  }),
  z.object({ type: z.literal("waveform"), chunks: z.array(waveformChunk) }),
  z.object({ type: z.literal("alarm"), alarm }),
  z.object({ type: z.literal("standby"), standby }),
  /** Nothing else to say. `storage` other than "ok" is shown on every screen. */
  z.object({ type: z.literal("heartbeat"), serverTime: z.number(), storage: storageState }),
  /** The last message before the server closes: signed out, or not permitted. */
  z.object({ type: z.literal("refused"), code: z.string(), detail: z.string() }),
]);
export type LiveMessage = z.infer<typeof liveMessage>;
