import type { DeviceEvent } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import type { AlarmBook } from "./alarms.ts";
import { createDeviceAlarm } from "./device-alarm.ts";
import type { Devices, Patients } from "./ports.ts";

/**
 * A gateway whose loudspeaker does not work: if its line failed, nobody would be called. A technical alarm, of low priority, of
 * everybody who wears a device in its charge.
 */
export interface GatewayWatch {
  event(event: DeviceEvent): void;
  /** Another wears it now, or nobody: what stands is told of them. */
  associationChanged(deviceId: string): void;
}

const REPORT = "gateway-report";

export function createGatewayWatch({
  runtime,
  alarms,
  patients,
  devices,
}: {
  runtime: Runtime;
  alarms: AlarmBook;
  patients: Patients;
  devices: Devices;
}): GatewayWatch {
  /** What each gateway told last: when, by its clock, and since when it cannot be heard. */
  const gateways = new Map<string, { readonly clock: number; readonly silentSince: number | null }>();
  /** Devices of which it was told. */
  const told = new Set<string>();
  const tell = createDeviceAlarm("gateway-silent", { alarms, patients, devices }, "low");

  function silentSince(deviceId: string): number | undefined {
    let first: number | undefined;
    for (const [gatewayId, { silentSince }] of gateways) {
      if (silentSince === null || !devices.inCharge(gatewayId).has(deviceId)) continue;
      first = Math.min(first ?? silentSince, silentSince);
    }
    return first;
  }

  function look(deviceId: string): void {
    const onsetAt = silentSince(deviceId);
    if (onsetAt === undefined) {
      told.delete(deviceId);
      alarms.endCondition("gateway-silent", deviceId, runtime.clock.now(), false);
    } else {
      told.add(deviceId);
      tell(deviceId, onsetAt);
    }
  }

  return {
    event({ event, deviceId: gatewayId, detail, receivedAt }) {
      if (event !== REPORT) return;
      const { clock, sound } = detail as { clock?: unknown; sound?: { fault?: unknown; since?: unknown } | null };
      // An older one, that waited for the line.
      if (typeof clock !== "number" || clock <= (gateways.get(gatewayId)?.clock ?? Number.NEGATIVE_INFINITY)) return;
      const isSilent = typeof sound?.fault === "string";
      const since = typeof sound?.since === "number" ? Math.min(sound.since, receivedAt) : receivedAt;
      gateways.set(gatewayId, { clock, silentSince: isSilent ? since : null });
      for (const deviceId of new Set([...devices.inCharge(gatewayId), ...told])) look(deviceId);
    },
    associationChanged(deviceId) {
      if (silentSince(deviceId) === undefined) return;
      alarms.endCondition("gateway-silent", deviceId, runtime.clock.now(), false);
      look(deviceId);
    },
  };
}
