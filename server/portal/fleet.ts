import { DEVICE_STATES, type DeviceBody, type DeviceState } from "@openward/api";
import type { PatientView } from "@openward/model";
import type { Clock } from "@openward/runtime";
import type { Handlers } from "./call.ts";
import { compareVersions, concernOf, firmwareOf, modelOf, newestFirmware, statesOf } from "./fleet-states.ts";
import type { Authenticated, Endings } from "./ports/index.ts";

const PAGE = 50;

interface Told {
  readonly device: DeviceBody;
  readonly states: DeviceState[];
  readonly firmware: { readonly version: string; readonly newest: string } | null;
  readonly concern: number;
}

/** Devices by their states. `bodies` are all of them as the asker is shown them: what is not told there counts nowhere. */
export function fleetHandlers(deps: {
  bodies(signedIn: Authenticated, view: PatientView): Promise<DeviceBody[]>;
  endings: Endings;
  clock: Clock;
}): Pick<Handlers, "fleet" | "endings"> {
  const { clock } = deps;
  return {
    async fleet({ query: { state, q, order, page }, signedIn, view }) {
      const devices = await deps.bodies(signedIn, await view());
      const now = clock.now();
      const newest = newestFirmware(devices);
      const all = devices.map((device): Told => {
        const states = statesOf(device, newest, now);
        const version = firmwareOf(device);
        const firmware = version === undefined ? null : { version, newest: newest.get(modelOf(device)) ?? version };
        return { device, states, firmware, concern: concernOf(states) };
      });
      const counts = Object.fromEntries(
        DEVICE_STATES.map((each) => [each, all.filter(({ states }) => states.includes(each)).length]),
      ) as Record<DeviceState, number>;
      const found = all
        .filter(({ states }) => (state === undefined ? !states.includes("no-access") : states.includes(state)))
        .filter(({ device }) => isNamed(device, q ?? ""))
        .sort(ORDERS[order]);
      return {
        counts,
        total: devices.length,
        found: found.length,
        pageSize: PAGE,
        devices: found
          .slice(page * PAGE, (page + 1) * PAGE)
          .map(({ device, states, firmware }) => ({ device, states, firmware })),
      };
    },

    endings: async ({ signedIn }) => (await deps.endings.list(signedIn.organisation.id)).map((each) => ({ ...each })),
  };
}

/** Every word of what was typed stands somewhere in what the device is called. */
function isNamed(device: DeviceBody, q: string): boolean {
  const words = q.trim().toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const { id, display, typeDisplay, manufacturer, model, serial, location, patient, label } = device;
  const text = [id, display, typeDisplay, manufacturer, model, serial, location, label?.serial, patient?.mrn]
    .filter(Boolean)
    .join("\n")
    .toLowerCase();
  return words.every((word) => text.includes(word));
}

const byName = (a: Told, b: Told) => a.device.display.localeCompare(b.device.display, "en", { numeric: true });
/** What is not known stands last. */
const byNumber = (of: (told: Told) => number | null) => (a: Told, b: Told) =>
  (of(a) ?? Number.POSITIVE_INFINITY) - (of(b) ?? Number.POSITIVE_INFINITY) || byName(a, b);

const ORDERS = {
  concern: (a: Told, b: Told) => b.concern - a.concern || byName(a, b),
  name: byName,
  seen: byNumber(({ device }) => device.lastSeenAt),
  battery: byNumber(({ device }) => device.battery),
  certificate: byNumber(({ device }) => device.certificateEndsAt),
  firmware: (a: Told, b: Told) => {
    if (a.firmware === null || b.firmware === null)
      return Number(a.firmware === null) - Number(b.firmware === null) || byName(a, b);
    const isOld = ({ states }: Told) => Number(states.includes("firmware-old"));
    return isOld(b) - isOld(a) || compareVersions(a.firmware.version, b.firmware.version) || byName(a, b);
  },
} satisfies Record<string, (a: Told, b: Told) => number>;
