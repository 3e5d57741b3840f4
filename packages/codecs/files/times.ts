import type { DecodeContext, Instant } from "../codec.ts";
import { instantOf, shownMs } from "../local-time.ts";
import { parseOffset, parseTime } from "../time.ts";

const LOCAL = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?$/;

/** A time as files write it: RFC 3339, or a local time without a zone. null: neither. */
export function instantIn(text: string, context: DecodeContext): Instant | null {
  const time = parseTime(text);
  if (!Number.isNaN(time)) return { time, utcOffsetMinutes: parseOffset(text), quality: 0 };
  const found = LOCAL.exec(text);
  if (!found) return null;
  const field = (i: number) => Number(found[i] ?? 0);
  const millis = Number((found[7] ?? "").slice(0, 3).padEnd(3, "0"));
  const shown = shownMs(field(1), field(2), field(3), field(4), field(5), field(6), millis);
  return Number.isNaN(shown) ? null : instantOf(shown, context);
}
