import type { GatewayRefusal } from "@openward/api";
import type { Taken } from "../configuration/configuration.ts";
import type { Settings } from "../settings.ts";

type Door = { readonly fault: string | null };

/** Settings that hold at the server, and by which this gateway does not work: what it does not know, and what the box does not have. */
export function refusalsOf(
  taken: Taken | undefined,
  { settings, mqtt, mllp }: { settings: Pick<Settings, "bluetoothBus" | "sound">; mqtt: Door; mllp: Door },
): GatewayRefusal[] {
  if (!taken) return [];
  const { bluetooth, localAlarms, sound } = taken.settings;
  const refused = [...taken.refused];
  if (bluetooth.length > 0 && settings.bluetoothBus === null)
    refused.push({ at: "bluetooth", reason: "the box has no Bluetooth (OPENWARD_GATEWAY_BLUETOOTH is off)" });
  if (localAlarms !== "off" && sound !== "off" && settings.sound === "off")
    refused.push({ at: "localAlarms", reason: "the box has no sound (OPENWARD_GATEWAY_SOUND is off)" });
  for (const [at, { fault }] of Object.entries({ mqtt, mllp })) if (fault !== null) refused.push({ at, reason: fault });
  return refused.slice(0, 50);
}
