import { fromZonedInput } from "../parts/zoned-time.ts";

/** "2026-11-22": the beginning of the day in that zone; undefined where none is chosen. */
export const dayOf = (text: string, zone: string): number | undefined =>
  text === "" ? undefined : (fromZonedInput(`${text}T00:00:00`, zone) ?? undefined);

/** The end of the day: the beginning of the next, which is 23 to 25 hours later. */
export function endOfDay(text: string, zone: string): number | undefined {
  if (text === "") return undefined;
  const next = new Date(`${text}T00:00:00Z`);
  if (Number.isNaN(next.getTime())) return undefined;
  next.setUTCDate(next.getUTCDate() + 1);
  return dayOf(next.toISOString().slice(0, 10), zone);
}
