const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * The instant at which a clock in a time zone shows a local time.
 *
 * @param localMs the local time as if it were UTC
 * @param timeZone IANA name; one that is not known counts as UTC
 */
export function localToUtc(localMs: number, timeZone: string): number {
  const first = localMs - offsetAt(localMs, timeZone);
  // The offset at the guess may be that of the other side of a change of clocks.
  return localMs - offsetAt(first, timeZone);
}

/** What a clock in a time zone shows at an instant, as if it were UTC. */
export function utcToLocal(utcMs: number, timeZone: string): number {
  return utcMs + offsetAt(utcMs, timeZone);
}

function offsetAt(utcMs: number, timeZone: string): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of formatOf(timeZone).formatToParts(new Date(utcMs))) parts[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(utcMs / 1000) * 1000;
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (!format) {
    const options: Intl.DateTimeFormatOptions = {
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    };
    try {
      format = new Intl.DateTimeFormat("en-US", { ...options, timeZone });
    } catch {
      format = new Intl.DateTimeFormat("en-US", { ...options, timeZone: "UTC" });
    }
    formats.set(timeZone, format);
  }
  return format;
}
