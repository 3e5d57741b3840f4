import type { Runtime } from "@openward/runtime";
import type { AlarmBook } from "./alarms.ts";
import { createDeviceAlarm } from "./device-alarm.ts";
import type { Devices, Patients } from "./ports.ts";

/** A device whose identity two use at once: whose readings they are cannot be told. A technical alarm of its wearer. */
export interface TwinWatch {
  changed(deviceId: string, hasTwin: boolean, at: number): void;
  /** Another wears it now, or nobody: what stands is told of them. */
  associationChanged(deviceId: string): void;
}

export function createTwinWatch({
  runtime,
  alarms,
  patients,
  devices,
}: {
  runtime: Runtime;
  alarms: AlarmBook;
  patients: Patients;
  devices: Devices;
}): TwinWatch {
  /** With the server's time since when. */
  const since = new Map<string, number>();

  const tell = createDeviceAlarm("device-twin", { alarms, patients, devices });

  function raise(deviceId: string): void {
    const onsetAt = since.get(deviceId);
    if (onsetAt !== undefined) tell(deviceId, onsetAt);
  }

  return {
    changed(deviceId, hasTwin, at) {
      if (hasTwin) {
        since.set(deviceId, at);
        raise(deviceId);
      } else {
        since.delete(deviceId);
        alarms.endCondition("device-twin", deviceId, runtime.clock.now(), false);
      }
    },
    associationChanged(deviceId) {
      if (!since.has(deviceId)) return;
      alarms.endCondition("device-twin", deviceId, runtime.clock.now(), false);
      raise(deviceId);
    },
  };
}
