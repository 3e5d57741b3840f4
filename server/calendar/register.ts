import { RefusedInput } from "@openward/errors";
import type { CalendarAddress, PatientView, Principal } from "@openward/model";
import type { Clock } from "@openward/runtime";
import type { FastifyInstance } from "fastify";
import { dueOf } from "./done.ts";
import { calendarOf } from "./icalendar.ts";
import type { Measured } from "./ports.ts";
import type { CalendarRows } from "./rows.ts";

const DAY_MS = 86_400_000;
/** What was done is marked so far back. */
const LOOK_BACK_MS = 14 * DAY_MS;
const AHEAD_MS = 2 * 3_600_000;

export interface CalendarDeps {
  readonly rows: CalendarRows;
  readonly measured: Measured;
  readonly viewOf: (principal: Principal) => Promise<PatientView>;
  /** For the audit log: who came, of whom, and as what. */
  readonly note: (address: CalendarAddress, owner: Principal) => void;
  readonly clock: Clock;
  readonly publicUrl: () => string;
}

/** A private address that any calendar reads: whoever has it sees when something is to be measured. */
export function registerCalendar(app: FastifyInstance, deps: CalendarDeps): void {
  const { rows, measured, clock } = deps;
  app.get<{ Params: { token: string } }>("/calendar/:token", async (request, reply) => {
    const token = request.params.token.replace(/\.ics$/, "");
    const opened = await rows.open(token);
    if (!opened) throw new RefusedInput("NOT_FOUND");
    const { address, owner } = opened;
    deps.note(address, owner);
    const view = await deps.viewOf(owner);
    if (!view.has(address.patientId)) throw new RefusedInput("NOT_FOUND");
    const now = clock.now();
    const tasks = await rows.tasks(owner, view.recordsOf(address.patientId));
    const told = [];
    for (const task of tasks)
      told.push({
        task,
        due: await dueOf(measured, view, { ...task, patientId: address.patientId }, now - LOOK_BACK_MS, now + AHEAD_MS),
      });
    const { showsWhat, remindMinutes } = address;
    const host = new URL(deps.publicUrl()).hostname;
    const text = calendarOf(told, {
      showsWhat,
      remindMinutes,
      host,
      now,
      name: showsWhat ? "Measurements" : "Reminders",
    });
    return reply
      .header("cache-control", "private, no-store")
      .header("content-disposition", 'inline; filename="measurements.ics"')
      .type("text/calendar; charset=utf-8")
      .send(text);
  });
}
