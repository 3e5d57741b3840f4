import { type DueEnding, type Ending, keyOfDueEnding } from "@openward/model";
import type { RegistryContext } from "./context.ts";
import { everywhere, inOrganisation } from "./transaction.ts";

/** All rejections are OutsideTrouble. */
export interface EndingRegistry {
  /** The first to end first: until `ahead` from now, and those that ended no longer ago than `behind`, ms. */
  list(organisationId: string, ahead: number, behind: number): Promise<Ending[]>;
  /** Of these, those that were told before. */
  told(organisationId: string, due: readonly DueEnding[]): Promise<ReadonlySet<string>>;
  tell(organisationId: string, due: readonly DueEnding[], at: number): Promise<void>;
  /** Where those who look after devices are told; administrators, where there are none. */
  addresses(organisationId: string): Promise<string[]>;
}

export function createEndings({ api, worker, runtime }: RegistryContext): EndingRegistry {
  return {
    list: (organisationId, ahead, behind) => {
      const now = runtime.clock.now();
      return inOrganisation(api, organisationId, (tx) => tx.rows<Ending>(ENDINGS, [now - behind, now + ahead]));
    },

    told: (organisationId, due) =>
      everywhere(worker, async (tx) => {
        const rows = await tx.rows<DueEnding>(
          `SELECT t.kind, t.subject, t.ends_at AS "endsAt", t.days_before AS "daysBefore" FROM ending_told t
            WHERE t.organisation_id = $1 AND t.subject = ANY ($2::text[])`,
          [organisationId, due.map(({ subject }) => subject)],
        );
        return new Set(rows.map(keyOfDueEnding));
      }),

    tell: (organisationId, due, at) =>
      everywhere(worker, async (tx) => {
        await tx.run(
          `INSERT INTO ending_told (organisation_id, kind, subject, ends_at, days_before, told_at)
           SELECT $1, d.kind, d.subject, d.ends_at, d.days_before, $6
             FROM unnest($2::text[], $3::text[], $4::bigint[], $5::integer[]) AS d (kind, subject, ends_at, days_before)
           ON CONFLICT DO NOTHING`,
          [
            organisationId,
            due.map(({ kind }) => kind),
            due.map(({ subject }) => subject),
            due.map(({ endsAt }) => endsAt),
            due.map(({ daysBefore }) => daysBefore),
            at,
          ],
        );
      }),

    addresses: (organisationId) =>
      everywhere(worker, async (tx) => {
        const rows = await tx.rows<{ email: string; role: string }>(
          `SELECT email, role FROM person
            WHERE organisation_id = $1 AND disabled_at IS NULL AND email IS NOT NULL AND role IN ('clinical-engineer', 'administrator')`,
          [organisationId],
        );
        const engineers = rows.filter(({ role }) => role === "clinical-engineer");
        return (engineers.length > 0 ? engineers : rows).map(({ email }) => email);
      }),
  };
}

const ENDINGS = `
  SELECT CASE c.kind WHEN 'certificate' THEN 'device-certificate' ELSE 'device-token' END AS kind, c.id::text AS subject,
         d.id AS "deviceId", d.display, c.expires_at AS "endsAt",
         EXISTS (SELECT FROM device_charge h WHERE h.gateway_id = d.id AND h.to_at IS NULL) AS "isGateway",
         EXISTS (SELECT FROM device_credential o WHERE o.device_id = d.id AND o.revoked_at IS NULL AND o.id <> c.id
                   AND (o.expires_at IS NULL OR o.expires_at > c.expires_at)) AS "isCovered",
         EXISTS (SELECT FROM association a WHERE a.device_id = d.id AND a.to_at IS NULL) AS "isInUse"
    FROM device_credential c JOIN device d ON d.id = c.device_id
   WHERE c.revoked_at IS NULL AND d.revoked_at IS NULL AND c.expires_at >= $1 AND c.expires_at < $2
  UNION ALL
  SELECT 'api-token', t.id::text, NULL, t.display, t.expires_at, false, false, false
    FROM api_token t WHERE t.revoked_at IS NULL AND t.expires_at >= $1 AND t.expires_at < $2
  ORDER BY 5, 2`;
