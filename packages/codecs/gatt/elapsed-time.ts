import type { DecodeContext, Instant } from "../codec.ts";
import { instantOf } from "../local-time.ts";
import type { ByteReader } from "../reader.ts";

const TICKS = 0b1;
const UTC = 0b10;
const ZONE = 0b10000;
const CURRENT = 0b100000;
/** ms of one count, by bits 2 and 3: a second, a tenth, a thousandth, a ten thousandth. */
const RESOLUTION_MS = [1000, 100, 1, 0.1] as const;
const EPOCH = Date.UTC(2000, 0, 1);
const SPAN = 8.64e15;

/** A time of the Elapsed Time Service, nine octets. */
export type ElapsedTime =
  | { readonly kind: "instant"; readonly instant: Instant }
  /** Counts since nobody knows when. */
  | { readonly kind: "ticks" }
  /** By a clock that was set since: nobody knows what it is now. */
  | { readonly kind: "earlier-timeline" };

/** @throws RefusedInput MALFORMED_BYTES */
export function readElapsedTime(reader: ByteReader, context: DecodeContext): ElapsedTime {
  const { offset } = reader;
  const flags = reader.u8("timeFlags");
  const count = reader.u24("timeValue") + reader.u24("timeValue") * 16_777_216;
  reader.u8("timeSource");
  const quarters = reader.i8("timeZoneOffset");
  if ((flags & TICKS) !== 0) return { kind: "ticks" };
  if ((flags & CURRENT) === 0) return { kind: "earlier-timeline" };
  const shown = EPOCH + Math.floor(count * (RESOLUTION_MS[(flags >> 2) & 3] as number));
  if (shown > SPAN) reader.refuse("timeValue", offset + 1, "a time that there is");
  const own = (flags & ZONE) !== 0 ? quarters * 15 : null;
  if ((flags & UTC) !== 0) return { kind: "instant", instant: { time: shown, utcOffsetMinutes: own, quality: 0 } };
  return { kind: "instant", instant: instantOf(shown, own === null ? context : { ...context, utcOffsetMinutes: own }) };
}
