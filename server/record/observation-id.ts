import { createHash } from "node:crypto";

/**
 * Ids of Observations. Opaque to clients; derived from what they name, so that the same reading has the same id in
 * every process and after every restart. FHIR id syntax, at most 64 characters.
 *
 *     r  stream, time, ordinal                a reading
 *     p  patient, device and unit, time, ordinal   a blood pressure panel
 *     w  stream, window, segment              a piece of a waveform
 *     c  device                               what its clock showed
 *     g  patient, measure, fortnight          what a sensor's glucose comes to
 */
export type ObservationName =
  | { readonly kind: "reading"; readonly streamId: string; readonly time: number; readonly ordinal: number }
  | {
      readonly kind: "panel";
      readonly patientId: string;
      readonly source: string;
      readonly time: number;
      readonly ordinal: number;
    }
  | { readonly kind: "waveform"; readonly streamId: string; readonly windowStart: number; readonly segment: number }
  | { readonly kind: "glucose"; readonly patientId: string; readonly measure: string; readonly fortnight: number }
  | { readonly kind: "clock" };

/** Waveform Observations are pieces of this length, aligned to 1970-01-01T00:00:00Z, whatever the device sent. */
export const WINDOW_MS = 10_000;

const TIME_DIGITS = 9;

export function readingId(streamId: string, time: number, ordinal: number): string {
  return `r${undashed(streamId)}${base36(time)}${ordinal.toString(36)}`;
}

export function panelId(patientId: string, source: string, time: number, ordinal: number): string {
  return `p${undashed(patientId)}${source}${base36(time)}${ordinal.toString(36)}`;
}

export function waveformId(streamId: string, windowStart: number, segment: number): string {
  return `w${undashed(streamId)}${base36(windowStart / WINDOW_MS)}${segment.toString(36)}`;
}

/** @param fortnight its number, below 36 ** 4 */
export function glucoseId(patientId: string, measure: string, fortnight: number): string {
  return `g${undashed(patientId)}${measure}${fortnight.toString(36).padStart(4, "0")}`;
}

/** Twelve hex digits for the device and unit whose readings make one panel. */
export function panelSource(deviceId: string, unit: string): string {
  return createHash("sha256").update(`${deviceId}\n${unit}`).digest("hex").slice(0, 12);
}

const SHAPE = /^(?:([rw])([0-9a-f]{32})|(p)([0-9a-f]{32})([0-9a-f]{12}))([0-9a-z]{9})([0-9a-z]{1,6})$/;

const GLUCOSE = /^g([0-9a-f]{32})([a-z])([0-9a-z]{4})$/;

/** A hash of the device's own. */
const CLOCK = /^c[0-9a-f]{40}$/;

/** @returns undefined for anything that is not an id of ours */
export function parseObservationId(id: string): ObservationName | undefined {
  const glucose = GLUCOSE.exec(id);
  if (glucose) {
    const [, patient = "", measure = "", fortnight = ""] = glucose;
    return { kind: "glucose", patientId: dashed(patient), measure, fortnight: Number.parseInt(fortnight, 36) };
  }
  if (CLOCK.test(id)) return { kind: "clock" };
  const match = SHAPE.exec(id);
  if (!match) return undefined;
  const time = Number.parseInt(match[6] ?? "", 36);
  const ordinal = Number.parseInt(match[7] ?? "", 36);
  // "00" and "0" would be two names of one reading.
  if (ordinal.toString(36) !== match[7]) return undefined;
  if (match[3] === "p") {
    return { kind: "panel", patientId: dashed(match[4] ?? ""), source: match[5] ?? "", time, ordinal };
  }
  const streamId = dashed(match[2] ?? "");
  if (match[1] === "r") return { kind: "reading", streamId, time, ordinal };
  return { kind: "waveform", streamId, windowStart: time * WINDOW_MS, segment: ordinal };
}

function base36(n: number): string {
  return n.toString(36).padStart(TIME_DIGITS, "0");
}

function undashed(uuid: string): string {
  return `${uuid.slice(0, 8)}${uuid.slice(9, 13)}${uuid.slice(14, 18)}${uuid.slice(19, 23)}${uuid.slice(24)}`;
}

function dashed(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
