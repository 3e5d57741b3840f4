import type { DeviceBody } from "@openward/api";
import { parseUdi } from "@openward/codecs/udi";
import { RefusedInput } from "@openward/errors";
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

/** "says it is Nonin 3230"; "" where nothing speaks against its type. */
export function misfitText({ misfit }: Pick<DeviceBody, "misfit">): string {
  if (!misfit) return "";
  return `${misfit.by === "udi" ? "its label" : "it"} says it is ${misfit.typeDisplay}`;
}

/** "stands in Ward A, its patient lies in Ward B"; "" where it stands where they lie, or goes with them. */
export function elsewhereText(
  { wardId, patient, isElsewhere }: Pick<DeviceBody, "wardId" | "patient" | "isElsewhere">,
  wards: readonly { readonly id: string; readonly name: string }[],
): string {
  if (!isElsewhere) return "";
  const nameOf = (id: string | null | undefined) => wards.find((ward) => ward.id === id)?.name ?? "another ward";
  return `stands in ${nameOf(wardId)}, its patient lies in ${nameOf(patient?.wardId)}`;
}

export function serviceText({ service }: Pick<DeviceBody, "service">): string {
  if (service.state === "out-of-service") return "out of service";
  return service.state === "due" ? `service due since ${service.dueOn}` : "";
}

/** What a label says, or what is wrong with it; undefined while there is none. */
export function labelText(
  text: string,
  thisYear: number,
): { readonly says?: string; readonly fault?: string } | undefined {
  if (text.trim() === "") return undefined;
  try {
    const { agency, di, serial, lot, expiresOn, warnings } = parseUdi(text, thisYear);
    if (di === null) return { fault: "The symbol with the device identifier is missing." };
    const parts = [
      `${agency} ${di}`,
      serial && `serial ${serial}`,
      lot && `lot ${lot}`,
      expiresOn && `expires ${expiresOn}`,
      ...warnings.map(({ what }) => what),
    ];
    return { says: parts.filter(Boolean).join(" · ") };
  } catch (error) {
    if (!(error instanceof RefusedInput)) throw error;
    return {
      fault: `${error.facts.at}: expected ${error.facts.expected}, at character ${Number(error.facts.offset) + 1}`,
    };
  }
}

/** The device whose label this is: the same model, and the same piece where both say which. */
export function ofLabel(devices: readonly DeviceBody[], text: string, thisYear: number): DeviceBody | undefined {
  try {
    const { di, serial } = parseUdi(text, thisYear);
    if (di === null) return undefined;
    const alike = devices.filter(({ label }) => label?.di === di);
    const same = alike.find(({ label, serial: written }) => serial !== null && (label?.serial ?? written) === serial);
    return same ?? (serial === null && alike.length === 1 ? alike[0] : undefined);
  } catch (error) {
    if (error instanceof RefusedInput) return undefined;
    throw error;
  }
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
  if (
    d.isElsewhere ||
    d.openQuarantine > 0 ||
    (d.battery !== null && d.battery <= BATTERY_LOW) ||
    clockText(d.clockOffsetMs) !== ""
  )
    return 1;
  return 0;
}
