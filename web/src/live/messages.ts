import type { LiveMessage } from "@openward/api";

/** The same as SILENCE_MS of @openward/api (a test holds them equal); its schemas do not travel to the browser. */
export const SILENCE_MS = 10_000;

const types: ReadonlySet<string> = new Set([
  "snapshot",
  "patient",
  "numerics",
  "waveform",
  "alarm",
  "standby",
  "heartbeat",
  "refused",
] satisfies LiveMessage["type"][]);

/**
 * The parts that screens rely on are checked; what is wrong is refused whole, and the connection starts afresh with a
 * snapshot rather than go on with half a message.
 *
 * @returns undefined: not a message of this protocol
 */
export function parseLiveMessage(text: unknown): LiveMessage | undefined {
  if (typeof text !== "string") return undefined;
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(body) || typeof body.type !== "string" || !types.has(body.type)) return undefined;
  return hasItsParts(body) ? (body as unknown as LiveMessage) : undefined; // checked just above
}

function hasItsParts(m: Record<string, unknown>): boolean {
  switch (m.type) {
    case "snapshot":
      return isTime(m.serverTime) && isListOf(m.tiles, isTile);
    case "patient":
      return typeof m.patientId === "string" && (m.tile === null || isTile(m.tile));
    case "numerics":
      return isTime(m.serverTime) && isListOf(m.items, isLatest);
    case "waveform":
      return isListOf(m.chunks, isChunk);
    case "alarm":
      return isAlarm(m.alarm);
    case "standby":
      return isObject(m.standby) && typeof m.standby.id === "string" && typeof m.standby.patientId === "string";
    case "heartbeat":
      return isTime(m.serverTime) && typeof m.storage === "string";
    default:
      return typeof m.code === "string";
  }
}

const isObject = (x: unknown): x is Record<string, unknown> => typeof x === "object" && x !== null;
const isTime = (x: unknown): boolean => typeof x === "number" && Number.isFinite(x);
const isListOf = (x: unknown, check: (item: unknown) => boolean): boolean => Array.isArray(x) && x.every(check);

function isLatest(x: unknown): boolean {
  return (
    isObject(x) &&
    typeof x.streamId === "string" &&
    typeof x.signal === "string" &&
    typeof x.unit === "string" &&
    typeof x.value === "number" &&
    isTime(x.at) &&
    isTime(x.receivedAt)
  );
}

function isAlarm(x: unknown): boolean {
  return (
    isObject(x) &&
    typeof x.id === "string" &&
    typeof x.patientId === "string" &&
    typeof x.revision === "number" &&
    (x.priority === "high" || x.priority === "medium" || x.priority === "low") &&
    (x.state === "raised" || x.state === "acknowledged" || x.state === "resolved")
  );
}

function isTile(x: unknown): boolean {
  return (
    isObject(x) &&
    isObject(x.patient) &&
    typeof x.patient.id === "string" &&
    isListOf(x.latest, isLatest) &&
    isListOf(x.streams, (s) => isObject(s) && typeof s.id === "string" && typeof s.signal === "string") &&
    isListOf(x.alarms, isAlarm) &&
    Array.isArray(x.standby)
  );
}

function isChunk(x: unknown): boolean {
  return (
    isObject(x) &&
    typeof x.patientId === "string" &&
    typeof x.streamId === "string" &&
    typeof x.signal === "string" &&
    isTime(x.start) &&
    typeof x.rateHz === "number" &&
    x.rateHz > 0 &&
    typeof x.scale === "number" &&
    typeof x.origin === "number" &&
    Array.isArray(x.samples)
  );
}
