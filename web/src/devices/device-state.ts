import type { DeviceBody } from "@openward/api";
import { formatDuration } from "../parts/format.ts";

/** How a device is, in words. */
export function connectionText(device: DeviceBody): string {
  if (device.revokedAt !== null) return "revoked";
  if (device.connected) return "connected";
  return device.lastSeenAt === null ? "never seen" : "not connected";
}

/** Less than this is what clocks and networks do. */
const OFFSET_SHOWN_MS = 2_000;

/** "3 min behind", "12 s ahead"; "" where the clock agrees or was never compared. */
export function clockText(offsetMs: number | null): string {
  if (offsetMs === null || Math.abs(offsetMs) < OFFSET_SHOWN_MS) return "";
  return `${formatDuration(Math.abs(offsetMs))} ${offsetMs < 0 ? "behind" : "ahead"}`;
}

/** A device that renews by itself has done so long before. */
const CERTIFICATE_SOON_MS = 14 * 86_400_000;

/** "certificate ends in 5 d", "certificate has ended"; "" where there is time, or it signs in with a token. */
export function certificateText(endsAt: number | null, now: number): string {
  if (endsAt === null || endsAt - now > CERTIFICATE_SOON_MS) return "";
  return endsAt <= now ? "certificate has ended" : `certificate ends in ${formatDuration(endsAt - now)}`;
}

export const BATTERY_LOW = 20;

/** Those that need somebody first: silent on a patient, then low battery or wrong clock, then the rest by name. */
export function compareDevices(a: DeviceBody, b: DeviceBody): number {
  return concern(b) - concern(a) || a.display.localeCompare(b.display, "en", { numeric: true });
}

function concern(d: DeviceBody): number {
  if (d.revokedAt !== null) return -1;
  if (d.patient && !d.connected && d.lastSeenAt !== null && d.state === "offline") return 2;
  if (d.hasTwin) return 2;
  if (d.openQuarantine > 0 || (d.battery !== null && d.battery <= BATTERY_LOW) || clockText(d.clockOffsetMs) !== "")
    return 1;
  return 0;
}
