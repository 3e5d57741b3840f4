/** Days as labels write them, as ISO days; `undefined` where there is no such day. */

/**
 * The century of two digits by GS1's rule: 51 or more ahead of this year is the last century, 50 or more behind it the next.
 *
 * @param thisYear four digits; handed in, because these files know no clock
 */
export function fullYear(twoDigits: number, thisYear: number): number {
  const century = thisYear - (thisYear % 100);
  const ahead = twoDigits - (thisYear % 100);
  if (ahead >= 51) return century - 100 + twoDigits;
  if (ahead <= -50) return century + 100 + twoDigits;
  return century + twoDigits;
}

/** @param day 0 is the last day of the month, where the format allows that */
export function isoDay(year: number, month: number, day: number): string | undefined {
  if (!(month >= 1 && month <= 12)) return undefined;
  const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const found = day === 0 ? last : day;
  if (!(found >= 1 && found <= last)) return undefined;
  return `${year}-${two(month)}-${two(found)}`;
}

/** @param day day of the year, 1 to 366 */
export function isoDayOfYear(year: number, day: number): string | undefined {
  if (!(day >= 1 && day <= 366)) return undefined;
  const at = new Date(Date.UTC(year, 0, day));
  return at.getUTCFullYear() === year ? at.toISOString().slice(0, 10) : undefined;
}

const two = (value: number) => String(value).padStart(2, "0");
