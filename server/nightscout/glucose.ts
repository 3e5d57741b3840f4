import { createHash } from "node:crypto";
import type { PatientView } from "@openward/model";
import { findSignal } from "@openward/signals";
import { checkUnit, toCanonical } from "@openward/signals/units";
import type { Content, Reading, StoredDocument, Telemetry } from "./ports.ts";

/** What the store has of glucose, whichever device it came from, as entries. */
const SIGNALS: Readonly<Record<string, "sgv" | "mbg">> = {
  "glucose-interstitial": "sgv",
  "glucose-blood": "mbg",
  "glucose-blood-molar": "mbg",
};
const MASS = findSignal("glucose-interstitial");
/** An arrow is drawn from the value before it, where that is not older. */
const ARROW_MS = 15 * 60_000;
const MINUTE_MS = 60_000;

export interface Glucose {
  readonly reading: Reading;
  readonly type: "sgv" | "mbg";
  /** mg/dL */
  readonly value: number;
}

/** The streams of glucose that this view shows of the patient. */
export async function glucoseStreams(
  telemetry: Pick<Telemetry, "streams">,
  view: PatientView,
  patientId: string,
  type?: "sgv" | "mbg",
): Promise<string[]> {
  const streams = await telemetry.streams(view, patientId);
  return streams.flatMap(({ stream }) => {
    const kind = stream.kind === "numeric" ? SIGNALS[stream.signal] : undefined;
    return kind !== undefined && (type === undefined || kind === type) ? [stream.id] : [];
  });
}

export function glucoseOf(reading: Reading): Glucose | undefined {
  const type = SIGNALS[reading.stream.signal];
  if (type === undefined || !Number.isFinite(reading.value)) return undefined;
  const value = inMilligrams(reading);
  return Number.isFinite(value) ? { reading, type, value } : undefined;
}

/** Whatever unit it came in; what came as amount of substance to a tenth, which is finer than it was measured. */
function inMilligrams({ stream, value }: Reading): number {
  if (stream.unit === "mg/dL") return value;
  const given = MASS && checkUnit(MASS, stream.unit);
  return given?.ok ? Math.round(toCanonical(value, given.conversion) * 10) / 10 : Number.NaN;
}

/** Thresholds in mg/dL a minute, as makers of CGMs draw them. */
export function directionOf(perMinute: number): string {
  const steep = Math.abs(perMinute);
  if (Number.isNaN(steep)) return "NONE";
  const way = perMinute > 0 ? "Up" : "Down";
  if (steep < 1) return "Flat";
  if (steep < 2) return `FortyFive${way}`;
  return steep < 3 ? `Single${way}` : `Double${way}`;
}

/** @param before the value before it of the same stream */
export function entryOf(
  { reading, type, value }: Glucose,
  document: StoredDocument | undefined,
  before?: Glucose,
): Content {
  const { stream, time, ordinal, utcOffsetMinutes, receivedAt } = reading;
  const apart = before ? time - before.reading.time : Number.NaN;
  const slope = before && apart > 0 && apart <= ARROW_MS ? (value - before.value) / (apart / MINUTE_MS) : Number.NaN;
  const id = document?.id ?? readingId(stream.id, time, ordinal);
  const utc = new Date(time).toISOString();
  return {
    direction: type === "sgv" ? directionOf(slope) : undefined,
    device: "openward",
    ...document?.content,
    _id: id,
    identifier: document?.identifier ?? id,
    type,
    [type]: value,
    date: time,
    dateString: utc,
    sysTime: utc,
    utcOffset: utcOffsetMinutes ?? document?.content.utcOffset ?? 0,
    srvCreated: document?.createdAt ?? receivedAt,
    srvModified: document?.modifiedAt ?? receivedAt,
  };
}

/** 24 hexadecimal digits that name this reading, whenever they are asked for. */
export const readingId = (streamId: string, time: number, ordinal: number): string =>
  createHash("sha256").update(`${streamId} ${time} ${ordinal}`).digest("hex").slice(0, 24);
