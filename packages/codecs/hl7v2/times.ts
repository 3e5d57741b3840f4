import type { DecodeContext, Instant } from "../codec.ts";
import { instantOf, shownMs } from "../local-time.ts";

const TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(?:(\d\d)(?:\.(\d{1,4}))?)?(?:([+-])(\d\d)(\d\d))?$/;
const MAX_OFFSET_MINUTES = 18 * 60;

/**
 * A time of HL7 (DTM), to the minute or finer. Without an offset of its own it has that of the message (MSH-7), else the
 * gateway's, else the patient's zone.
 *
 * @param utcOffsetMinutes of MSH-7; undefined where it says none
 * @returns undefined for what is no such time, or names a day only: nobody knows when on it
 * @source HL7 v2.6 sections 2.A.22 and 2.14.9.7
 */
export function instantOfTime(
  text: string,
  utcOffsetMinutes: number | undefined,
  context: DecodeContext,
): Instant | undefined {
  const found = TIME.exec(text);
  if (!found) return undefined;
  const [, year, month, day, hour, minute, second = 0, fraction = "", sign] = found;
  const millis = fraction === "" ? 0 : Number(fraction.slice(0, 3).padEnd(3, "0"));
  const shown = shownMs(Number(year), Number(month), Number(day), Number(hour), Number(minute), Number(second), millis);
  if (Number.isNaN(shown)) return undefined;
  const own = sign === undefined ? utcOffsetMinutes : offsetOf(found);
  if (sign !== undefined && own === undefined) return undefined;
  if (own === undefined) return instantOf(shown, context);
  // "-0000" tells the instant, and not where the device is.
  const isUnplaced = sign === "-" && own === 0;
  return { time: shown - own * 60_000, utcOffsetMinutes: isUnplaced ? null : own, quality: 0 };
}

/** The offset that a time says, in minutes; undefined where it says none. */
export function offsetOfTime(text: string): number | undefined {
  const found = TIME.exec(text);
  return found?.[8] === undefined ? undefined : offsetOf(found);
}

function offsetOf(found: RegExpExecArray): number | undefined {
  const minutes = Number(found[9]) * 60 + Number(found[10]);
  if (Number(found[10]) > 59 || minutes > MAX_OFFSET_MINUTES) return undefined;
  return found[8] === "-" && minutes !== 0 ? -minutes : minutes;
}
