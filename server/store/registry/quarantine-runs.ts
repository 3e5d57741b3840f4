import { RefusedInput } from "@openward/errors";
import type { AddedReadings, QuarantineEntry, QuarantineFilter, QuarantineRun } from "@openward/model";
import { audit } from "./audit.ts";
import type { RegistryContext } from "./context.ts";
import type { By } from "./ports.ts";
import { entriesOf } from "./quarantine.ts";
import { type Asker, everywhere, inOrganisation, needUuid } from "./transaction.ts";

/** Quarantined messages, many at once. All rejections are OutsideTrouble, or RefusedInput where it says so. */
export interface QuarantineRuns {
  /** Open ones whom the asker sees, the oldest first. */
  open(asker: Asker, filter: QuarantineFilter, limit: number): Promise<string[]>;
  /** How many of the newest 10,000 are open, by what they have in common; the most first. */
  counts(asker: Asker): Promise<{ code: string; deviceId: string; contentType: string; messages: number }[]>;
  /** With their bytes, in the order of their arrival; one whose bytes have expired has none. */
  entries(
    organisationId: string,
    ids: readonly string[],
  ): Promise<(QuarantineEntry & { readonly isExpired: boolean })[]>;
  begin(run: { id: string; organisationId: string; by: By; reason: string; messages: number }): Promise<void>;
  added(organisationId: string, runId: string, added: readonly AddedReadings[]): Promise<void>;
  end(
    organisationId: string,
    runId: string,
    told: { readonly placed: number; readonly readings: number },
  ): Promise<void>;
  /** The newest first. */
  list(asker: Asker): Promise<QuarantineRun[]>;
  /** Of the patients whom the asker sees; `isWhole` false: the run touched others as well. undefined: there is none. */
  whatWasAdded(
    asker: Asker,
    runId: string,
  ): Promise<{ readonly added: AddedReadings[]; readonly isWhole: boolean; readonly isUndone: boolean } | undefined>;
  /**
   * Its messages are open again. @returns how many
   *
   * @throws RefusedInput NOT_FOUND; CONFLICT where it was undone before
   */
  undo(organisationId: string, runId: string, by: By, reason: string): Promise<number>;
}

const LISTED = 50;
const COUNTED = 500;
/** A device that floods the quarantine is not counted to the end. */
const NEWEST = 10_000;

