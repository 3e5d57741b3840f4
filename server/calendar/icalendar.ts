import type { Task } from "@openward/model";
import { findSignal } from "@openward/signals";
import ical, {
  ICalAlarmType,
  ICalCalendarMethod,
  ICalEventRepeatingFreq,
  ICalEventStatus,
  type ICalWeekday,
} from "ical-generator";
import { tzlib_get_ical_block } from "timezones-ical-library";
import type { Due } from "./done.ts";

const WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"] as const;
const MINUTES = 10;
/** How often a calendar is to look again. */
const REFRESH_S = 3_600;

export interface CalendarOptions {
  /** Titles say what is measured, and notes are shown: else nobody who sees the calendar learns it. */
  readonly showsWhat: boolean;
  /** null: no reminder. */
  readonly remindMinutes: number | null;
  readonly name: string;
  /** Under which ids are unique: "ward.example". */
  readonly host: string;
  readonly now: number;
}

/**
 * Tasks as a calendar that any program reads: an event that repeats for each time of day, with the rules of its time zone, and for what
 * was done the one of that day, marked.
 *
 * @source RFC 5545; RFC 7986 for the refresh interval
 */
export function calendarOf(
  tasks: readonly { readonly task: Task; readonly due: readonly Due[] }[],
  options: CalendarOptions,
): string {
  const { showsWhat, remindMinutes, host, now } = options;
  const calendar = ical({
    name: options.name,
    method: ICalCalendarMethod.PUBLISH,
    prodId: { company: "Openward", product: "Measurement tasks", language: "EN" },
    ttl: REFRESH_S,
    timezone: { name: null, generator: zoneBlock },
  });
  const stamp = new Date(now);
  for (const { task, due } of tasks) {
    const what = showsWhat ? `Measure: ${findSignal(task.signal)?.display ?? task.signal}` : "Measurement";
    for (const time of task.times) {
      const start = firstOf(task, time);
      if (!start) continue;
      const id = `${task.id}-${time.replace(":", "")}@${host}`;
      const common = { id, stamp, timezone: task.timeZone, transparency: "TRANSPARENT" as never };
      const note = showsWhat && task.note ? { description: { plain: task.note } } : {};
      const event = calendar.createEvent({
        ...common,
        ...note,
        start,
        end: start.add({ minutes: MINUTES }),
        summary: what,
        repeating: {
          freq: task.weekdays ? ICalEventRepeatingFreq.WEEKLY : ICalEventRepeatingFreq.DAILY,
          ...(task.weekdays ? { byDay: task.weekdays.map((day) => WEEKDAYS[day - 1] as ICalWeekday) } : {}),
          ...untilOf(task),
        },
      });
      if (remindMinutes !== null)
        event.createAlarm({ type: ICalAlarmType.display, trigger: remindMinutes * 60, description: what });
      for (const one of due) {
        if (one.time !== time || one.doneAt === null) continue;
        const at = zoned(one.at, task.timeZone);
        calendar.createEvent({
          ...common,
          ...note,
          start: at,
          end: at.add({ minutes: MINUTES }),
          recurrenceId: at,
          summary: `✓ ${what}`,
          status: ICalEventStatus.CONFIRMED,
        });
      }
    }
  }
  return calendar.toString();
}

const zoned = (at: number, timeZone: string) => Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone);

/** The first day on which it is due: where an event begins that repeats, it is itself one of its times. */
function firstOf({ fromDay, toDay, weekdays, timeZone }: Task, time: string): Temporal.ZonedDateTime | undefined {
  let day = Temporal.PlainDate.from(fromDay);
  while (weekdays && !weekdays.includes(day.dayOfWeek)) day = day.add({ days: 1 });
  if (toDay !== null && day.toString() > toDay) return undefined;
  return day.toZonedDateTime({ timeZone, plainTime: Temporal.PlainTime.from(time) });
}

function untilOf({ toDay, endedAt, timeZone }: Task): { until?: Temporal.ZonedDateTime } {
  const ends: Temporal.ZonedDateTime[] = [];
  if (toDay !== null)
    ends.push(
      Temporal.PlainDate.from(toDay).toZonedDateTime({ timeZone, plainTime: Temporal.PlainTime.from("23:59:59") }),
    );
  if (endedAt !== null) ends.push(zoned(endedAt, timeZone));
  const [first] = ends.sort(Temporal.ZonedDateTime.compare);
  return first ? { until: first } : {};
}

/** Zones that share their rules have one block, under the name of one of them: events look for it under their own. */
function zoneBlock(name: string): string | null {
  const [block] = tzlib_get_ical_block(name);
  return block?.replace(/^TZID:.*$/m, `TZID:${name}`).replace(/^X-LIC-LOCATION:.*$/m, `X-LIC-LOCATION:${name}`) ?? null;
}
