import type { ClockState } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import type { AlarmBook } from "./alarms.ts";
import { createDeviceAlarm } from "./device-alarm.ts";
import type { Freshness } from "./freshness.ts";
import type { Devices, Patients } from "./ports.ts";

/**
 * A device whose clock shows no time: what it measures cannot be placed and is looked at by nobody until somebody sets the
 * clock. A technical alarm of its wearer.
 */
export interface ClockWatch {
  changed(state: ClockState): void;
  /** Another wears it now, or nobody: what stands is told of them. */
  associationChanged(deviceId: string): void;
}

export function createClockWatch({
  runtime,
  alarms,
  patients,
  devices,
  freshness,
}: {
  runtime: Runtime;
  alarms: AlarmBook;
  patients: Patients;
  devices: Devices;
  freshness: Freshness;
}): ClockWatch {
  /** With the server's time since when. */
  const since = new Map<string, number>();

  const tell = createDeviceAlarm("device-clock", { alarms, patients, devices });

  function raise(deviceId: string): void {
    const onsetAt = since.get(deviceId);
    if (onsetAt !== undefined) tell(deviceId, onsetAt);
  }

  function end(deviceId: string): void {
    alarms.endCondition("device-clock", deviceId, runtime.clock.now(), false);
  }

  return {
    changed({ deviceId, leadsTo, from }) {
      freshness.corrected(deviceId, leadsTo === "corrected");
      if (leadsTo === "quarantined") {
        since.set(deviceId, from);
        raise(deviceId);
      } else {
        since.delete(deviceId);
        end(deviceId);
      }
    },
    associationChanged(deviceId) {
      if (!since.has(deviceId)) return;
      end(deviceId);
      raise(deviceId);
    },
  };
}
