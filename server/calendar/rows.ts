import { createHash } from "node:crypto";
import { RefusedInput } from "@openward/errors";
import type { CalendarAddress, NewCalendarAddress, NewTask, Principal, Role, Task } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import type { Tables, Transaction } from "./ports.ts";
import { checkTask } from "./task.ts";

interface TaskRow {
  readonly id: string;
  readonly organisation_id: string;
  readonly patient_id: string;
  readonly signal: string;
  readonly times: string[];
  readonly weekdays: number[] | null;
  readonly time_zone: string;
  readonly from_day: string;
  readonly to_day: string | null;
  readonly note: string | null;
  readonly created_at: number;
  readonly created_by: string;
  readonly ended_at: number | null;
}

const TASK = `id, organisation_id, patient_id, signal, times, weekdays, time_zone, from_day::text AS from_day, to_day::text AS to_day, note,
  created_at, created_by, ended_at`;
const ADDRESS = `a.id, a.organisation_id AS "organisationId", a.patient_id AS "patientId", a.person_id AS "personId", a.name,
  a.shows_what AS "showsWhat", a.remind_minutes AS "remindMinutes", a.created_at AS "createdAt", a.used_at AS "usedAt"`;
const TOKEN = /^owc_[A-Za-z0-9_-]{43}$/;
const NOTE_USE_EVERY_MS = 60_000;
const PER_PATIENT_MAX = 50;

const hashOf = (token: string): Buffer => createHash("sha256").update(token).digest();

