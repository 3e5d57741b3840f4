import { RefusedInput } from "@openward/errors";
import type { Consent, ConsentActor, ConsentStatement } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import { audit } from "../audit.ts";
import type { Consents, Said, Tables, Transaction } from "../ports.ts";
import { CONSENT_COLUMNS, type ConsentRow, consentValues, toConsent } from "./rows.ts";
import { checkStatement } from "./statement.ts";

const LISTED_MAX = 500;

/** What patients say, version by version; the database makes rules and grants of each in the same transaction. */
export function createConsents(deps: {
  tables: Tables;
  runtime: Pick<Runtime, "clock" | "ids">;
  /** Told after the commit, so that who says it sees it at once. */
  changed(organisationId: string): void;
  log: { warn(facts: object, text: string): void };
}): Consents {
  const { tables, runtime } = deps;

  async function write(tx: Transaction, consent: Consent, isConfirmed: boolean): Promise<void> {
    const { organisationId, patientId, saidAt: at, saidBy: by } = consent;
    const narrows = consent.decision === "deny" || consent.version > 1;
    const before = narrows ? await unwatched(tx, patientId) : [];
    await tx.run(
      `INSERT INTO consent (${CONSENT_COLUMNS}) VALUES (${consentValues(consent).map((_, i) => `$${i + 1}`)})`,
      consentValues(consent),
    );
    const { id, version, status, decision, categories, purpose } = consent;
    const detail = { consentId: id, version, status, decision, categories, purpose };
    await audit(tx, { organisationId, at, by, action: "consent.say", patientId, detail });
    if (!narrows) return;
    const left = (await unwatched(tx, patientId)).filter((category) => !before.includes(category));
    if (left.length === 0) return;
    if (!isConfirmed) {
      throw new RefusedInput("CONSENT_LEAVES_UNWATCHED", {
        at: "confirm",
        expected: `true, where nobody shall watch ${left.join(", ")}`,
      });
    }
    await audit(tx, {
      ...{ organisationId, at, by, patientId },
      action: "consent.unwatched",
      detail: { consentId: id, categories: left },
    });
    deps.log.warn({ patient: patientId, categories: left }, "by the patient's wish nobody watches these kinds of data");
  }

  const newest = async (tx: Transaction, consentId: string): Promise<Consent> => {
    const [row] = await tx.rows<ConsentRow>(
      `SELECT ${CONSENT_COLUMNS} FROM consent WHERE id = $1 ORDER BY version DESC LIMIT 1`,
      [consentId],
    );
    if (!row) throw new RefusedInput("NOT_FOUND", { at: "consent" });
    return toConsent(row);
  };

  async function next(
    organisationId: string,
    consentId: string,
    said: Said,
    change: Partial<ConsentStatement> & Pick<Consent, "status">,
  ): Promise<Consent> {
    const saidAt = runtime.clock.now();
    const consent = await tables.inOrganisation(organisationId, async (tx) => {
      const before = await newest(tx, consentId);
      if (before.status === "inactive")
        throw new RefusedInput("CONFLICT", { at: "consent", expected: "one that holds" });
      const after: Consent = {
        ...before,
        ...change,
        version: before.version + 1,
        saidAt,
        saidBy: said.by,
        saidAs: said.as,
      };
      if (after.status === "active") await check(tx, after, saidAt);
      await write(tx, after, said.isConfirmed ?? false);
      return after;
    });
    deps.changed(organisationId);
    return consent;
  }

  return {
    async say(organisationId, patientId, statement, said) {
      const saidAt = runtime.clock.now();
      const consent: Consent = {
        ...statement,
        ...{ organisationId, patientId, saidAt, saidBy: said.by, saidAs: said.as },
        ...{ id: runtime.ids.uuid(), version: 1, status: "active" },
      };
      await tables.inOrganisation(organisationId, async (tx) => {
        await check(tx, consent, saidAt);
        await write(tx, consent, said.isConfirmed ?? false);
      });
      deps.changed(organisationId);
      return consent;
    },
    change: (organisationId, consentId, statement, said) =>
      next(organisationId, consentId, said, { ...statement, status: "active" }),
    withdraw: (organisationId, consentId, said) => next(organisationId, consentId, said, { status: "inactive" }),

    async find(organisationId, consentId) {
      return tables.inOrganisation(organisationId, (tx) => newest(tx, consentId));
    },
    async ofPatients(asker, patientIds) {
      const rows = await tables.inOrganisation(asker, (tx) =>
        tx.rows<ConsentRow>(
          `SELECT DISTINCT ON (id) ${CONSENT_COLUMNS} FROM consent WHERE patient_id = ANY ($1::uuid[])
            ORDER BY id, version DESC LIMIT ${LISTED_MAX}`,
          [patientIds],
        ),
      );
      return rows.map(toConsent).sort((a, b) => b.saidAt - a.saidAt);
    },
    async hiddenFrom(asker, patientId) {
      const rows = await tables.inOrganisation(asker, (tx) =>
        tx.rows<{ category: string; consent_id: string | null; is_silent: boolean }>(
          "SELECT category, consent_id, is_silent FROM hidden_because($1)",
          [patientId],
        ),
      );
      return rows.map((row) => ({ category: row.category, consentId: row.consent_id, isSilent: row.is_silent }));
    },
    async isSeen(asker, patientId) {
      const seen = await tables.inOrganisation(asker, (tx) =>
        tx.rows("SELECT FROM patient WHERE id = $1", [patientId]),
      );
      return seen.length > 0;
    },
    async versions(asker, consentId) {
      const rows = await tables.inOrganisation(asker, (tx) =>
        tx.rows<ConsentRow>(
          `SELECT ${CONSENT_COLUMNS} FROM consent WHERE id = $1 ORDER BY version DESC LIMIT ${LISTED_MAX}`,
          [consentId],
        ),
      );
      return rows.map(toConsent);
    },
  };
}

async function check(tx: Transaction, consent: Consent, now: number): Promise<void> {
  checkStatement(consent, now);
  for (const [i, actor] of consent.actors.entries()) await needActor(tx, actor, `actors[${i}].id`);
}

async function needActor(tx: Transaction, actor: ConsentActor, at: string): Promise<void> {
  if (actor.kind !== "person" && actor.kind !== "token") return;
  const table = actor.kind === "person" ? "person" : "api_token";
  const found = await tx.rows(`SELECT FROM ${table} WHERE id = $1`, [actor.id]);
  if (found.length === 0) throw new RefusedInput("NOT_FOUND", { at });
}

async function unwatched(tx: Transaction, patientId: string): Promise<readonly string[]> {
  const [row] = await tx.rows<{ categories: string[] }>("SELECT unwatched_categories($1) AS categories", [patientId]);
  return row?.categories ?? [];
}
