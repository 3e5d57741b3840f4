import { findCodec } from "@openward/codecs/raw";
import { drivers } from "@openward/drivers";

const BASE = /^0000([0-9a-f]{4})-0000-1000-8000-00805f9b34fb$/;
/** What is worn for days speaks to its own receiver: it is nothing that somebody measures with now. */
const NOT_HERE: ReadonlySet<string> = new Set(["cgm", "insulin-pump"]);
const whole = (service: string) => (service.length === 4 ? `0000${service}-0000-1000-8000-00805f9b34fb` : service);

/** Services by which the browser's chooser finds devices: those that the drivers name. */
export const services: readonly string[] = [
  ...new Set(
    drivers
      .filter(({ kind, transports }) => transports.includes("bluetooth") && !NOT_HERE.has(kind))
      .flatMap(({ identity }) => identity.services ?? []),
  ),
].map(whole);

/** Device information, battery and clock, of whichever device it is. */
export const besides: readonly string[] = ["180a", "180f", "1805"].map(whole);

/** "0000180d-..." to "180d"; undefined: a maker's own. */
export function shortOf(uuid: string): string | undefined {
  return BASE.exec(uuid.toLowerCase())?.[1];
}

/** The format of a characteristic that we read; undefined: none. */
export function codecOf(uuid: string): string | undefined {
  const short = shortOf(uuid);
  const codec = short === undefined ? undefined : `gatt/${short}`;
  return codec !== undefined && findCodec(codec) ? codec : undefined;
}

export const BATTERY = "gatt/2a19";
export const RECORD_ACCESS = "gatt/2a52";
export const CLOCKS: ReadonlySet<string> = new Set(["gatt/2a2b", "gatt/2a08"]);
/** What a device says without being asked to measure: it is worn, and sends for as long as it is. */
export const CONTINUOUS: ReadonlySet<string> = new Set(["gatt/2a37", "gatt/2a5f"]);
/** Values that mean one another: they go in one capture. */
export const IN_SESSION: ReadonlySet<string> = new Set(["gatt/2a18", "gatt/2a34", RECORD_ACCESS]);
const OF_THE_DEVICE = /^gatt\/(2a19|2a2[3-9]|2a2a|2a2b|2a08|2a50|2a52|2a38|2bff)$/;

/** It tells of somebody, and not of the device. */
export const isMeasured = (codec: string): boolean => !OF_THE_DEVICE.test(codec);
