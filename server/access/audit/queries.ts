import { RefusedInput } from "@openward/errors";
import type { Rows } from "./ports.ts";
import { type AuditRecord, decodeRecord } from "./record.ts";

export interface AuditQuery {
  /** Of any of them: a person's record, and those that were merged into it. */
  readonly patientIds?: readonly string[] | undefined;
  /** Inclusive. */
  readonly from?: number | undefined;
  /** Exclusive. */
  readonly to?: number | undefined;
  /** Id of a person, token, device or application; what an application did for a person is theirs too. */
  readonly agentId?: string | undefined;
  readonly actions?: readonly string[] | undefined;
  readonly codes?: readonly string[] | undefined;
  readonly entities?: readonly string[] | undefined;
  readonly ids?: readonly string[] | undefined;
  readonly outcome?: string | undefined;
  /** Id of the last record of the page before. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** The house, for those whose office the log is; or a principal, who is told of the patients whom they see. */
export type Asker = string | { readonly organisationId: string; readonly id: string };

/** Runs a query under row-level security: this organisation's records and no other's. */
export interface OrganisationRows {
  inOrganisation<T>(asker: Asker, work: (tx: Rows) => Promise<T>): Promise<T>;
}

const AGENTS = ["person", "token", "kiosk", "device", "application", "system"];

/** Reading the log: for those whose work it is, and for the patient whose data it was. */
export function createAuditQueries(tables: OrganisationRows) {
  return {
    /** Newest first. @throws RefusedInput NOT_FOUND for a `before` that is no record */
    search(asker: Asker, query: AuditQuery): Promise<AuditRecord[]> {
      const organisationId = typeof asker === "string" ? asker : asker.organisationId;
      return tables.inOrganisation(asker, async (tx) => {
        let from: { at: number } | undefined;
        if (query.before !== undefined) {
          [from] = await tx.rows<{ at: number }>("SELECT at FROM audit_record WHERE id = $1", [query.before]);
          if (!from) throw new RefusedInput("NOT_FOUND", { at: "before" });
        }
        const rows = await tx.rows<{ body: string }>(SEARCH, [
          organisationId,
          query.patientIds ?? null,
          query.from ?? null,
          query.to ?? null,
          query.agentId === undefined ? null : AGENTS.map((kind) => `${kind} ${query.agentId}`),
          query.actions ?? null,
          query.codes ?? null,
          query.entities ?? null,
          query.ids ?? null,
          query.outcome ?? null,
          from?.at ?? null,
          query.before ?? null,
          query.limit,
        ]);
        return rows.map(({ body }) => decodeRecord(body));
      });
    },

    /** Whose data somebody was shown in a span, and how often: who is told of a breach. */
    affected(organisationId: string, { agentId, from, to }: { agentId: string; from: number; to: number }) {
      return tables.inOrganisation(organisationId, (tx) =>
        tx.rows<Affected>(
          `SELECT patient_id AS "patientId", count(*)::int AS times, min(at) AS first, max(at) AS last,
              array_agg(DISTINCT entity ORDER BY entity) AS entities
             FROM audit_record CROSS JOIN LATERAL unnest(patients) AS patient_id
            WHERE organisation_id = $1 AND (agent = ANY ($2) OR behalf = ANY ($2)) AND at >= $3 AND at < $4 AND outcome = 'allowed'
            GROUP BY patient_id ORDER BY patient_id`,
          [organisationId, AGENTS.map((kind) => `${kind} ${agentId}`), from, to],
        ),
      );
    },
  };
}

export interface Affected {
  readonly patientId: string;
  readonly times: number;
  readonly first: number;
  readonly last: number;
  readonly entities: readonly string[];
}

export type AuditQueries = ReturnType<typeof createAuditQueries>;

const SEARCH = `
  SELECT body FROM audit_record
   WHERE organisation_id = $1 AND ($2::uuid[] IS NULL OR patients && $2::uuid[])
     AND ($3::bigint IS NULL OR at >= $3) AND ($4::bigint IS NULL OR at < $4)
     AND ($5::text[] IS NULL OR agent = ANY ($5) OR behalf = ANY ($5)) AND ($6::text[] IS NULL OR action = ANY ($6))
     AND ($7::text[] IS NULL OR code = ANY ($7)) AND ($8::text[] IS NULL OR entity = ANY ($8))
     AND ($9::uuid[] IS NULL OR id = ANY ($9)) AND ($10::text IS NULL OR outcome = $10)
     AND ($11::bigint IS NULL OR (at, id) < ($11, $12::uuid))
   ORDER BY at DESC, id DESC LIMIT $13`;
