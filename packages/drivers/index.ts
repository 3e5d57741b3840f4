/** Device types as data: one small declarative file each in `types/`, and this registry. */
import type { Driver } from "./driver.ts";
import { type DeviceIdentity, type DriverMatch, matchDriver, misfit } from "./identify.ts";
import { models } from "./models.ts";
import activityBand from "./types/activity-band.ts";
import bedsideMonitor from "./types/bedside-monitor.ts";
import bloodPressureCuff from "./types/blood-pressure-cuff.ts";
import capnograph from "./types/capnograph.ts";
import cgm from "./types/cgm.ts";
import ecgRecorder from "./types/ecg-recorder.ts";
import generic from "./types/generic.ts";
import glucoseMeter from "./types/glucose-meter.ts";
import heartRateStrap from "./types/heart-rate-strap.ts";
import infusionPump from "./types/infusion-pump.ts";
import insulinPump from "./types/insulin-pump.ts";
import nightscoutApp from "./types/nightscout-app.ts";
import ownBluetooth from "./types/own-bluetooth.ts";
import pulseOximeter from "./types/pulse-oximeter.ts";
import sosPendant from "./types/sos-pendant.ts";
import spirometer from "./types/spirometer.ts";
import thermometer from "./types/thermometer.ts";
import ventilator from "./types/ventilator.ts";
import wearablePatch from "./types/wearable-patch.ts";
import weighingScale from "./types/weighing-scale.ts";

export type { Containment, Driver, Identity, Tested } from "./driver.ts";
export type { DeviceIdentity, DriverMatch } from "./identify.ts";

/** Types of devices, the generic one first. */
const types: readonly Driver[] = [
  generic,
  bedsideMonitor,
  wearablePatch,
  pulseOximeter,
  ecgRecorder,
  capnograph,
  bloodPressureCuff,
  thermometer,
  weighingScale,
  glucoseMeter,
  cgm,
  spirometer,
  sosPendant,
  heartRateStrap,
  activityBand,
  ventilator,
  infusionPump,
  insulinPump,
  nightscoutApp,
  ownBluetooth,
];

/** Every device type that is known: the generic one first, models and profiles after the types. */
export const drivers: readonly Driver[] = [...types, ...models];

/** A device type as people choose it: what it measures and how often, in milliseconds (`null`: on demand). */
export interface DeviceType {
  readonly key: string;
  readonly display: string;
  readonly signals: readonly { readonly signal: string; readonly intervalMs: number | null }[];
}

export const deviceTypes: readonly DeviceType[] = drivers.map(({ key, display, signals }) => ({
  key,
  display,
  signals: Object.entries(signals).map(([signal, intervalMs]) => ({ signal, intervalMs })),
}));

const byKey = new Map(drivers.map((driver) => [driver.key, driver]));

/** @param type `Device.type` */
export function findDriver(type: string): Driver | undefined {
  return byKey.get(type);
}

/** The driver that fits best to what a device says of itself; see `matchDriver`. */
export function driverFor(identity: DeviceIdentity): DriverMatch | undefined {
  return matchDriver(identity, drivers);
}

/** What a device says of itself that does not fit its registered type; `undefined`: nothing speaks against it. */
export function misfitOf(type: string, identity: DeviceIdentity): DriverMatch | undefined {
  const registered = byKey.get(type);
  return registered && misfit(registered, identity, drivers);
}

/**
 * How often a device of this type is expected to send this signal, in milliseconds.
 * `null`: on demand, or the type says nothing of the signal (`rhythmOf` tells the two apart).
 */
export function expectedIntervalMs(type: string, signal: string): number | null {
  return rhythmOf(type, signal) ?? null;
}

/** Like `expectedIntervalMs`, but `undefined` where the type does not list the signal: that rhythm may be learned. */
export function rhythmOf(type: string, signal: string): number | null | undefined {
  const found = byKey.get(type);
  return found && Object.hasOwn(found.signals, signal) ? found.signals[signal] : undefined;
}

/** What a device says of itself: no news of its patient. */
const OF_THE_DEVICE: ReadonlySet<string> = new Set(["battery-level"]);

export function isOfThePatient(signal: string): boolean {
  return !OF_THE_DEVICE.has(signal);
}

const shortest = new Map(
  drivers.map(({ key, signals }) => {
    const intervals = Object.entries(signals).flatMap(([signal, ms]) =>
      ms !== null && isOfThePatient(signal) ? [ms] : [],
    );
    return [key, intervals.length === 0 ? undefined : Math.min(...intervals)];
  }),
);

/** How soon a device of this type tells something of its patient, in milliseconds; undefined: when somebody measures. */
export function shortestIntervalMs(type: string): number | undefined {
  return shortest.get(type);
}
