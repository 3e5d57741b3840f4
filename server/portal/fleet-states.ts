import type { DeviceBody, DeviceState } from "@openward/api";
import { findDriver, shortestIntervalMs } from "@openward/drivers";

/** What people call low, as on every page. */
export const BATTERY_LOW = 20;
/** Less is what clocks and networks do. */
const CLOCK_OFF_MS = 2_000;
const CERTIFICATE_SOON_MS = 30 * 86_400_000;
/** Silence is counted from three missed intervals on, and not before this. */
const SILENT_MS = 5 * 60_000;

/** What a device says that it runs; undefined: nothing. */
export const firmwareOf = ({ says }: Pick<DeviceBody, "says">): string | undefined =>
  (says.find(({ fact }) => fact === "firmware") ?? says.find(({ fact }) => fact === "software"))?.text;

/** Devices of one key are of one model, and can run the same. */
export function modelOf({ type, manufacturer, model, says }: DeviceBody): string {
  const said = (fact: string) => says.find((each) => each.fact === fact)?.text;
  return [type, said("manufacturer") ?? manufacturer ?? "", said("model") ?? model ?? ""].join("\n").toLowerCase();
}

/** By numbers where there are numbers: 1.10.0 is newer than 1.9.3, and "1.9" older than "1.9.1". */
export function compareVersions(a: string, b: string): number {
  const parts = (text: string) => text.toLowerCase().match(/\d+|[a-z]+/g) ?? [];
  const [left, right] = [parts(a), parts(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [one, other] = [left[i], right[i]];
    if (one === undefined) return -1;
    if (other === undefined) return 1;
    const [n, m] = [Number(one), Number(other)];
    const order = Number.isNaN(n) || Number.isNaN(m) ? one.localeCompare(other, "en") : n - m;
    if (order !== 0) return Math.sign(order);
  }
  return 0;
}

/** The newest that a device of each model says; of one device alone nobody knows whether it is old. */
export function newestFirmware(devices: readonly DeviceBody[]): Map<string, string> {
  const newest = new Map<string, string>();
  for (const device of devices) {
    const version = device.revokedAt === null ? firmwareOf(device) : undefined;
    if (version === undefined) continue;
    const key = modelOf(device);
    const before = newest.get(key);
    if (before === undefined || compareVersions(before, version) < 0) newest.set(key, version);
  }
  return newest;
}

/** How long a device of this type may be quiet on a patient before that is silence, ms; undefined: for as long as it likes. */
export function silentAfterMs(type: string): number | undefined {
  const interval = shortestIntervalMs(type);
  if (interval !== undefined) return Math.max(3 * interval, SILENT_MS);
  const offline = findDriver(type)?.offlineAfterMs ?? null;
  return offline === null ? undefined : Math.max(offline, findDriver(type)?.unheardAfterMs ?? 0, SILENT_MS);
}

/** Every state that a device is in. Of one whose access has ended nothing else is said. */
export function statesOf(device: DeviceBody, newest: ReadonlyMap<string, string>, now: number): DeviceState[] {
  if (device.revokedAt !== null) return ["no-access"];
  const states: DeviceState[] = [];
  const isWorn = device.patient !== null;
  const isOut = device.service.state === "out-of-service";
  if (isWorn) states.push("in-use");
  else if (!isOut) states.push("free");
  const after = silentAfterMs(device.type);
  const since = Math.max(device.lastSeenAt ?? 0, device.patient?.since ?? 0);
  if (isWorn && after !== undefined && now - since > after) states.push("silent");
  if (device.battery !== null && device.battery <= BATTERY_LOW) states.push("battery-low");
  const isOff = device.clock ? device.clock.kind !== null : Math.abs(device.clockOffsetMs ?? 0) >= CLOCK_OFF_MS;
  if (isOff) states.push("clock-wrong");
  if (device.openQuarantine > 0) states.push("in-quarantine");
  if (device.hasTwin) states.push("used-twice");
  if (device.certificateEndsAt !== null && device.certificateEndsAt - now < CERTIFICATE_SOON_MS)
    states.push("certificate-ending");
  const version = firmwareOf(device);
  if (version !== undefined && compareVersions(version, newest.get(modelOf(device)) ?? version) < 0)
    states.push("firmware-old");
  if (device.service.state === "due") states.push("service-due");
  if (isOut) states.push("out-of-service");
  return states;
}

/** The worst state of a device tells where it stands. */
const CONCERN: Readonly<Partial<Record<DeviceState, number>>> = {
  silent: 5,
  "used-twice": 5,
  "clock-wrong": 4,
  "battery-low": 4,
  "in-quarantine": 3,
  "certificate-ending": 3,
  "service-due": 2,
  "firmware-old": 2,
  "no-access": -1,
};

export const concernOf = (states: readonly DeviceState[]): number =>
  states.reduce((most, state) => Math.max(most, CONCERN[state] ?? 0), states.includes("no-access") ? -1 : 0);
