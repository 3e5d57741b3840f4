import type { CalendarsBody, PatientTasksBody, TaskBody } from "@openward/api";
import { RefusedInput } from "@openward/errors";
import type { CalendarAddress, PatientView, Task } from "@openward/model";
import type { Clock } from "@openward/runtime";
import type { Handlers } from "./call.ts";
import type { Names } from "./names.ts";
import type { Authenticated, Calendars, Patients, Relations, SystemState } from "./ports/index.ts";
import { createStanding } from "./standing.ts";

type TaskRoutes =
  | "tasks"
  | "addTask"
  | "endTask"
  | "myTasks"
  | "addMyTask"
  | "endMyTask"
  | "calendars"
  | "addCalendar"
  | "endCalendar";

interface Asked {
  readonly signal: string;
  readonly times: readonly string[];
  readonly weekdays: readonly number[] | null;
  readonly fromDay?: string | undefined;
  readonly toDay: string | null;
  readonly note: string | null;
}

const DAY_MS = 86_400_000;

/** What a patient is to measure: said by who takes care or by the patient, and read by their calendar. */
export function taskHandlers(deps: {
  readonly calendars: Calendars;
  readonly patients: Pick<Patients, "find">;
  readonly relations: Pick<Relations, "ofPerson">;
  readonly system: Pick<SystemState, "publicUrl">;
  readonly names: Pick<Names, "of" | "learn">;
  readonly clock: Clock;
}): Pick<Handlers, TaskRoutes> {
  const { calendars, patients, names, clock } = deps;
  const standing = createStanding(deps);

  async function zoneOf(signedIn: Authenticated, patientId: string): Promise<string> {
    const found = await patients.find(signedIn.principal, patientId);
    if (!found) throw new RefusedInput("NOT_FOUND", { at: "patientId" });
    return found.patient.timeZone;
  }

  async function told(
    signedIn: Authenticated,
    view: PatientView,
    patientId: string,
    beside: ReadonlySet<string>,
  ): Promise<PatientTasksBody> {
    const timeZone = await zoneOf(signedIn, patientId);
    const now = clock.now();
    const tasks = await calendars.tasks(signedIn.principal, view.recordsOf(patientId));
    const bodies: TaskBody[] = [];
    for (const task of tasks) {
      const due = await calendars.dueOf(view, { ...task, patientId }, now - DAY_MS, now + DAY_MS);
      bodies.push(bodyOf(task, due, now, beside.has(task.createdBy)));
    }
    return { patientId, timeZone, tasks: bodies };
  }

  async function add(signedIn: Authenticated, patientId: string, asked: Asked): Promise<void> {
    const { organisation, principal } = signedIn;
    const timeZone = await zoneOf(signedIn, patientId);
    const fromDay = asked.fromDay ?? dayIn(timeZone, clock.now());
    await calendars.addTask({
      ...asked,
      organisationId: organisation.id,
      patientId,
      timeZone,
      fromDay,
      note: asked.note === "" ? null : asked.note,
      createdBy: principal.id,
    });
  }

  const nobody: ReadonlySet<string> = new Set();
  const mine = ({ principal }: Authenticated): ReadonlySet<string> => new Set([principal.id]);

  async function listed(signedIn: Authenticated, patientId: string): Promise<CalendarsBody> {
    const { mayDecide } = await standing(signedIn, patientId);
    const all = await calendars.addresses(signedIn.organisation.id, patientId);
    const seen = all.filter(({ personId }) => mayDecide || personId === signedIn.principal.id);
    await names.learn(seen.map(({ personId }) => personId));
    return { patientId, calendars: seen.map((one) => addressBody(one, names.of(one.personId), signedIn.principal.id)) };
  }

  return {
    tasks: async ({ signedIn, params, view }) => told(signedIn, await view(), params.id, nobody),
    async addTask({ signedIn, params, body, view }) {
      await add(signedIn, params.id, body);
      return told(signedIn, await view(), params.id, nobody);
    },
    async endTask({ signedIn, params, view }) {
      await calendars.endTask(signedIn.principal, params.id, params.taskId);
      return told(signedIn, await view(), params.id, nobody);
    },

    async myTasks({ signedIn, params: { patientId }, view }) {
      await standing(signedIn, patientId);
      return told(signedIn, await view(), patientId, mine(signedIn));
    },
    async addMyTask({ signedIn, params: { patientId }, body, view }) {
      await needDecides(signedIn, patientId);
      await add(signedIn, patientId, body);
      return told(signedIn, await view(), patientId, mine(signedIn));
    },
    async endMyTask({ signedIn, params: { patientId, taskId }, view }) {
      await needDecides(signedIn, patientId);
      await calendars.endTask(signedIn.principal, patientId, taskId);
      return told(signedIn, await view(), patientId, mine(signedIn));
    },

    calendars: ({ signedIn, params: { patientId } }) => listed(signedIn, patientId),
    async addCalendar({ signedIn, params: { patientId }, body }) {
      await standing(signedIn, patientId);
      const { organisation, principal } = signedIn;
      const whose = { organisationId: organisation.id, patientId, personId: principal.id };
      const { address, token } = await calendars.addAddress({ ...whose, ...body });
      const url = `${deps.system.publicUrl()}/calendar/${token}.ics`;
      return { patientId, calendar: addressBody(address, principal.display, principal.id), url };
    },
    async endCalendar({ signedIn, params: { patientId, calendarId } }) {
      const { calendars: seen } = await listed(signedIn, patientId);
      if (!seen.some(({ id }) => id === calendarId)) throw new RefusedInput("NOT_FOUND", { at: "calendarId" });
      const { organisation, principal } = signedIn;
      await calendars.endAddress(organisation.id, { id: calendarId, patientId }, principal.id);
      return listed(signedIn, patientId);
    },
  };

  async function needDecides(signedIn: Authenticated, patientId: string): Promise<void> {
    const { mayDecide } = await standing(signedIn, patientId);
    if (!mayDecide) throw new RefusedInput("NOT_PERMITTED", { expected: "the patient, or who decides for them" });
  }
}

const dayIn = (timeZone: string, at: number): string =>
  new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short" }).format(at);

function bodyOf(task: Task, due: Awaited<ReturnType<Calendars["dueOf"]>>, now: number, isOwn: boolean): TaskBody {
  const { id, signal, times, weekdays, timeZone, fromDay, toDay, note, createdAt } = task;
  return {
    id,
    signal,
    times: [...times],
    weekdays: weekdays && [...weekdays],
    timeZone,
    fromDay,
    toDay,
    note,
    createdAt,
    isOwn,
    // What was due before anybody asked for it was missed by nobody.
    due: due.map(({ at, to, doneAt }) => ({ at, doneAt, isMissed: doneAt === null && to <= now && at >= createdAt })),
  };
}

const addressBody = (
  { id, name, personId, showsWhat, remindMinutes, createdAt, usedAt }: CalendarAddress,
  madeBy: string,
  me: string,
) => ({ id, name, madeBy, isMine: personId === me, showsWhat, remindMinutes, createdAt, usedAt });
