import type { DecodeContext } from "../codec.ts";
import type { Findings } from "../findings.ts";
import { instantOf, shownMs } from "../local-time.ts";
import type { ByteReader } from "../reader.ts";

/** Bluetooth SIG Date Time (0x2A08): what a clock shows, without a zone. null: the device does not know it. */
export interface DateTime {
  readonly year: number | null;
  readonly month: number | null;
  readonly day: number | null;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** @throws RefusedInput MALFORMED_BYTES where there is no such date or time */
export function readDateTime(reader: ByteReader, field: string): DateTime {
  const { offset } = reader;
  const year = reader.u16(field);
  const month = reader.u8(field);
  const day = reader.u8(field);
  const hour = reader.u8(field);
  const minute = reader.u8(field);
  const second = reader.u8(field);
  // A leap year stands for one that is not known, a long month and its first day for theirs.
  if (Number.isNaN(shownMs(year || 2000, month || 1, day || 1, hour, minute, second))) {
    reader.refuse(field, offset, "a date and a time that there are");
  }
  return { year: year || null, month: month || null, day: day || null, hour, minute, second };
}

/** ms of the local time read as if it were UTC; NaN where a part of the date is not known. */
export function shownBy({ year, month, day, hour, minute, second }: DateTime): number {
  if (year === null || month === null || day === null) return Number.NaN;
  return shownMs(year, month, day, hour, minute, second);
}

/**
 * What is found was measured then. A date that is not known leaves the time of reception, and is told.
 *
 * @param offset of the field in the bytes
 * @param minutes to add, where the device keeps its user's time apart from its clock's
 */
export function measuredAt(
  found: Findings,
  context: DecodeContext,
  dateTime: DateTime,
  offset: number,
  minutes = 0,
): void {
  const shown = shownBy(dateTime);
  if (Number.isNaN(shown)) found.ignore(offset, "a time whose date the device does not know");
  else found.instant = instantOf(shown + minutes * 60_000, context);
}
