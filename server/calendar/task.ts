import { RefusedInput } from "@openward/errors";
import type { NewTask, Task } from "@openward/model";
import { findSignal } from "@openward/signals";

/** One time at which it is to be measured. */
export interface Occurrence {
  /** "2026-11-27" */
  readonly day: string;
  /** "08:00" */
  readonly time: string;
  /** ms UTC */
  readonly at: number;
  /** A reading in this span is of this time and of no other: [from, to). */
  readonly from: number;
  readonly to: number;
}

const MINUTE_MS = 60_000;
const HALF_DAY_MIN = 720;
/** Who measures much earlier or later has not done this one. */
const WINDOW_MIN_MAX = 120;

/** @throws RefusedInput SIGNAL_UNKNOWN, SIGNAL_KIND, FIELD_INVALID */
export function checkTask(task: NewTask): NewTask {
  const signal = findSignal(task.signal);
  if (!signal) throw new RefusedInput("SIGNAL_UNKNOWN", { at: "signal", received: task.signal });
  if (signal.kind !== "numeric" && signal.kind !== "enumerated")
    throw new RefusedInput("SIGNAL_KIND", { at: "signal", expected: "one that is measured as a number" });
  try {
    Temporal.Now.zonedDateTimeISO(task.timeZone);
  } catch {
    throw new RefusedInput("FIELD_INVALID", { at: "timeZone", expected: "an IANA time zone" });
  }
  for (const [at, day] of [
    ["fromDay", task.fromDay],
    ["toDay", task.toDay],
  ] as const) {
    if (day !== null && !isDay(day)) throw new RefusedInput("FIELD_INVALID", { at, expected: "a day, as 2026-11-27" });
  }
  if (task.toDay !== null && task.toDay < task.fromDay)
    throw new RefusedInput("FIELD_INVALID", { at: "toDay", expected: "a day from fromDay on" });
  return {
    ...task,
    times: [...new Set(task.times)].sort(),
    weekdays: task.weekdays && [...new Set(task.weekdays)].sort(),
  };
}

function isDay(text: string): boolean {
  try {
    return Temporal.PlainDate.from(text, { overflow: "reject" }).toString() === text;
  } catch {
    return false;
  }
}

const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

/** Half the way to the neighbours, two hours at most: no reading counts for two times of a task. */
function windows(times: readonly string[]): { before: number; after: number }[] {
  const minutes = times.map(minutesOf);
  return minutes.map((at, i) => {
    const before = (at - (minutes.at(i - 1) ?? at) + 1440) % 1440 || 1440;
    const after = ((minutes[(i + 1) % minutes.length] ?? at) - at + 1440) % 1440 || 1440;
    const half = (gap: number) => Math.min(WINDOW_MIN_MAX, HALF_DAY_MIN, gap / 2);
    return { before: half(before), after: half(after) };
  });
}

/**
 * Times of a task in [from, to), ascending, as the clocks of its zone show them: on the day on which they are set forward a time that
 * does not exist is an hour later, on the day on which they are set back a time that comes twice is the first (RFC 5545, 3.3.5).
 */
export function occurrencesOf(
  task: Pick<Task, "times" | "weekdays" | "timeZone" | "fromDay" | "toDay" | "endedAt">,
  from: number,
  to: number,
): Occurrence[] {
  const { times, weekdays, timeZone, fromDay, toDay, endedAt } = task;
  const dayOf = (at: number) => Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDate();
  const until = Math.min(to, endedAt ?? Number.POSITIVE_INFINITY);
  const spans = windows(times);
  const found: Occurrence[] = [];
  const first = dayOf(from);
  const begin = Temporal.PlainDate.from(fromDay);
  let day = Temporal.PlainDate.compare(first, begin) > 0 ? first : begin;
  const last = dayOf(until);
  for (; Temporal.PlainDate.compare(day, last) <= 0; day = day.add({ days: 1 })) {
    if (toDay !== null && day.toString() > toDay) break;
    if (weekdays && !weekdays.includes(day.dayOfWeek)) continue;
    for (const [i, time] of times.entries()) {
      const at = day.toZonedDateTime({ timeZone, plainTime: Temporal.PlainTime.from(time) }).epochMilliseconds;
      if (at < from || at >= until) continue;
      const { before = 0, after = 0 } = spans[i] ?? {};
      found.push({ day: day.toString(), time, at, from: at - before * MINUTE_MS, to: at + after * MINUTE_MS });
    }
  }
  return found;
}
