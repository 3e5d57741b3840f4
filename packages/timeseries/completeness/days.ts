import type { Explained } from "./causes.ts";
import type { GapCause } from "./evidence.ts";
import { overlap, type Span } from "./spans.ts";

export interface Day extends Span {
  /** ISO day of the place. */
  readonly day: string;
}

const HOUR_MS = 3_600_000;
const QUARTER_MS = 900_000;

/** Since when days are counted in which zone; the first counts before as well. */
export interface ZoneSince {
  readonly from: number;
  readonly timeZone: string;
}

/**
 * The days of a place that a span touches, each from midnight to midnight there: of 23, 24 or 25 hours. A change of zone
 * ends the day of the one and begins that of the other.
 *
 * @param zones ordered by `from`, at least one
 */
export function daysOf({ from, to }: Span, zones: readonly ZoneSince[]): Day[] {
  const days: Day[] = [];
  const cut = (start: number, end: number, timeZone: string) => {
    const format = formatOf(timeZone);
    for (let at = start; at < end; ) {
      const day = format.format(at);
      const next = Math.min(nextMidnight(at, day, format), end);
      const last = days.at(-1);
      if (last?.day === day) days[days.length - 1] = { ...last, to: next };
      else days.push({ day, from: at, to: next });
      at = next;
    }
  };
  zones.forEach(({ from: since, timeZone }, i) => {
    const start = i === 0 ? from : Math.max(from, since);
    const end = Math.min(to, zones[i + 1]?.from ?? to);
    if (start < end) cut(start, end, timeZone);
  });
  return days;
}

/** Zones put their clocks on at quarters of an hour. */
function nextMidnight(at: number, day: string, format: Intl.DateTimeFormat): number {
  let next = Math.floor(at / QUARTER_MS) * QUARTER_MS + QUARTER_MS;
  while (format.format(next + HOUR_MS) === day) next += HOUR_MS;
  while (format.format(next) === day) next += QUARTER_MS;
  return next;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (!format) {
    // Swedish dates are ISO dates.
    const options = { year: "numeric", month: "2-digit", day: "2-digit" } as const;
    try {
      format = new Intl.DateTimeFormat("sv-SE", { ...options, timeZone });
    } catch {
      format = new Intl.DateTimeFormat("sv-SE", { ...options, timeZone: "UTC" });
    }
    formats.set(timeZone, format);
  }
  return format;
}

/** The cause of most of what is missing; null where nothing is. */
export function mainCause(parts: readonly Pick<Explained, "cause" | "missing">[]): GapCause | null {
  const sums = new Map<GapCause, number>();
  for (const { cause, missing } of parts) sums.set(cause, (sums.get(cause) ?? 0) + missing);
  const [most] = [...sums].sort((a, b) => b[1] - a[1]);
  return most?.[0] ?? null;
}

/** What of it lies in a span, with its share of the missing readings. */
export function cutTo(part: Explained, span: Span): Explained | undefined {
  const mine = overlap(part, span);
  if (!mine) return undefined;
  const missing = Math.round((part.missing * (mine.to - mine.from)) / (part.to - part.from));
  return { ...part, ...mine, missing };
}