/** Tasks and addresses of calendars, as the database keeps them. Who may make and end them is decided at the doors. */
export function createCalendarRows({
  tables,
  runtime,
}: {
  tables: Tables;
  runtime: Pick<Runtime, "clock" | "ids" | "random">;
}) {
  const now = () => runtime.clock.now();
  const record = (
    tx: Transaction,
    action: string,
    of: { organisationId: string; patientId: string; id: string },
    by: string,
  ) =>
    tx.run(
      "INSERT INTO audit_event (organisation_id, at, actor, action, patient_id, detail) VALUES ($1, $2, $3, $4, $5, $6)",
      [of.organisationId, now(), by, action, of.patientId, { id: of.id }],
    );

  return {
    /** In the name of who asks: what consent hides from them is not there. The newest first; `ended`: also what is over. */
    async tasks(
      asker: Pick<Principal, "organisationId" | "id">,
      patientIds: readonly string[],
      ended = false,
    ): Promise<Task[]> {
      const rows = await tables.inOrganisation(asker, (tx) =>
        tx.rows<TaskRow>(
          `SELECT ${TASK} FROM measurement_task WHERE patient_id = ANY ($1::uuid[]) ${ended ? "" : "AND ended_at IS NULL"}
            ORDER BY created_at DESC, id LIMIT 500`,
          [patientIds],
        ),
      );
      return rows.map(toTask);
    },

    async addTask(task: NewTask): Promise<Task> {
      const checked = checkTask(task);
      const made: Task = { ...checked, id: runtime.ids.uuid(), createdAt: now(), endedAt: null };
      await tables.inOrganisation(task.organisationId, async (tx) => {
        const there = await tx.rows("SELECT FROM measurement_task WHERE patient_id = $1 AND ended_at IS NULL", [
          task.patientId,
        ]);
        if (there.length >= PER_PATIENT_MAX)
          throw new RefusedInput("CONFLICT", { at: "tasks", expected: `at most ${PER_PATIENT_MAX}` });
        await tx.run(
          `INSERT INTO measurement_task (id, organisation_id, patient_id, signal, times, weekdays, time_zone, from_day, to_day, note, created_at,
             created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
          [
            made.id,
            made.organisationId,
            made.patientId,
            made.signal,
            made.times,
            made.weekdays,
            made.timeZone,
            made.fromDay,
            made.toDay,
            made.note,
            made.createdAt,
            made.createdBy,
          ],
        );
        await record(tx, "task.add", made, task.createdBy);
      });
      return made;
    },

    /** @throws RefusedInput NOT_FOUND where it is not there for who asks, or is over */
    async endTask(asker: Pick<Principal, "organisationId" | "id">, patientId: string, taskId: string): Promise<void> {
      await tables.inOrganisation(asker, async (tx) => {
        const ended = await tx.run(
          "UPDATE measurement_task SET ended_at = $3, ended_by = $4 WHERE id = $1 AND patient_id = $2 AND ended_at IS NULL",
          [taskId, patientId, now(), asker.id],
        );
        if (ended === 0) throw new RefusedInput("NOT_FOUND", { at: "taskId" });
        await record(tx, "task.end", { organisationId: asker.organisationId, patientId, id: taskId }, asker.id);
      });
    },

    async addresses(organisationId: string, patientId: string): Promise<CalendarAddress[]> {
      return tables.inOrganisation(organisationId, (tx) =>
        tx.rows<CalendarAddress>(
          `SELECT ${ADDRESS} FROM calendar_address a WHERE a.patient_id = $1 AND a.ended_at IS NULL ORDER BY a.created_at DESC, a.id`,
          [patientId],
        ),
      );
    },

    /** The token is in this answer only. */
    async addAddress(address: NewCalendarAddress): Promise<{ address: CalendarAddress; token: string }> {
      const token = `owc_${Buffer.from(runtime.random.bytes(32)).toString("base64url")}`;
      const made: CalendarAddress = { ...address, id: runtime.ids.uuid(), createdAt: now(), usedAt: null };
      await tables.inOrganisation(address.organisationId, async (tx) => {
        await tx.run(
          `INSERT INTO calendar_address (id, organisation_id, patient_id, person_id, name, token_hash, shows_what, remind_minutes, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
          [
            made.id,
            made.organisationId,
            made.patientId,
            made.personId,
            made.name,
            hashOf(token),
            made.showsWhat,
            made.remindMinutes,
            made.createdAt,
          ],
        );
        await record(tx, "calendar.add", made, address.personId);
      });
      return { address: made, token };
    },

    async endAddress(
      organisationId: string,
      address: Pick<CalendarAddress, "id" | "patientId">,
      by: string,
    ): Promise<void> {
      await tables.inOrganisation(organisationId, async (tx) => {
        const ended = await tx.run(
          "UPDATE calendar_address SET ended_at = $2, ended_by = $3 WHERE id = $1 AND ended_at IS NULL",
          [address.id, now(), by],
        );
        if (ended === 0) throw new RefusedInput("NOT_FOUND", { at: "calendarId" });
        await record(tx, "calendar.end", { organisationId, ...address }, by);
      });
    },

    /** Whose calendar, and in whose name; undefined: it opens nothing. */
    async open(token: string): Promise<{ address: CalendarAddress; owner: Principal } | undefined> {
      if (!TOKEN.test(token)) return undefined;
      const [row] = await tables.everywhere((tx) =>
        tx.rows<CalendarAddress & { display: string; role: Role }>(
          `SELECT ${ADDRESS}, p.display, p.role FROM calendar_address a JOIN person p ON p.id = a.person_id AND p.disabled_at IS NULL
            WHERE a.token_hash = $1 AND a.ended_at IS NULL`,
          [hashOf(token)],
        ),
      );
      if (!row) return undefined;
      const { display, role, ...address } = row;
      const { organisationId, personId, usedAt, id } = address;
      if (usedAt === null || now() - usedAt >= NOTE_USE_EVERY_MS)
        await tables.everywhere((tx) => tx.run("UPDATE calendar_address SET used_at = $2 WHERE id = $1", [id, now()]));
      return { address, owner: { kind: "person", id: personId, display, organisationId, role } };
    },
  };
}

export type CalendarRows = ReturnType<typeof createCalendarRows>;

function toTask(row: TaskRow): Task {
  return {
    id: row.id,
    organisationId: row.organisation_id,
    patientId: row.patient_id,
    signal: row.signal,
    times: row.times,
    weekdays: row.weekdays,
    timeZone: row.time_zone,
    fromDay: row.from_day,
    toDay: row.to_day,
    note: row.note,
    createdAt: row.created_at,
    createdBy: row.created_by,
    endedAt: row.ended_at,
  };
}
