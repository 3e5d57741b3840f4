import { HOUR_MS, MINUTE_MS } from "./trace.ts";

/** A person's days and times of day, over clock changes. */
export interface LocalTime {
  /** The local date: "2026-03-29". */
  dayOf(at: number): string;
  /** Minutes since the local midnight as a clock on the wall shows it, 0 to 1439. */
  minuteOf(at: number): number;
}

const QUARTER_MS = 15 * MINUTE_MS;

/**
 * Clocks change on a quarter of an hour: what is asked of a time zone is asked once for each.
 *
 * @param timeZone IANA @throws RangeError there is no such zone
 */
export function localTimeOf(timeZone: string): LocalTime {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  });
  let quarter = Number.NaN;
  let offset = 0;
  const offsetOf = (at: number): number => {
    const begin = Math.floor(at / QUARTER_MS) * QUARTER_MS;
    if (begin !== quarter) {
      const parts = Object.fromEntries(format.formatToParts(begin).map(({ type, value }) => [type, Number(value)]));
      const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = parts;
      quarter = begin;
      offset = Date.UTC(year, month - 1, day, hour, minute) - Math.floor(begin / MINUTE_MS) * MINUTE_MS;
    }
    return offset;
  };
  const local = (at: number) => at + offsetOf(at);
  return {
    dayOf: (at) => new Date(local(at)).toISOString().slice(0, 10),
    minuteOf: (at) => Math.floor(modulo(local(at), 24 * HOUR_MS) / MINUTE_MS),
  };
}

const modulo = (value: number, by: number) => ((value % by) + by) % by;
