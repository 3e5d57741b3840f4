import { RefusedInput } from "@openward/errors";
import type { Grant, Grantee, Person, Principal, Purpose } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import { audit } from "../audit.ts";
import type { GrantFilter, NewGrant, Tables, Transaction } from "../ports.ts";
import { GRANT_COLUMNS, type GrantRow, grantValues, toGrant } from "./rows.ts";

const DAY_MS = 86_400_000;
/** Who has left a ward is written up there, and often comes back. */
export const AFTER_STAY_MS = 7 * DAY_MS;
const LISTED_MAX = 1000;
const TEXT_MAX = 500;

/** What the people of a role see patients for, on a ward they are assigned to; who is not here is assigned to none. */
const PURPOSE_ON_WARD: ReadonlyMap<string, Purpose> = new Map([
  ["nurse", "monitoring"],
  ["physician", "monitoring"],
  ["clinical-engineer", "technical"],
]);

/** Grants as the database keeps them; each beginning and end is in the audit log. */
export function createGrantStore(deps: {
  tables: Tables;
  runtime: Pick<Runtime, "clock" | "ids">;
  /** Told after the commit, so that who grants and ends sees it at once. */
  changed(organisationId: string, principalId: string | null): Promise<void>;
}) {
  const { tables, runtime } = deps;

  async function write(tx: Transaction, organisationId: string, asked: NewGrant, by: string): Promise<Grant> {
    const at = runtime.clock.now();
    const grant = fill(asked, { id: runtime.ids.uuid(), organisationId, at, by });
    await tx.run(
      `INSERT INTO access_grant (${GRANT_COLUMNS})
       VALUES (${grantValues(grant).map((_, i) => `$${i + 1}`)})`,
      grantValues(grant),
    );
    const { grantee, reach, purpose, basis, from, to } = grant;
    const patientId = reach.kind === "patient" ? reach.patientId : null;
    const detail = { grantId: grant.id, grantee, reach, purpose, basis, from, to };
    await audit(tx, { organisationId, at, by, action: "grant.begin", patientId, detail });
    return grant;
  }

  async function add(organisationId: string, asked: readonly NewGrant[], by: string): Promise<Grant[]> {
    const grants = await tables.inOrganisation(organisationId, async (tx) => {
      const written: Grant[] = [];
      for (const one of asked) {
        await needGrantee(tx, one.grantee);
        written.push(await write(tx, organisationId, one, by));
      }
      return written;
    });
    await Promise.all(grants.map(({ grantee }) => deps.changed(organisationId, principalOf(grantee))));
    return grants;
  }

  async function assign(person: Person, wardIds: readonly string[], by: string): Promise<Grant[]> {
    const purpose = PURPOSE_ON_WARD.get(person.role);
    if (purpose === undefined) return [];
    return add(
      person.organisationId,
      wardIds.map((wardId) => ({
        grantee: { kind: "person", id: person.id },
        reach: { kind: "ward", wardId, afterStayMs: AFTER_STAY_MS },
        purpose,
        basis: "ward-assignment",
      })),
      by,
    );
  }

  const wardsOf = async (organisationId: string) =>
    (await tables.inOrganisation(organisationId, (tx) => tx.rows<{ id: string }>("SELECT id FROM ward"))).map(
      ({ id }) => id,
    );

  return {
    add,
    /** In the transaction that makes the token. */
    async forToken(
      tx: Transaction,
      token: { organisationId: string; id: string; expiresAt: number | null },
      by: string,
    ) {
      const grantee: Grantee = { kind: "token", id: token.id };
      const grant: NewGrant = {
        grantee,
        reach: { kind: "organisation" },
        purpose: "integration",
        basis: "organisation-token",
        to: token.expiresAt,
      };
      await write(tx, token.organisationId, grant, by);
    },

    /** In the transaction that makes the screen: whoever lies on its ward, and nobody who has left it. */
    async forKiosk(tx: Transaction, kiosk: { organisationId: string; id: string; wardId: string }, by: string) {
      const grant: NewGrant = {
        grantee: { kind: "kiosk", id: kiosk.id },
        reach: { kind: "ward", wardId: kiosk.wardId, afterStayMs: 0 },
        purpose: "monitoring",
        basis: "ward-assignment",
      };
      await write(tx, kiosk.organisationId, grant, by);
    },
    /** In the transaction that ends the screen. */
    async endForKiosk(tx: Transaction, { organisationId, id }: { organisationId: string; id: string }, by: string) {
      const at = runtime.clock.now();
      const ended = await tx.rows<{ id: string }>(
        "UPDATE access_grant SET ended_at = $2, ended_by = $3 WHERE grantee_id = $1 AND ended_at IS NULL RETURNING id",
        [id, at, by],
      );
      for (const { id: grantId } of ended) {
        const detail = { grantId, basis: "ward-assignment" };
        await audit(tx, { organisationId, at, by, action: "grant.end", patientId: null, detail });
      }
    },

    assign,
    /** Somebody new in an organisation of one ward can only be meant for that one; where there are more, somebody says. */
    async assignNewcomer(person: Person, by: string): Promise<void> {
      const wards = await wardsOf(person.organisationId);
      if (wards.length === 1) await assign(person, wards, by);
    },
    async assignToAll(person: Person, by: string): Promise<void> {
      await assign(person, await wardsOf(person.organisationId), by);
    },

    /** @throws RefusedInput NOT_FOUND, CONFLICT where it has ended */
    async end(organisationId: string, grantId: string, by: string, reason: string | null): Promise<Grant> {
      const at = runtime.clock.now();
      const grant = await tables.inOrganisation(organisationId, async (tx) => {
        const [before] = await tx.rows<GrantRow>("SELECT * FROM access_grant WHERE id = $1 FOR UPDATE", [grantId]);
        if (!before) throw new RefusedInput("NOT_FOUND", { at: "grant" });
        if (before.ended_at !== null || (before.to_at !== null && before.to_at <= at)) {
          throw new RefusedInput("CONFLICT", { at: "grant", expected: "one that has not ended" });
        }
        await tx.run("UPDATE access_grant SET ended_at = $2, ended_by = $3, end_reason = $4 WHERE id = $1", [
          grantId,
          at,
          by,
          text(reason, "reason"),
        ]);
        const detail = { grantId, basis: before.basis };
        await audit(tx, { organisationId, at, by, action: "grant.end", patientId: before.patient_id, detail });
        return toGrant({ ...before, ended_at: at, ended_by: by, end_reason: reason });
      });
      await deps.changed(organisationId, principalOf(grant.grantee));
      return grant;
    },

    /** Newest first. Of a patient: those by which somebody sees them now, wards' and the organisation's too. */
    async list(asker: string | Principal, filter: GrantFilter): Promise<Grant[]> {
      const { patientId = null, principalId = null, basis = null, ended = false } = filter;
      const rows = await tables.inOrganisation(asker, (tx) =>
        tx.rows<GrantRow>(
          `SELECT * FROM access_grant g
            WHERE ($1::uuid IS NULL OR g.patient_id = $1 OR g.patient_id IS NULL AND g.ward_id IS NULL
                OR EXISTS (SELECT FROM stay s WHERE s.patient_id = $1 AND s.ward_id = g.ward_id
                     AND (s.to_at IS NULL OR s.to_at > current_instant() - g.after_stay_ms)))
              AND ($2::uuid IS NULL OR g.grantee_id = $2)
              AND ($3::text IS NULL OR g.basis = $3)
              AND ($4 OR g.ended_at IS NULL AND (g.to_at IS NULL OR g.to_at > current_instant()))
            ORDER BY g.created_at DESC, g.id LIMIT ${LISTED_MAX}`,
          [patientId, principalId, basis, ended],
        ),
      );
      return rows.map(toGrant);
    },
  };
}

