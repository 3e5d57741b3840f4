import type { Codec } from "../codec.ts";
import { Findings } from "../findings.ts";
import { instantOf } from "../local-time.ts";
import { ByteReader } from "../reader.ts";
import { type DateTime, readDateTime, shownBy } from "./date-time.ts";

export interface CurrentTime {
  readonly time: DateTime;
  /** 1 Monday to 7 Sunday; 0: not known. */
  readonly dayOfWeek: number;
  /** 1/256 s */
  readonly fractions: number;
  /** Bits: 0 set by hand, 1 by a reference, 2 zone changed, 3 summer time changed. */
  readonly reason: number;
}

/** @throws RefusedInput MALFORMED_BYTES */
export function parseCurrentTime(reader: ByteReader): CurrentTime {
  const time = readDateTime(reader, "dateTime");
  const dayOfWeek = reader.u8("dayOfWeek");
  if (dayOfWeek > 7) reader.refuse("dayOfWeek", 7, "0 to 7");
  return { time, dayOfWeek, fractions: reader.u8("fractions256"), reason: reader.u8("adjustReason") };
}

/**
 * What a gateway writes to set a clock.
 *
 * @param now ms UTC
 * @param utcOffsetMinutes of where the device is: these clocks show local time
 * @param reason bits as in CurrentTime; 2: set by a reference
 */
export function encodeCurrentTime(now: number, utcOffsetMinutes: number, reason = 0b10): Uint8Array {
  const local = new Date(now + utcOffsetMinutes * 60_000);
  const year = local.getUTCFullYear();
  return Uint8Array.of(
    year & 0xff,
    year >> 8,
    local.getUTCMonth() + 1,
    local.getUTCDate(),
    local.getUTCHours(),
    local.getUTCMinutes(),
    local.getUTCSeconds(),
    local.getUTCDay() || 7,
    Math.floor((local.getUTCMilliseconds() * 256) / 1000),
    reason,
  );
}

function tell(found: Findings, shown: number, context: Parameters<Codec["decode"]>[1]): void {
  if (Number.isNaN(shown)) found.ignore(0, "a time whose date the device does not know");
  else found.online({ clock: Math.round(instantOf(shown, context).time + latenessOf(context)) });
}

/** A capture comes after the gateway read the clock: what the clock shows when it comes is as much later. */
function latenessOf({ at, capturedAt }: Parameters<Codec["decode"]>[1]): number {
  return capturedAt === undefined ? 0 : capturedAt - at;
}

/** Bluetooth SIG Current Time: what the device's clock shows, which is its status. */
export const currentTime: Codec = {
  name: "gatt/2a2b",
  display: "Current time",
  decode(bytes, context) {
    const reader = new ByteReader(bytes, "gatt/2a2b");
    const { time, fractions } = parseCurrentTime(reader);
    const found = new Findings(context);
    tell(found, shownBy(time) + (fractions * 1000) / 256, context);
    found.ignoreRest(bytes, reader.offset);
    return found;
  },
};

/** Bluetooth SIG Date Time, where a device has it in place of the Current Time. */
export const dateTime: Codec = {
  name: "gatt/2a08",
  display: "Date and time",
  decode(bytes, context) {
    const reader = new ByteReader(bytes, "gatt/2a08");
    const time = readDateTime(reader, "dateTime");
    const found = new Findings(context);
    tell(found, shownBy(time), context);
    found.ignoreRest(bytes, reader.offset);
    return found;
  },
};
