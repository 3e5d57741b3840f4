import { z } from "zod";
import { telling } from "./redaction.ts";

const millis = z.number().int();
const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/);
const day = z.iso.date();
const weekdays = z.array(z.int().min(1).max(7)).min(1).max(7);

/** What a patient is to measure, at which times of which days. */
export const task = z.object({
  id: z.uuid(),
  signal: z.string(),
  times: z.array(time),
  /** 1 is Monday; null: every day. */
  weekdays: weekdays.nullable(),
  timeZone: z.string(),
  fromDay: day,
  toDay: day.nullable(),
  note: telling("free-text", z.string().nullable()),
  createdAt: millis,
  /** Made by the patient, or who stands beside them; else by who takes care. */
  isOwn: z.boolean(),
  /** Of yesterday, today and tomorrow. */
  due: z.array(z.object({ at: millis, doneAt: millis.nullable(), isMissed: z.boolean() })),
});

export const patientTasks = z.object({ patientId: z.uuid(), timeZone: z.string(), tasks: z.array(task) });

export const newTask = z.object({
  signal: z.string().max(60),
  times: z.array(time).min(1).max(24),
  weekdays: weekdays.nullable().default(null),
  /** Left out: today. */
  fromDay: day.optional(),
  toDay: day.nullable().default(null),
  note: z.string().trim().max(200).nullable().default(null),
});

/** A private address at which a calendar reads the tasks. */
export const calendarAddress = z.object({
  id: z.uuid(),
  name: z.string(),
  madeBy: telling("name", z.string()),
  isMine: z.boolean(),
  /** Its titles say what is measured. */
  showsWhat: z.boolean(),
  remindMinutes: z.int().nullable(),
  createdAt: millis,
  usedAt: millis.nullable(),
});
export const calendars = z.object({ patientId: z.uuid(), calendars: z.array(calendarAddress) });
export const newCalendar = z.object({
  name: z.string().trim().min(1).max(80),
  showsWhat: z.boolean().default(false),
  remindMinutes: z.int().min(0).max(1440).nullable().default(10),
});
/** The address is in this answer only. */
export const calendarWithAddress = z.object({ patientId: z.uuid(), calendar: calendarAddress, url: z.url() });

export type TaskBody = z.infer<typeof task>;
export type PatientTasksBody = z.infer<typeof patientTasks>;
export type CalendarsBody = z.infer<typeof calendars>;
export type CalendarWithAddressBody = z.infer<typeof calendarWithAddress>;
