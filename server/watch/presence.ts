import { findDriver } from "@openward/drivers";
import type { Runtime } from "@openward/runtime";
import type { AlarmBook } from "./alarms.ts";
import type { Devices, Patients } from "./ports.ts";
import type { Due, Schedule } from "./schedule.ts";
import { deadlineMs } from "./streams.ts";

/** A device that was put on a patient, or was on one when the server started, gets this long to appear. */
export const APPEAR_MS = 60_000;

/** Devices that are on a patient and have gone: a technical alarm after a grace that the device type sets. */
export interface Presence {
  connection(deviceId: string, connected: boolean, at: number): void;
  /** It spoke, by whatever way: so it is there. */
  seen(deviceId: string): void;
  /** A patient was given it, or it was taken off. */
  associationChanged(deviceId: string): void;
  patientChanged(): void;
  /** On a patient since before the start; `isOffline` where its alarm is open. */
  restore(deviceId: string, isOffline: boolean): void;
  resume(patientId: string): void;
}

interface Entry {
  readonly deviceId: string;
  /** Server time since when it is away; null: it is there, or has not been heard of. */
  offlineSince: number | null;
  /** It was heard in this run of the server. */
  isKnown: boolean;
  /** Away for longer than its grace. */
  isDue: boolean;
  due: Due | undefined;
}

export function createPresence({
  runtime,
  schedule,
  alarms,
  patients,
  devices,
  shortestInterval,
  isHeldBack,
}: {
  runtime: Runtime;
  schedule: Schedule;
  alarms: AlarmBook;
  patients: Patients;
  devices: Devices;
  shortestInterval: (deviceId: string) => number | undefined;
  isHeldBack: (patientId: string) => boolean;
}): Presence {
  const entries = new Map<string, Entry>();

  function entryOf(deviceId: string): Entry {
    let entry = entries.get(deviceId);
    if (!entry) {
      entry = { deviceId, offlineSince: null, isKnown: false, isDue: false, due: undefined };
      entries.set(deviceId, entry);
    }
    return entry;
  }

  /** undefined: nobody expects this device to be there all the time. */
  function graceMs(deviceId: string): number | undefined {
    const byType = findDriver(devices.deviceType(deviceId) ?? "generic")?.offlineAfterMs;
    if (typeof byType === "number") return byType;
    const shortest = shortestInterval(deviceId);
    return shortest === undefined ? undefined : deadlineMs(shortest);
  }

  function wearer(deviceId: string) {
    const association = devices.currentAssociation(deviceId);
    const patient = association && patients.watched(association.patientId);
    return patient?.isAdmitted ? patient : undefined;
  }

  function goAway(entry: Entry, at: number, atLeastMs = 0): void {
    if (entry.offlineSince === null) entry.offlineSince = at;
    const grace = graceMs(entry.deviceId);
    if (entry.due || entry.isDue || grace === undefined || !wearer(entry.deviceId)) return;
    entry.due = schedule.after(Math.max(grace, atLeastMs), () => {
      entry.due = undefined;
      entry.isDue = true;
      raise(entry);
    });
  }

  function raise(entry: Entry): void {
    const patient = wearer(entry.deviceId);
    if (!patient || entry.offlineSince === null || isHeldBack(patient.patientId)) return;
    alarms.raise({
      rule: "device-offline",
      priority: "medium",
      organisationId: patient.organisationId,
      patientId: patient.patientId,
      deviceId: entry.deviceId,
      streamId: null,
      signal: null,
      subject: entry.deviceId,
      onsetAt: entry.offlineSince,
      value: null,
      limit: null,
      unit: null,
    });
  }

  function isBack(entry: Entry): void {
    entry.isKnown = true;
    if (entry.offlineSince === null) return;
    entry.due?.cancel();
    entry.due = undefined;
    entry.offlineSince = null;
    if (entry.isDue) alarms.endCondition("device-offline", entry.deviceId, runtime.clock.now(), false);
    entry.isDue = false;
  }

  /** Nobody wears it any more: its absence is no alarm, but it is still away. */
  function standDown(entry: Entry): void {
    entry.due?.cancel();
    entry.due = undefined;
    if (entry.isDue) alarms.endCondition("device-offline", entry.deviceId, runtime.clock.now(), false);
    entry.isDue = false;
  }

  return {
    connection(deviceId, connected, at) {
      const entry = entryOf(deviceId);
      if (connected) isBack(entry);
      else goAway(entry, at);
    },
    seen(deviceId) {
      const entry = entries.get(deviceId);
      if (!entry) entryOf(deviceId).isKnown = true;
      else if (entry.offlineSince !== null || !entry.isKnown) isBack(entry);
    },
    associationChanged(deviceId) {
      const entry = entryOf(deviceId);
      standDown(entry);
      if (!wearer(deviceId)) return;
      if (entry.offlineSince !== null || !entry.isKnown) goAway(entry, runtime.clock.now(), APPEAR_MS);
    },
    patientChanged() {
      for (const entry of entries.values()) {
        if (entry.offlineSince === null) continue;
        if (!wearer(entry.deviceId)) standDown(entry);
        else goAway(entry, entry.offlineSince);
      }
    },
    restore(deviceId, isOffline) {
      const entry = entryOf(deviceId);
      if (isOffline) {
        entry.offlineSince = runtime.clock.now();
        entry.isDue = true;
      } else if (!entry.isKnown) goAway(entry, runtime.clock.now(), APPEAR_MS);
    },
    resume(patientId) {
      for (const entry of entries.values()) {
        if (entry.isDue && devices.currentAssociation(entry.deviceId)?.patientId === patientId) raise(entry);
      }
    },
  };
}
