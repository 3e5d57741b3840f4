import { json } from "../server.ts";
import { about, type Calls, house, NOBODY, ofPatient } from "./call.ts";

const TASK = { signal: "body-weight", times: ["08:00"] };
const CALENDAR = { name: "Telephone" };
/** Made by who asks, and then ended. */
const ofOwn = (what: "tasks" | "calendars", name: "taskId" | "calendarId", body: object) =>
  about(
    ({ id }) => ({ params: { patientId: id, [name]: NOBODY } }),
    async ({ server }, { headers }, { id }) => {
      const path = `/api/me/patients/${id}/${what}`;
      const made = await json<{ calendar?: { id: string }; tasks?: { id: string }[] }>(server, {
        method: "POST",
        path,
        headers,
        body,
      });
      return { params: { patientId: id, [name]: made.calendar?.id ?? made.tasks?.[0]?.id ?? "" } };
    },
  );

/** What a patient is to measure when, and the calendars that say so. */
export const taskCalls = {
  myTasks: about(({ id }) => ({ params: { patientId: id } })),
  addMyTask: about(({ id }) => ({ params: { patientId: id }, body: TASK })),
  endMyTask: ofOwn("tasks", "taskId", TASK),
  calendars: about(({ id }) => ({ params: { patientId: id } })),
  addCalendar: about(({ id }) => ({ params: { patientId: id }, body: CALENDAR })),
  endCalendar: ofOwn("calendars", "calendarId", CALENDAR),
  tasks: ofPatient(),
  addTask: ofPatient({ body: TASK }),
  endTask: about(
    ({ id }) => ({ params: { id, taskId: NOBODY } }),
    async (world, _subject, { id }) => {
      const made = await house<{ tasks: { id: string }[] }>(world, "POST", `/patients/${id}/tasks`, TASK);
      return { params: { id, taskId: made.tasks[0]?.id ?? "" } };
    },
  ),
} satisfies Calls;
