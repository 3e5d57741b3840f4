export { dueOf } from "./done.ts";
export { type CalendarDeps, registerCalendar } from "./register.ts";
export { type CalendarRows, createCalendarRows } from "./rows.ts";
