import { RefusedInput } from "@openward/errors";
import type { Runtime } from "@openward/runtime";
import { audit } from "../audit.ts";
import { browserName } from "../browser-name.ts";
import { hashSecret, kioskCookie, newSecret, readKioskCredential } from "../credentials.ts";
import type { GrantStore } from "../grants/grants.ts";
import type { Authenticated, Tables, Transaction } from "../ports.ts";
import { newKioskCode, readKioskCode } from "./codes.ts";
import type { KioskCode, Kiosks } from "./ports.ts";
import { type KioskRow, toKiosk } from "./rows.ts";

/** The way from a desk to a corridor. */
export const CODE_MS = 15 * 60_000;
const DAY_MS = 86_400_000;
/** A wall that was dark for so long is made anew by who hangs it up again. */
export const KIOSK_MS = 90 * DAY_MS;
const RENEWED_AFTER_MS = DAY_MS;
const LISTED_MAX = 500;

/** Screens on walls as the database keeps them; each beginning and end is in the audit log. */
export function createKiosks(deps: {
  tables: Tables;
  runtime: Runtime;
  isSecure: boolean;
  grants: Pick<GrantStore, "forKiosk" | "endForKiosk">;
  authenticate(cookie: string): Promise<Authenticated | undefined>;
  /** Told after the commit, so that who ends a screen sees it dark at once. */
  ended(kioskId: string): void;
}): Kiosks {
  const { tables, runtime, grants } = deps;
  const now = () => runtime.clock.now();

  async function writeCode(tx: Transaction, row: KioskRow, by: string): Promise<KioskCode> {
    const at = now();
    const code = newKioskCode(runtime.random);
    const codeUntil = at + CODE_MS;
    const { id, organisation_id: organisationId } = row;
    await tx.run("UPDATE kiosk SET code_hash = $2, code_until = $3 WHERE id = $1", [
      id,
      hashSecret(readKioskCode(code) ?? ""),
      codeUntil,
    ]);
    await audit(tx, { organisationId, at, by, action: "kiosk.code", detail: { kioskId: id, codeUntil } });
    return { kiosk: { ...toKiosk(row), codeUntil }, code, codeUntil };
  }

  return {
    async list(organisationId) {
      const rows = await tables.inOrganisation(organisationId, (tx) =>
        tx.rows<KioskRow>(`SELECT * FROM kiosk WHERE ended_at IS NULL ORDER BY name, id LIMIT ${LISTED_MAX}`),
      );
      return rows.map(toKiosk);
    },

    async add(organisationId, { name, wardId, shows, takesBadges }, by) {
      const id = runtime.ids.uuid();
      const at = now();
      return tables.inOrganisation(organisationId, async (tx) => {
        const wards = await tx.rows("SELECT FROM ward WHERE id = $1", [wardId]);
        if (wards.length === 0) throw new RefusedInput("NOT_FOUND", { at: "wardId" });
        const [row] = await tx.rows<KioskRow>(
          `INSERT INTO kiosk (id, organisation_id, ward_id, name, shows, takes_badges, created_at, created_by)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (organisation_id, name) WHERE ended_at IS NULL DO NOTHING
           RETURNING *`,
          [id, organisationId, wardId, name, shows, takesBadges, at, by],
        );
        if (!row) throw new RefusedInput("CONFLICT", { at: "name", expected: "a name that no other screen has" });
        await audit(tx, {
          organisationId,
          at,
          by,
          action: "kiosk.add",
          detail: { kioskId: id, wardId, shows, takesBadges },
        });
        await grants.forKiosk(tx, { organisationId, id, wardId }, by);
        return writeCode(tx, row, by);
      });
    },

    async newCode(organisationId, kioskId, by) {
      return tables.inOrganisation(organisationId, async (tx) => {
        const [row] = await tx.rows<KioskRow>("SELECT * FROM kiosk WHERE id = $1 AND ended_at IS NULL FOR UPDATE", [
          kioskId,
        ]);
        if (!row) throw new RefusedInput("NOT_FOUND", { at: "kiosk" });
        return writeCode(tx, row, by);
      });
    },

    async end(organisationId, kioskId, by) {
      const at = now();
      const ended = await tables.inOrganisation(organisationId, async (tx) => {
        const [row] = await tx.rows<KioskRow>(
          `UPDATE kiosk SET ended_at = $2, ended_by = $3, session_hash = NULL, expires_at = NULL, code_hash = NULL, code_until = NULL
            WHERE id = $1 AND ended_at IS NULL RETURNING *`,
          [kioskId, at, by],
        );
        if (!row) throw new RefusedInput("NOT_FOUND", { at: "kiosk" });
        await grants.endForKiosk(tx, { organisationId, id: kioskId }, by);
        await audit(tx, { organisationId, at, by, action: "kiosk.end", detail: { kioskId } });
        return toKiosk(row);
      });
      deps.ended(kioskId);
      return ended;
    },

    async enrol(code, userAgent) {
      const typed = readKioskCode(code);
      if (typed === undefined) throw new RefusedInput("LINK_EXPIRED");
      const at = now();
      const secret = newSecret(runtime.random);
      const kioskId = await tables.everywhere(async (tx) => {
        // Whoever comes second waits for this row, and then finds the code used.
        const [row] = await tx.rows<KioskRow>(
          `UPDATE kiosk SET code_hash = NULL, code_until = NULL, session_hash = $3, enrolled_at = $2, seen_at = $2, expires_at = $4,
              browser = $5
            WHERE code_hash = $1 AND code_until > $2 AND ended_at IS NULL RETURNING *`,
          [hashSecret(typed), at, hashSecret(secret), at + KIOSK_MS, browserName(userAgent)],
        );
        if (!row) throw new RefusedInput("LINK_EXPIRED");
        const { id, organisation_id: organisationId } = row;
        await audit(tx, { organisationId, at, by: id, action: "kiosk.enrol", detail: { kioskId: id } });
        return id;
      });
      deps.ended(kioskId);
      const cookie = cookieOf(secret);
      const authenticated = await deps.authenticate(cookie.slice(0, cookie.indexOf(";")));
      if (!authenticated) throw new Error("a screen that was just enrolled is not there");
      return { authenticated, cookie };
    },

    async renew({ principal, expiresAt }, cookie) {
      const secret = readKioskCredential({ cookie })?.secret;
      const until = now() + KIOSK_MS;
      if (secret === undefined || until - expiresAt < RENEWED_AFTER_MS) return undefined;
      await tables.inOrganisation(principal.organisationId, (tx) =>
        tx.run("UPDATE kiosk SET expires_at = $3 WHERE id = $1 AND session_hash = $2", [
          principal.id,
          hashSecret(secret),
          until,
        ]),
      );
      return { cookie: cookieOf(secret) };
    },
  };

  function cookieOf(secret: string): string {
    return kioskCookie(secret, { maxAgeMs: KIOSK_MS, isSecure: deps.isSecure });
  }
}
