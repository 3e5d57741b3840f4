import type { Association } from "@openward/model";
import { ORGANISATION } from "../../server/ingest/testing/harness.ts";
import { createDirectoryMemory, type KnownDevice } from "../../server/store/registry/directory-memory.ts";
import type { Change } from "./history.ts";

/** The associations as the registry's tables hold them, and the server's own memory of them. */
export function createRegistry(devices: readonly string[], now: () => number) {
  const memory = createDirectoryMemory(now);
  const rows = new Map<string, Association[]>(devices.map((deviceId) => [deviceId, []]));
  let made = 0;

  function load(deviceId: string): void {
    const device: KnownDevice = {
      id: deviceId,
      organisationId: ORGANISATION,
      type: "generic",
      credentials: [],
      inCharge: new Set(),
      isRevoked: false,
      associations: [...(rows.get(deviceId) ?? [])],
    };
    memory.setDevice(deviceId, device);
  }
  for (const deviceId of devices) load(deviceId);

  function end(deviceId: string, at: number): void {
    const own = rows.get(deviceId) ?? [];
    const last = own.at(-1);
    if (last?.to === null) own[own.length - 1] = { ...last, to: Math.max(at, last.from + 1) };
  }

  return {
    memory,
    tell({ deviceId, patientId, at }: Change): void {
      end(deviceId, at);
      if (patientId !== null) {
        const id = `association-${++made}`;
        rows.get(deviceId)?.push({ id, organisationId: ORGANISATION, deviceId, patientId, from: at, to: null });
      }
      load(deviceId);
    },
  };
}

export type Registry = ReturnType<typeof createRegistry>;
