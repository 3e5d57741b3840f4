import { RefusedInput } from "@openward/errors";
import type { Runtime } from "@openward/runtime";
import type { Tables, Transaction, WriteIn } from "./ports.ts";

export interface Hold {
  readonly id: string;
  readonly patientId: string;
  readonly mrn: string;
  readonly reason: string;
  readonly from: number;
  /** Ends by itself; null: when somebody ends it. */
  readonly to: number | null;
  readonly createdBy: string;
  readonly endedAt: number | null;
  readonly endedBy: string | null;
  readonly endReason: string | null;
}

const REASON_MAX = 500;
const LISTED_MAX = 1_000;

/** Legal holds: while one runs, nothing of the patient is erased and nothing has its time. */
export function createHolds(deps: {
  readonly tables: Tables;
  readonly audit: WriteIn;
  readonly runtime: Pick<Runtime, "clock" | "ids">;
}) {
  const { tables, audit, runtime } = deps;
  const now = () => runtime.clock.now();

  return {
    /** Newest first. @param ended also those that do not hold any more */
    list: (organisationId: string, { ended }: { readonly ended: boolean }): Promise<Hold[]> =>
      tables.inOrganisation(organisationId, (tx) =>
        tx.rows<Hold>(
          `${SELECT} WHERE $1 OR h.ended_at IS NULL AND (h.to_at IS NULL OR h.to_at > $2)
          ORDER BY h.from_at DESC, h.id DESC LIMIT ${LISTED_MAX}`,
          [ended, now()],
        ),
      ),

    /**
     * @param patient record number or id
     * @throws RefusedInput NOT_FOUND; CONFLICT where an erasure of the patient has begun
     */
    async place(
      organisationId: string,
      wanted: { readonly patient: string; readonly reason: string; readonly until: number | null },
      by: string,
    ): Promise<Hold> {
      const [at, id] = [now(), runtime.ids.uuid()];
      const reason = needReason(wanted.reason);
      if (wanted.until !== null && wanted.until <= at)
        throw new RefusedInput("FIELD_INVALID", { at: "until", expected: "a time that is to come" });
      return tables.inOrganisation(organisationId, async (tx) => {
        const [patient] = await tx.rows<{ id: string }>(
          "SELECT id FROM patient WHERE mrn = $1 OR id::text = $1 ORDER BY mrn = $1 DESC LIMIT 1",
          [wanted.patient.trim()],
        );
        // The row that an erasure begins with: after this statement it has not begun, or is known to have.
        const [row] = patient
          ? await tx.rows<{ id: string }>("SELECT id FROM patient WHERE id = $1 FOR UPDATE", [patient.id])
          : [];
        if (!row) throw new RefusedInput("NOT_FOUND", { at: "patient" });
        const gone = await tx.rows("SELECT FROM erased_patient WHERE patient_id = $1", [row.id]);
        if (gone.length > 0)
          throw new RefusedInput("CONFLICT", { at: "patient", expected: "a patient of whom no erasure has begun" });
        await tx.run(
          `INSERT INTO legal_hold (id, organisation_id, patient_id, reason, from_at, to_at, created_by)
           VALUES ($1, $2, $3, $4, $5, $6, $7)`,
          [id, organisationId, row.id, reason, at, wanted.until, by],
        );
        const detail = { holdId: id, until: wanted.until };
        await audit(tx, { organisationId, at, by, action: "hold.place", patientId: row.id, detail });
        return need(tx, id);
      });
    },

    /** @throws RefusedInput NOT_FOUND; CONFLICT where it has ended */
    async end(organisationId: string, holdId: string, reason: string, by: string): Promise<Hold> {
      const at = now();
      const why = needReason(reason);
      return tables.inOrganisation(organisationId, async (tx) => {
        const hold = await need(tx, holdId);
        const done = await tx.run(
          "UPDATE legal_hold SET ended_at = $2, ended_by = $3, end_reason = $4 WHERE id = $1 AND ended_at IS NULL",
          [holdId, at, by, why],
        );
        if (done === 0) throw new RefusedInput("CONFLICT", { at: "hold", expected: "a hold that has not ended" });
        const { patientId } = hold;
        await audit(tx, { organisationId, at, by, action: "hold.end", patientId, detail: { holdId } });
        return need(tx, holdId);
      });
    },
  };
}

export type Holds = ReturnType<typeof createHolds>;

const SELECT = `SELECT h.id, h.patient_id AS "patientId", p.mrn, h.reason, h.from_at AS "from", h.to_at AS "to",
    h.created_by AS "createdBy", h.ended_at AS "endedAt", h.ended_by AS "endedBy", h.end_reason AS "endReason"
  FROM legal_hold h JOIN patient p ON p.id = h.patient_id`;

async function need(tx: Transaction, id: string): Promise<Hold> {
  const [hold] = await tx.rows<Hold>(`${SELECT} WHERE h.id = $1`, [id]);
  if (!hold) throw new RefusedInput("NOT_FOUND", { at: "hold" });
  return hold;
}

function needReason(reason: string): string {
  const text = reason.trim();
  if (text === "" || text.length > REASON_MAX)
    throw new RefusedInput("FIELD_INVALID", { at: "reason", expected: `1 to ${REASON_MAX} characters` });
  return text;
}
