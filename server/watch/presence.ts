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
  /** Its connection came or went: while there is one, it is there, whatever else is said. */
  connection(deviceId: string, connected: boolean, at: number): void;
  /** It spoke, by whatever way: so it is there. Without a connection, it must go on speaking. */
  seen(deviceId: string): void;
  /** It said that it goes, or its last will says so. */
  saidOffline(deviceId: string, at: number): void;
  /** Its absence is an alarm already. */
  isMissed(deviceId: string): boolean;
  /** A patient was given it, or it was taken off. */
  associationChanged(deviceId: string): void;
  /** Admitted, discharged, or merely changed. */
  patientChanged(patientId: string): void;
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
  isConnected: boolean;
  /** Monotonic time at which it was last heard; only the deadline of a device without a connection asks. */
  seenMono: number;
  /** Of a device without a connection: set once, and set anew when it fires, not with every message. */
  unheard: Due | undefined;
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
      entry = {
        deviceId,
        offlineSince: null,
        isKnown: false,
        isConnected: false,
        seenMono: Number.NEGATIVE_INFINITY,
        unheard: undefined,
        isDue: false,
        due: undefined,
      };
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

  /** How long a device without a connection may go unheard; undefined: the silence of its streams is alarm enough. */
  function unheardMs(deviceId: string): number | undefined {
    return findDriver(devices.deviceType(deviceId) ?? "generic")?.unheardAfterMs;
  }

  function expectToHear(entry: Entry): void {
    if (entry.unheard || entry.isConnected) return;
    const limit = unheardMs(entry.deviceId);
    if (limit === undefined) return;
    const rest = limit - (schedule.now() - entry.seenMono);
    entry.unheard = schedule.after(rest, () => {
      entry.unheard = undefined;
      if (entry.isConnected || entry.offlineSince !== null) return;
      const silentFor = schedule.now() - entry.seenMono;
      if (silentFor < limit) expectToHear(entry);
      else {
        entry.offlineSince = runtime.clock.now() - silentFor;
        if (!wearer(entry.deviceId)) return;
        entry.isDue = true;
        raise(entry);
      }
    });
  }

  function wearer(deviceId: string) {
    const association = devices.currentAssociation(deviceId);
    const patient = association && patients.watched(association.patientId);
    return patient?.isAdmitted ? patient : undefined;
  }

  /** Away since `at`, or for as long as is known already. */
  function goAway(entry: Entry, at: number): void {
    if (entry.offlineSince === null) entry.offlineSince = at;
    missAfterGrace(entry, 0);
  }

  /** Somebody begins to rely on it, and it is not there: missed from now on, as an alarm of its own. */
  function expectToAppear(entry: Entry): void {
    if (entry.due || entry.isDue || entry.isConnected) return;
    if (entry.isKnown && entry.offlineSince === null) {
      expectToHear(entry);
      return;
    }
    entry.offlineSince = runtime.clock.now();
    missAfterGrace(entry, APPEAR_MS);
  }

  function missAfterGrace(entry: Entry, atLeastMs: number): void {
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
      entry.isConnected = connected;
      if (connected) isBack(entry);
      else goAway(entry, at);
    },
    seen(deviceId) {
      const entry = entryOf(deviceId);
      entry.seenMono = schedule.now();
      if (entry.offlineSince !== null || !entry.isKnown) isBack(entry);
      if (!entry.isConnected && !entry.unheard) expectToHear(entry);
    },
    saidOffline(deviceId, at) {
      const entry = entryOf(deviceId);
      if (!entry.isConnected) goAway(entry, at);
    },
    isMissed: (deviceId) => entries.get(deviceId)?.isDue === true,
    associationChanged(deviceId) {
      const entry = entryOf(deviceId);
      standDown(entry);
      if (wearer(deviceId)) expectToAppear(entry);
    },
    patientChanged(patientId) {
      for (const entry of entries.values()) {
        if (devices.currentAssociation(entry.deviceId)?.patientId !== patientId) continue;
        if (wearer(entry.deviceId)) expectToAppear(entry);
        else standDown(entry);
      }
    },
    restore(deviceId, isOffline) {
      const entry = entryOf(deviceId);
      if (isOffline) {
        entry.offlineSince = runtime.clock.now();
        entry.isDue = true;
      } else if (wearer(deviceId)) expectToAppear(entry);
    },
    resume(patientId) {
      for (const entry of entries.values()) {
        if (entry.isDue && devices.currentAssociation(entry.deviceId)?.patientId === patientId) raise(entry);
      }
    },
  };
}
