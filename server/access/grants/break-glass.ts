import { RefusedInput } from "@openward/errors";
import type { Grant, Principal } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import { audit } from "../audit.ts";
import type { BreakGlass, GlassBroken, Tables } from "../ports.ts";
import type { GrantStore } from "./grants.ts";
import { type GrantRow, toGrant } from "./rows.ts";

const REASON_MIN = 10;
const LISTED_MAX = 500;
/** Who takes care of patients; who manages, repairs or studies has no emergency of this kind. */
const MAY = new Set<string>(["nurse", "physician"]);

/**
 * Seeing a patient in an emergency without a grant that was there before: with a reason, for a few hours, and looked at by
 * somebody else afterwards. It asks nothing but the tables of patients and grants: not consent, which it overrules.
 */
export function createBreakGlass(deps: {
  tables: Tables;
  runtime: Pick<Runtime, "clock">;
  grants: Pick<GrantStore, "add" | "end">;
  durationMs: number;
  log: { warn(facts: object, text: string): void };
}): BreakGlass {
  const { tables, runtime, grants } = deps;

  const running = async ({ organisationId, id }: Principal): Promise<Grant[]> => {
    const rows = await tables.inOrganisation(organisationId, (tx) =>
      tx.rows<GrantRow>(
        `SELECT * FROM access_grant WHERE grantee_id = $1 AND basis = 'break-glass' AND ended_at IS NULL AND to_at > $2
          ORDER BY to_at, id LIMIT ${LISTED_MAX}`,
        [id, runtime.clock.now()],
      ),
    );
    return rows.map(toGrant);
  };

  return {
    async open(principal, { patient, reason }) {
      needEmergency(principal);
      const why = reason.trim();
      if (why.length < REASON_MIN)
        throw new RefusedInput("FIELD_INVALID", { at: "reason", expected: `at least ${REASON_MIN} characters` });
      const { organisationId } = principal;
      // The person's number or id, whole: nobody looks around in here. Another organisation's patients are not here at all.
      const [found] = await tables.inOrganisation(organisationId, (tx) =>
        tx.rows<{ id: string }>(
          "SELECT coalesce(merged_into, id) AS id FROM patient WHERE mrn = $1 OR id::text = $1 ORDER BY mrn = $1 DESC LIMIT 1",
          [patient.trim()],
        ),
      );
      if (!found) {
        const at = runtime.clock.now();
        const entry = {
          organisationId,
          at,
          by: principal.id,
          action: "break-glass.refuse",
          detail: { reason: "NOT_FOUND" },
        };
        await tables.inOrganisation(organisationId, (tx) => audit(tx, entry));
        throw new RefusedInput("NOT_FOUND", { at: "patient" });
      }
      const [grant] = await grants.add(
        organisationId,
        [
          {
            grantee: { kind: "person", id: principal.id },
            reach: { kind: "patient", patientId: found.id },
            purpose: "emergency",
            basis: "break-glass",
            to: runtime.clock.now() + deps.durationMs,
            reason: why,
          },
        ],
        principal.id,
      );
      deps.log.warn({ grantId: grant?.id }, "the glass was broken: a review waits");
      return grant as Grant;
    },

    running,

    async end(principal, grantId) {
      // Another's, and one that has ended, are answered alike: neither is there to be ended.
      if (!(await running(principal)).some(({ id }) => id === grantId))
        throw new RefusedInput("NOT_FOUND", { at: "id" });
      return grants.end(principal.organisationId, grantId, principal.id, "ended by who began it");
    },

    async list(organisationId, { reviewed }) {
      const rows = await tables.inOrganisation(organisationId, (tx) =>
        tx.rows<GrantRow & Reviewed>(
          `SELECT g.*, p.mrn, r.outcome, r.note, r.reviewed_at, r.reviewed_by
             FROM access_grant g JOIN patient p ON p.id = g.patient_id
             LEFT JOIN break_glass_review r ON r.grant_id = g.id
            WHERE g.basis = 'break-glass' AND (r.grant_id IS NOT NULL) = $1
            ORDER BY g.created_at DESC, g.id LIMIT ${LISTED_MAX}`,
          [reviewed],
        ),
      );
      return rows.map(toGlass);
    },

    async review(principal, grantId, { outcome, note }) {
      const { organisationId, id: by } = principal;
      const at = runtime.clock.now();
      const [before] = await tables.inOrganisation(organisationId, async (tx) => {
        const found = await tx.rows<GrantRow>("SELECT * FROM access_grant WHERE id = $1 AND basis = 'break-glass'", [
          grantId,
        ]);
        const [grant] = found;
        if (!grant) throw new RefusedInput("NOT_FOUND", { at: "id" });
        if (grant.created_by === by)
          throw new RefusedInput("NOT_PERMITTED", { at: "id", expected: "somebody else than who broke the glass" });
        // Of two at the same moment one is told that it is done.
        const inserted = await tx.run(
          `INSERT INTO break_glass_review (grant_id, organisation_id, outcome, note, reviewed_at, reviewed_by)
           VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (grant_id) DO NOTHING`,
          [grantId, organisationId, outcome, note, at, by],
        );
        if (inserted === 0) throw new RefusedInput("CONFLICT", { at: "id", expected: "one that waits for its review" });
        const detail = { grantId, outcome };
        await audit(tx, { organisationId, at, by, action: "break-glass.review", patientId: grant.patient_id, detail });
        return found;
      });
      const isRunning = before?.ended_at === null && (before.to_at ?? 0) > at;
      if (outcome === "not-justified" && isRunning) await grants.end(organisationId, grantId, by, "not justified");
      const all = await tables.inOrganisation(organisationId, (tx) =>
        tx.rows<GrantRow & Reviewed>(
          `SELECT g.*, p.mrn, r.outcome, r.note, r.reviewed_at, r.reviewed_by
             FROM access_grant g JOIN patient p ON p.id = g.patient_id
             JOIN break_glass_review r ON r.grant_id = g.id WHERE g.id = $1`,
          [grantId],
        ),
      );
      return toGlass(all[0] as GrantRow & Reviewed);
    },
  };
}

interface Reviewed {
  readonly mrn: string;
  readonly outcome: "justified" | "not-justified" | "unclear" | null;
  readonly note: string | null;
  readonly reviewed_at: number | null;
  readonly reviewed_by: string | null;
}

function toGlass(row: GrantRow & Reviewed): GlassBroken {
  const { outcome, note, reviewed_at: at, reviewed_by: by } = row;
  return {
    grant: toGrant(row),
    mrn: row.mrn,
    review: outcome === null || at === null || by === null ? null : { outcome, note, at, by },
  };
}

function needEmergency({ kind, role }: Principal): void {
  if (kind === "person" && MAY.has(role)) return;
  throw new RefusedInput("NOT_PERMITTED", { expected: "a person who takes care of patients, signed in" });
}
