// What must hold of a gateway's settings, without the schemas: the portals say it before anything is sent.
import type { GatewaySettings } from "./gateway.ts";

export const BLUETOOTH_ADDRESS = /^[0-9A-F]{2}(:[0-9A-F]{2}){5}$/;
export const LINK_ALARM_SECONDS = { min: 10, max: 3_600 };
export const REPORT_SECONDS = { min: 30, max: 3_600 };

/** What holds where nobody has set anything. */
export const GATEWAY_DEFAULTS: GatewaySettings = {
  bluetooth: [],
  localAlarms: "link-down",
  linkAlarmSeconds: 60,
  reportSeconds: 300,
  leaveOut: [],
  mqtt: "as-set-up",
  mllp: "as-set-up",
  sound: "as-set-up",
};

const wholeFrom = ({ min, max }: { min: number; max: number }) => `a whole number from ${min} to ${max}`;

/** Why these settings could not be worked by, for each field. The same at the server and in front of it. */
export function gatewayFaults(
  { bluetooth, leaveOut, linkAlarmSeconds, reportSeconds }: GatewaySettings,
  inCharge: readonly string[],
): { readonly at: string; readonly expected: string }[] {
  const faults: { at: string; expected: string }[] = [];
  const isWithin = (value: number, { min, max }: { min: number; max: number }) =>
    Number.isInteger(value) && value >= min && value <= max;
  if (!isWithin(linkAlarmSeconds, LINK_ALARM_SECONDS))
    faults.push({ at: "linkAlarmSeconds", expected: wholeFrom(LINK_ALARM_SECONDS) });
  if (!isWithin(reportSeconds, REPORT_SECONDS))
    faults.push({ at: "reportSeconds", expected: wholeFrom(REPORT_SECONDS) });
  const seen = new Set<string>();
  for (const [i, { deviceId: id, address }] of bluetooth.entries()) {
    const at = `bluetooth[${i}]`;
    if (!inCharge.includes(id)) faults.push({ at: `${at}.deviceId`, expected: "a device in this gateway's charge" });
    else if (leaveOut.includes(id)) faults.push({ at: `${at}.deviceId`, expected: "a device that is not left out" });
    if (!BLUETOOTH_ADDRESS.test(address))
      faults.push({ at: `${at}.address`, expected: "an address like C0:FF:EE:00:00:01" });
    if (seen.has(id)) faults.push({ at: `${at}.deviceId`, expected: "each device once" });
    if (seen.has(address)) faults.push({ at: `${at}.address`, expected: "an address of its own for each device" });
    seen.add(id).add(address);
  }
  for (const [i, id] of leaveOut.entries())
    if (!inCharge.includes(id)) faults.push({ at: `leaveOut[${i}]`, expected: "a device in this gateway's charge" });
  return faults;
}

/** The fields of which two settings differ. */
export function changedGatewaySettings(before: GatewaySettings, after: GatewaySettings): (keyof GatewaySettings)[] {
  const names = Object.keys(after) as (keyof GatewaySettings)[];
  return names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}
