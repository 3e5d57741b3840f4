import { createHash } from "node:crypto";
import type { DeviceEvent } from "@openward/model";

/**
 * Ids of what happened: no UUID, so that nothing that others write ever has the same.
 *
 *     Flag/a{alarm}                                    an alarm
 *     Communication/e{patient}{time}{device and event} what a device said once
 *     Encounter/s{stay}                                a stay in one bed
 */
export type HappeningName =
  | { readonly type: "Flag"; readonly alarmId: string }
  | { readonly type: "Communication"; readonly patientId: string; readonly at: number; readonly mark: string }
  | { readonly type: "Encounter"; readonly stayId: string };

const TIME_DIGITS = 9;

export const alarmFlagId = (alarmId: string): string => `a${undashed(alarmId)}`;
export const stayEncounterId = (stayId: string): string => `s${undashed(stayId)}`;

/** undefined: it is about nobody. */
export function eventCommunicationId(
  event: Pick<DeviceEvent, "id" | "deviceId" | "patientId" | "at">,
): string | undefined {
  const { patientId, at } = event;
  if (patientId === null) return undefined;
  return `e${undashed(patientId)}${at.toString(36).padStart(TIME_DIGITS, "0")}${markOf(event)}`;
}

/** Sixteen hex digits: of one patient at one moment there are few. */
export const markOf = ({ id, deviceId }: Pick<DeviceEvent, "id" | "deviceId">): string =>
  createHash("sha256").update(`${deviceId}\n${id}`).digest("hex").slice(0, 16);

const SHAPE =
  /^(?:Flag\/a([0-9a-f]{32})|Encounter\/s([0-9a-f]{32})|Communication\/e([0-9a-f]{32})([0-9a-z]{9})([0-9a-f]{16}))$/;

/** @param reference "Flag/a0123..." @returns undefined for anything else */
export function happeningIn(reference: string): HappeningName | undefined {
  const match = SHAPE.exec(reference);
  if (!match) return undefined;
  const [, alarm, stay, patient, time = "", mark = ""] = match;
  if (alarm !== undefined) return { type: "Flag", alarmId: dashed(alarm) };
  if (stay !== undefined) return { type: "Encounter", stayId: dashed(stay) };
  return { type: "Communication", patientId: dashed(patient ?? ""), at: Number.parseInt(time, 36), mark };
}

const undashed = (uuid: string): string => uuid.replaceAll("-", "");
const dashed = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