export type GrantStore = ReturnType<typeof createGrantStore>;

interface Made {
  readonly id: string;
  readonly organisationId: string;
  readonly at: number;
  readonly by: string;
}

function fill(asked: NewGrant, { id, organisationId, at, by }: Made): Grant {
  const from = asked.from ?? at;
  const to = asked.to ?? null;
  if (to !== null && to <= Math.max(from, at)) {
    throw new RefusedInput("FIELD_INVALID", { at: "to", expected: "a time that is still to come, after `from`" });
  }
  const { grantee, reach, purpose, basis } = asked;
  const ends = { endedAt: null, endedBy: null, endReason: null };
  const reason = text(asked.reason ?? null, "reason");
  return {
    id,
    organisationId,
    grantee,
    reach,
    purpose,
    basis,
    from,
    to,
    reason,
    createdAt: at,
    createdBy: by,
    ...ends,
  };
}

function text(value: string | null, at: string): string | null {
  const trimmed = value?.trim() || null;
  if (trimmed !== null && trimmed.length > TEXT_MAX)
    throw new RefusedInput("FIELD_INVALID", { at, expected: `at most ${TEXT_MAX} characters` });
  return trimmed;
}

/** null: nobody knows whose views it changes, but those of the role. */
const principalOf = (grantee: Grantee): string | null => (grantee.kind === "role" ? null : grantee.id);

async function needGrantee(tx: Transaction, grantee: Grantee): Promise<void> {
  if (grantee.kind === "role") return;
  const table = grantee.kind === "person" ? "person" : "api_token";
  const found = await tx.rows(`SELECT FROM ${table} WHERE id = $1`, [grantee.id]);
  if (found.length === 0) throw new RefusedInput("NOT_FOUND", { at: "grantee" });
}
