import { findCodec } from "@openward/codecs/raw";
import type { Interfaces, Properties } from "./bus.ts";

export const DEVICE = "org.bluez.Device1";
export const CHARACTERISTIC = "org.bluez.GattCharacteristic1";
const BASE = /^0000([0-9a-f]{4})-0000-1000-8000-00805f9b34fb$/;

/** One characteristic of a device, which we have a format for. */
export interface Characteristic {
  readonly path: string;
  /** "gatt/2a37". */
  readonly codec: string;
  readonly isRead: boolean;
  readonly isNotified: boolean;
}

/** Values that need others of the same visit, or are meant by those before them: they go in one capture. */
const IN_SESSION = new Set(["gatt/2a18", "gatt/2a34", "gatt/2aa7"]);
/** Asked for at the control point; the device keeps them until then. */
export const RECORD_ACCESS = "gatt/2a52";
/** What a CGM's measurements say their minutes since. */
export const SESSION_START = "gatt/2aaa";

/**
 * Of a device's objects those that are of a format that the server reads; what it does not is not subscribed to.
 *
 * @param devicePath "/org/bluez/hci0/dev_C0_FF_EE_00_00_01"
 */
export function characteristicsOf(objects: ReadonlyMap<string, Interfaces>, devicePath: string): Characteristic[] {
  const found: Characteristic[] = [];
  for (const [path, interfaces] of objects) {
    const properties = path.startsWith(`${devicePath}/`) ? interfaces[CHARACTERISTIC] : undefined;
    const codec = properties && codecOf(properties);
    if (!properties || codec === undefined) continue;
    const flags = new Set(properties.Flags as string[] | undefined);
    const isNotified = flags.has("notify") || flags.has("indicate");
    found.push({ path, codec, isRead: flags.has("read"), isNotified });
  }
  // What others are meant by comes first.
  return found.sort((a, b) => Number(b.codec === SESSION_START) - Number(a.codec === SESSION_START));
}

function codecOf({ UUID }: Properties): string | undefined {
  const short = typeof UUID === "string" ? BASE.exec(UUID.toLowerCase())?.[1] : undefined;
  const codec = short === undefined ? undefined : `gatt/${short}`;
  return codec !== undefined && findCodec(codec) ? codec : undefined;
}

export const hasSession = (all: readonly Characteristic[]): boolean => all.some(({ codec }) => IN_SESSION.has(codec));