export function createQuarantineRuns(context: RegistryContext): QuarantineRuns {
  const { api, worker, runtime } = context;
  const now = () => runtime.clock.now();
  return {
    open: (asker, { code, deviceId, contentType, from, to, ids }, limit) =>
      inOrganisation(api, asker, async (tx) => {
        const rows = await tx.rows<{ id: string }>(
          `SELECT q.id FROM quarantine q
            WHERE NOT EXISTS (SELECT FROM quarantine_resolution r WHERE r.quarantine_id = q.id)
              AND ($1::text IS NULL OR EXISTS (SELECT FROM json_array_elements(q.problems) p WHERE p->>'code' = $1))
              AND ($2::text IS NULL OR q.device_id = $2) AND ($3::text IS NULL OR q.content_type = $3)
              AND ($7::uuid[] IS NULL OR q.id = ANY ($7))
              AND ($4::bigint IS NULL OR q.received_at >= $4) AND ($5::bigint IS NULL OR q.received_at < $5)
            ORDER BY q.received_at, q.id LIMIT $6`,
          [code ?? null, deviceId ?? null, contentType ?? null, from ?? null, to ?? null, limit, ids ?? null],
        );
        return rows.map(({ id }) => id);
      }),

    counts: (asker) =>
      inOrganisation(api, asker, (tx) =>
        tx.rows(
          `SELECT coalesce(q.problems->0->>'code', '') AS code, q.device_id AS "deviceId", q.content_type AS "contentType",
                  count(*)::integer AS messages
             FROM (SELECT problems, device_id, content_type FROM quarantine o
                    WHERE NOT EXISTS (SELECT FROM quarantine_resolution r WHERE r.quarantine_id = o.id)
                    ORDER BY received_at DESC, id DESC LIMIT ${NEWEST}) q
            GROUP BY 1, 2, 3 ORDER BY 4 DESC, 2, 1 LIMIT ${COUNTED}`,
        ),
      ),

    entries: (organisationId, ids) => entriesOf(context, organisationId, ids),

    begin: ({ id, organisationId, by, reason, messages }) =>
      everywhere(worker, async (tx) => {
        await tx.run(
          `INSERT INTO quarantine_run (id, organisation_id, started_by, started_at, reason, messages) VALUES ($1, $2, $3, $4, $5, $6)`,
          [id, organisationId, by, now(), reason, messages],
        );
      }),

    added: (organisationId, runId, added) =>
      everywhere(worker, async (tx) => {
        for (const { patientId, streamId, times } of added)
          await tx.run(
            `INSERT INTO quarantine_run_added (run_id, ordinal, organisation_id, patient_id, stream_id, times)
             SELECT $1, coalesce(max(ordinal), 0) + 1, $2, $3, $4, $5 FROM quarantine_run_added WHERE run_id = $1`,
            [runId, organisationId, patientId, streamId, times],
          );
      }),

    end: (organisationId, runId, { placed, readings }) =>
      everywhere(worker, async (tx) => {
        await tx.run(
          "UPDATE quarantine_run SET ended_at = $3, placed = $4, readings = $5 WHERE organisation_id = $1 AND id = $2",
          [organisationId, runId, now(), placed, readings],
        );
      }),

    list: (asker) =>
      inOrganisation(api, asker, (tx) =>
        tx.rows(
          `SELECT id::text, started_by AS "startedBy", started_at AS "startedAt", reason, messages, ended_at AS "endedAt", placed,
                  readings, undone_at AS "undoneAt", undone_by AS "undoneBy"
             FROM quarantine_run ORDER BY started_at DESC LIMIT ${LISTED}`,
        ),
      ),

    async whatWasAdded(asker, runId) {
      const select = (who: Asker) =>
        inOrganisation(api, who, async (tx) => ({
          run: (
            await tx.rows<{ at: number | null }>("SELECT undone_at AS at FROM quarantine_run WHERE id = $1", [
              needUuid(runId, "id"),
            ])
          )[0],
          added: await tx.rows<AddedReadings>(
            `SELECT patient_id::text AS "patientId", stream_id::text AS "streamId", times FROM quarantine_run_added
              WHERE run_id = $1 ORDER BY ordinal`,
            [runId],
          ),
        }));
      const { run, added } = await select(asker);
      if (!run) return undefined;
      const all = await select(typeof asker === "string" ? asker : asker.organisationId);
      return {
        added: added.map((each) => ({ ...each, times: each.times.map(Number) })),
        isWhole: all.added.length === added.length,
        isUndone: run.at !== null,
      };
    },

    undo: (organisationId, runId, by, reason) =>
      everywhere(worker, async (tx) => {
        const undone = await tx.run(
          `UPDATE quarantine_run SET undone_at = $3, undone_by = $4, undone_reason = $5
            WHERE organisation_id = $1 AND id = $2 AND undone_at IS NULL`,
          [organisationId, needUuid(runId, "id"), now(), by, reason],
        );
        if (undone === 0) throw new RefusedInput("CONFLICT", { at: "id", expected: "a run that nobody has undone" });
        const opened = await tx.run(
          `WITH gone AS (DELETE FROM quarantine_resolution WHERE organisation_id = $1 AND run_id = $2
                          RETURNING quarantine_id, organisation_id, patient_id, resolved_by, resolved_at)
           INSERT INTO quarantine_undone (run_id, quarantine_id, organisation_id, patient_id, resolved_by, resolved_at)
           SELECT $2, quarantine_id, organisation_id, patient_id, resolved_by, resolved_at FROM gone`,
          [organisationId, runId],
        );
        await audit(tx, { organisationId, at: now(), by, action: "reprocess.undo", detail: { runId, opened, reason } });
        return opened;
      }),
  };
}
