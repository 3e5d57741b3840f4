import { shortestIntervalMs } from "@openward/drivers";
import type { Runtime } from "@openward/runtime";
import type { AlarmBook } from "./alarms.ts";
import type { Devices, Patients } from "./ports.ts";
import { APPEAR_MS } from "./presence.ts";
import type { Due, Schedule } from "./schedule.ts";
import { deadlineMs } from "./streams.ts";

/**
 * A device that is on a patient and says nothing of them: a cable that was not plugged in, a patch that was not stuck
 * on. A stream is missed once it has spoken; until then this is all that tells. A device that is away is no matter of
 * this: that is an alarm already.
 */
export interface FirstReading {
  /** A patient was given the device or is admitted with it, or the server has started. */
  expect(deviceId: string): void;
  /** Something current came from it. */
  heard(deviceId: string): void;
  patientChanged(patientId: string): void;
  resume(patientId: string): void;
}

interface Waiting {
  readonly associationId: string;
  readonly patientId: string;
  /** Server time since when it is expected. */
  readonly since: number;
  isDue: boolean;
  /** The last time it was looked at, it was away. */
  wasAway: boolean;
  due: Due | undefined;
}

export function createFirstReading({
  runtime,
  schedule,
  alarms,
  patients,
  devices,
  speaks,
  isMissed,
  isHeldBack,
}: {
  runtime: Runtime;
  schedule: Schedule;
  alarms: AlarmBook;
  patients: Patients;
  devices: Devices;
  /** Is there a stream of this device that is heard, or that is missed when it is not? */
  speaks: (deviceId: string) => boolean;
  isMissed: (deviceId: string) => boolean;
  isHeldBack: (patientId: string) => boolean;
}): FirstReading {
  const waiting = new Map<string, Waiting>();

  /** undefined: nobody knows when this device would speak. */
  function waitMs(deviceId: string): number | undefined {
    const interval = shortestIntervalMs(devices.deviceType(deviceId) ?? "generic");
    return interval === undefined ? undefined : Math.max(APPEAR_MS, deadlineMs(interval));
  }

  function arm(deviceId: string, entry: Waiting): void {
    const wait = waitMs(deviceId);
    if (wait !== undefined) entry.due = schedule.after(wait, () => look(deviceId, entry));
  }

  function look(deviceId: string, entry: Waiting): void {
    entry.due = undefined;
    const isAway = isMissed(deviceId);
    if (isAway || entry.wasAway) {
      // Once it is back, it gets its time from the beginning.
      entry.wasAway = isAway;
      arm(deviceId, entry);
      return;
    }
    if (speaks(deviceId)) {
      end(deviceId, entry);
      return;
    }
    entry.isDue = true;
    raise(deviceId, entry);
  }

  function raise(deviceId: string, { patientId, since }: Waiting): void {
    const patient = patients.watched(patientId);
    if (!patient?.isAdmitted || isHeldBack(patientId)) return;
    alarms.raise({
      rule: "missing-data",
      priority: "medium",
      organisationId: patient.organisationId,
      patientId,
      deviceId,
      streamId: null,
      signal: null,
      subject: deviceId,
      onsetAt: since,
      value: null,
      limit: null,
      unit: null,
    });
  }

  function end(deviceId: string, entry: Waiting): void {
    waiting.delete(deviceId);
    entry.due?.cancel();
    if (entry.isDue) alarms.endCondition("missing-data", deviceId, runtime.clock.now(), false);
  }

  function expect(deviceId: string): void {
    const association = devices.currentAssociation(deviceId);
    const there = waiting.get(deviceId);
    const isWatched = association && patients.watched(association.patientId)?.isAdmitted === true;
    if (there && isWatched && there.associationId === association.id) return;
    if (there) end(deviceId, there);
    if (!isWatched || speaks(deviceId) || waitMs(deviceId) === undefined) return;
    const entry: Waiting = {
      associationId: association.id,
      patientId: association.patientId,
      since: runtime.clock.now(),
      isDue: alarms.isActive("missing-data", deviceId),
      wasAway: false,
      due: undefined,
    };
    waiting.set(deviceId, entry);
    if (!entry.isDue) arm(deviceId, entry);
  }

  return {
    expect,
    heard(deviceId) {
      if (waiting.size === 0) return;
      const entry = waiting.get(deviceId);
      if (entry && speaks(deviceId)) end(deviceId, entry);
    },
    patientChanged(patientId) {
      for (const { deviceId, patientId: wearer } of devices.runningAssociations()) {
        if (wearer === patientId) expect(deviceId);
      }
    },
    resume(patientId) {
      for (const [deviceId, entry] of waiting) if (entry.isDue && entry.patientId === patientId) raise(deviceId, entry);
    },
  };
}
