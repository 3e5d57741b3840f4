import type { GatewaySettings } from "@openward/api";
import { changedGatewaySettings } from "@openward/api/gateway-settings";

export const LOCAL_ALARM_WORDS: Readonly<Record<GatewaySettings["localAlarms"], string>> = {
  "link-down": "while the line to the server is down",
  always: "always",
  off: "never for patients; of itself only",
};

export const SETTING_WORDS: Readonly<Record<keyof GatewaySettings, string>> = {
  bluetooth: "Bluetooth devices",
  localAlarms: "It rings by itself",
  linkAlarmSeconds: "The line may be down for",
  reportSeconds: "It reports every",
  leaveOut: "Nothing is collected from",
  mqtt: "MQTT",
  mllp: "HL7 (MLLP)",
  sound: "Sound",
};

/** An address as people type it ("c0-ff-ee-00-00-01") as it is written; what is none stays as it is. */
export function writeAddress(typed: string): string {
  const digits = typed.replace(/[\s:.-]/g, "").toUpperCase();
  return /^[0-9A-F]{12}$/.test(digits) ? (digits.match(/../g) ?? []).join(":") : typed.trim();
}

/** What a version says otherwise than the one before, a line for each setting. */
export function changeLines(
  before: GatewaySettings,
  after: GatewaySettings,
  nameOf: (id: string) => string,
): { readonly label: string; readonly text: string }[] {
  return changedGatewaySettings(before, after).map((setting) => ({
    label: SETTING_WORDS[setting],
    text: `${say(before, setting, nameOf)} → ${say(after, setting, nameOf)}`,
  }));
}

function say(settings: GatewaySettings, setting: keyof GatewaySettings, nameOf: (id: string) => string): string {
  switch (setting) {
    case "bluetooth":
      return settings.bluetooth.map(({ deviceId, address }) => `${nameOf(deviceId)} (${address})`).join(", ") || "none";
    case "leaveOut":
      return settings.leaveOut.map(nameOf).join(", ") || "none";
    case "localAlarms":
      return LOCAL_ALARM_WORDS[settings.localAlarms];
    case "linkAlarmSeconds":
    case "reportSeconds":
      return `${settings[setting]} s`;
    case "mqtt":
    case "mllp":
    case "sound":
      return settings[setting] === "off" ? "off" : "as the box is set up";
  }
}

/** "bluetooth.0.address" is of "bluetooth". */
export function wordOf(at: string): string {
  const [setting = at] = at.split(/[.[]/);
  return (SETTING_WORDS as Readonly<Record<string, string>>)[setting] ?? setting;
}
