import type { Codec } from "../codec.ts";
import { Findings } from "../findings.ts";
import { instantOf } from "../local-time.ts";
import { ByteReader } from "../reader.ts";
import { checkCrc } from "./crc.ts";
import { type DateTime, readDateTime, shownBy } from "./date-time.ts";

const NAME = "gatt/2aaa";
const ZONE_UNKNOWN = -128;
const DST_MINUTES: Readonly<Record<number, number>> = { 0: 0, 2: 30, 4: 60, 8: 120 };
const DST_UNKNOWN = 255;

export interface SessionStart {
  readonly time: DateTime;
  /** In quarters of an hour; null: not known. */
  readonly timeZone: number | null;
  /** As sent. */
  readonly dst: number;
  readonly crc: number | null;
}

/** @throws RefusedInput MALFORMED_BYTES */
export function parseSessionStart(reader: ByteReader): SessionStart {
  const time = readDateTime(reader, "sessionStartTime");
  const zoneAt = reader.offset;
  const timeZone = reader.i8("timeZone");
  if (timeZone !== ZONE_UNKNOWN && Math.abs(timeZone) > 56) reader.refuse("timeZone", zoneAt, "-48 to 56, or -128");
  const dst = reader.u8("dstOffset");
  if (DST_MINUTES[dst] === undefined && dst !== DST_UNKNOWN) {
    reader.refuse("dstOffset", zoneAt + 1, "0, 2, 4, 8 or 255");
  }
  const crc = reader.left >= 2 ? checkCrc(reader, 0) : null;
  return { time, timeZone: timeZone === ZONE_UNKNOWN ? null : timeZone, dst, crc };
}

/** Bluetooth SIG CGM Session Start Time: what the measurements behind it in the same capture count their minutes from. */
const codec: Codec = {
  name: NAME,
  display: "Continuous glucose, session start time",
  decode(bytes, context) {
    const reader = new ByteReader(bytes, NAME);
    const { time, timeZone, dst } = parseSessionStart(reader);
    const found = new Findings(context);
    const shown = shownBy(time);
    if (Number.isNaN(shown)) {
      found.ignore(0, "a time whose date the device does not know");
    } else {
      const own = timeZone === null ? null : timeZone * 15 + (DST_MINUTES[dst] ?? 0);
      const start = instantOf(shown, own === null ? context : { ...context, utcOffsetMinutes: own });
      context.session.cgmStart = start;
      found.instant = start;
      found.event("sensor-session-start", { codec: NAME });
    }
    found.ignoreRest(bytes, reader.offset);
    return found;
  },
};

export default codec;
