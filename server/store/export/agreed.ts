import { RefusedInput } from "@openward/errors";
import type { Stream } from "@openward/model";
import { categoryOf } from "@openward/signals/categories";
import type { Pool } from "pg";

/** What an export is for. For research it has what patients agreed to; all else is the organisation's own act. */
export const USES = ["research", "care", "operations"] as const;
export type Use = (typeof USES)[number];

/** Of patients and kinds of data: may it be in the export? */
export type Agreed = (stream: Pick<Stream, "patientId" | "signal">) => boolean;

/**
 * Who will read the files is not known: what everybody, or every researcher, may have counts, and what was denied to one
 * researcher by name is left out for all. As in the database: a role outranks everybody, and of two alike no wins.
 */
const AGREED = `WITH RECURSIVE up AS (
    SELECT id AS record, id, merged_into FROM patient WHERE organisation_id = $1
    UNION ALL SELECT u.record, p.id, p.merged_into FROM up u JOIN patient p ON p.id = u.merged_into
  ), person_record AS (
    SELECT record, id AS root FROM up WHERE merged_into IS NULL
  ), said AS (
    SELECT r.root, c.key, rule.decision, rule.rank
      FROM consent_rule rule JOIN person_record r ON r.record = rule.patient_id CROSS JOIN LATERAL unnest(rule.categories) c (key)
      LEFT JOIN person named ON named.id = rule.actor_id
     WHERE rule.organisation_id = $1 AND rule.ended_at IS NULL AND rule.from_at <= $2 AND (rule.to_at IS NULL OR rule.to_at > $2)
       AND (rule.purpose = 'research' OR rule.purpose IS NULL AND rule.decision = 'deny')
       AND (rule.rank = 1 OR rule.actor_role = 'researcher' OR rule.decision = 'deny' AND named.role = 'researcher')
  )
  SELECT r.record::text AS patient, s.key AS category FROM person_record r JOIN said s ON s.root = r.root
   GROUP BY r.record, s.key HAVING (array_agg(s.decision ORDER BY s.rank DESC, s.decision))[1] = 'permit'`;

export async function readAgreed(worker: Pool, organisationId: string, now: number): Promise<Agreed> {
  const { rows } = await worker.query<{ patient: string; category: string }>(AGREED, [organisationId, now]);
  const pairs = new Set(rows.map(({ patient, category }) => `${patient} ${category}`));
  return ({ patientId, signal }) => pairs.has(`${patientId} ${categoryOf(signal)}`);
}

const AGAIN_MS = 500;

/**
 * Asked again while it is written, twice a second and at the end.
 *
 * @throws RefusedInput CONFLICT as soon as something that is in it is not agreed to any more
 */
export function keepAsking(
  streams: readonly Stream[],
  { read, monotonic }: { read: () => Promise<Agreed>; monotonic: () => number },
): (isLast?: boolean) => Promise<void> {
  let askedAt = monotonic();
  return async (isLast = false) => {
    if (!isLast && monotonic() - askedAt < AGAIN_MS) return;
    const isAgreed = await read();
    askedAt = monotonic();
    if (!streams.every(isAgreed))
      throw new RefusedInput("CONFLICT", {
        at: "export",
        expected: "patients who do not take back their consent meanwhile",
      });
  };
}
