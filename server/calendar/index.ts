export { dueOf } from "./done.ts";
export { type CalendarDeps, registerCalendar } from "./register.ts";
export { type CalendarAddress, type CalendarRows, createCalendarRows } from "./rows.ts";
export type { NewTask, Task } from "./task.ts";
