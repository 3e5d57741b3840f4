import type { DeviceBody } from "@openward/api";
import { RefusedInput } from "@openward/errors";
import { looksAfterDevices, type PatientView } from "@openward/model";
import type { Clock } from "@openward/runtime";
import type { Handlers } from "./call.ts";
import { describedDevice } from "./device-registration.ts";
import type {
  Asker,
  Authenticated,
  DeviceRecord,
  Devices,
  DevicesNow,
  DeviceType,
  PatientRecord,
  Patients,
} from "./ports/index.ts";
import { deviceBody } from "./present.ts";

type DeviceRoutes =
  | "deviceTypes"
  | "devices"
  | "device"
  | "addDevice"
  | "describeDevice"
  | "decideClock"
  | "revokeDevice"
  | "assign"
  | "release";

/** How far back an association may be dated, to cover what a device measured before anybody told us. */
const BACK_MS_MAX = 366 * 86_400_000;
/** A screen's clock may be a little ahead of ours. */
const AHEAD_MS_MAX = 60_000;

export function deviceHandlers(deps: {
  devices: Devices;
  devicesNow: DevicesNow;
  deviceTypes: readonly DeviceType[];
  patients: Pick<Patients, "list" | "find">;
  clock: Clock;
}): {
  readonly handlers: Pick<Handlers, DeviceRoutes>;
  bodies(signedIn: Authenticated, view: PatientView): Promise<DeviceBody[]>;
} {
  const { devices, devicesNow, deviceTypes, patients, clock } = deps;
  const typeDisplay = new Map(deviceTypes.map(({ key, display }) => [key, display]));

  const body = (record: DeviceRecord, worn: PatientRecord | undefined, view: PatientView): DeviceBody => {
    const { id, type } = record.device;
    const wearer = devicesNow.patientOf(id);
    // That it speaks, and how it is, tells that somebody is measured whom the asker may not see.
    const isSilent = wearer !== undefined && !view.has(wearer) && !looksAfterDevices(view.principal.role);
    const told = isSilent
      ? { ...record, status: null, lastSeenAt: null, clockOffsetMs: null, clock: null, facts: [], commands: null }
      : record;
    return deviceBody(told, {
      typeDisplay: typeDisplay.get(type) ?? type,
      isConnected: !isSilent && devicesNow.isConnected(id),
      hasTwin: !isSilent && devicesNow.hasTwin(id),
      lastSeenAt: isSilent ? undefined : devicesNow.lastSeenAt(id),
      worn,
      now: clock.now(),
    });
  };

  function needType(type: string): string {
    const display = typeDisplay.get(type);
    if (display !== undefined) return display;
    throw new RefusedInput("FIELD_INVALID", { at: "type", expected: `one of ${[...typeDisplay.keys()].join(", ")}` });
  }

  async function recordOf(asker: Asker, deviceId: string): Promise<DeviceRecord> {
    const record = await devices.find(asker, deviceId);
    if (!record) throw new RefusedInput("NOT_FOUND");
    return record;
  }

  async function bodyOf(view: PatientView, deviceId: string): Promise<DeviceBody> {
    const record = await recordOf(view.principal, deviceId);
    const patientId = record.association?.patientId;
    const worn =
      patientId !== undefined && view.has(patientId) ? await patients.find(view.principal, patientId) : undefined;
    return body(record, worn, view);
  }

  async function bodies({ principal }: Authenticated, seen: PatientView): Promise<DeviceBody[]> {
    const [records, everybody] = await Promise.all([devices.list(principal), patients.list(principal, { all: true })]);
    const byId = new Map(
      everybody.filter(({ patient }) => seen.has(patient.id)).map((record) => [record.patient.id, record]),
    );
    return records.map((record) =>
      body(record, record.association ? byId.get(record.association.patientId) : undefined, seen),
    );
  }

  const handlers: Pick<Handlers, DeviceRoutes> = {
    deviceTypes: async () =>
      deviceTypes.map((type) => ({ ...type, signals: type.signals.map((signal) => ({ ...signal })) })),

    async devices({ signedIn, view }) {
      return bodies(signedIn, await view());
    },

    async device({ params, view }) {
      return bodyOf(await view(), params.deviceId);
    },

    async addDevice({ signedIn, body: asked }) {
      const display = needType(asked.type);
      const { device, token } = await devices.create(
        signedIn.organisation.id,
        {
          ...(asked.id === undefined ? {} : { id: asked.id }),
          type: asked.type,
          display: asked.display ?? display,
          manufacturer: asked.manufacturer ?? null,
          model: asked.model ?? null,
          serial: asked.serial ?? null,
        },
        signedIn.principal.id,
      );
      return { id: device.id, token };
    },

    async describeDevice({ params, body: asked, signedIn, view }) {
      needType(asked.type);
      await recordOf(signedIn.principal, params.deviceId);
      const described = describedDevice(asked, clock.now());
      await devices.describe(signedIn.organisation.id, params.deviceId, described, signedIn.principal.id);
      return bodyOf(await view(), params.deviceId);
    },

    async decideClock({ params: { deviceId }, body: { seen, leadsTo, reason }, signedIn, view }) {
      const by = signedIn.principal.id;
      const { clock: known } = await recordOf(signedIn.principal, deviceId);
      if (!known) throw new RefusedInput("CONFLICT", { at: "clock", expected: "one that was seen often enough" });
      await devicesNow.decideClock(signedIn.organisation.id, { deviceId, seen, leadsTo, by, because: reason });
      return bodyOf(await view(), deviceId);
    },

    async revokeDevice({ params, signedIn, view }) {
      await recordOf(signedIn.principal, params.deviceId);
      await devices.revoke(signedIn.organisation.id, params.deviceId, signedIn.principal.id);
      return bodyOf(await view(), params.deviceId);
    },

    async assign({ params, body: asked, signedIn, view }) {
      const now = clock.now();
      const from = asked.from ?? now;
      if (from > now + AHEAD_MS_MAX || from < now - BACK_MS_MAX) {
        throw new RefusedInput("FIELD_INVALID", { at: "from", expected: "a time within the last year" });
      }
      const seen = await view();
      if (!seen.has(asked.patientId)) throw new RefusedInput("NOT_FOUND", { at: "patientId" });
      const { device } = await recordOf(signedIn.principal, params.deviceId);
      if (device.revokedAt !== null)
        throw new RefusedInput("CONFLICT", { at: "deviceId", expected: "a device with access" });
      await devices.assign(
        signedIn.organisation.id,
        device.id,
        asked.patientId,
        Math.min(from, now),
        signedIn.principal.id,
      );
      return bodyOf(seen, device.id);
    },

    async release({ params, signedIn, view }) {
      await recordOf(signedIn.principal, params.deviceId);
      await devices.release(signedIn.organisation.id, params.deviceId, clock.now(), signedIn.principal.id);
      return bodyOf(await view(), params.deviceId);
    },
  };
  return { handlers, bodies };
}
