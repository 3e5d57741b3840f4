import { createHash } from "node:crypto";
import type { AlarmRule, Millis } from "@openward/model";
import { formatUuid } from "@openward/runtime";

/**
 * The alarm's name is what it is about: rule, stream (or device, or event) and onset. Raised again after a crash, from
 * the same readings sent again, it is the same alarm.
 *
 * @returns a UUID of version 8 (RFC 9562: made by a rule of our own)
 */
export function alarmId(rule: AlarmRule, subject: string, onsetAt: Millis): string {
  const bytes = new Uint8Array(createHash("sha256").update(`${rule}\n${subject}\n${onsetAt}`).digest().subarray(0, 16));
  bytes[6] = 0x80 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return formatUuid(bytes);
}
