import { createHmac } from "node:crypto";
import { RefusedInput } from "@openward/errors";
import type { Clock } from "@openward/runtime";
import { audit } from "../audit.ts";
import type { Tables } from "../ports.ts";

const NUMBER = /^[A-Z0-9]{6,64}$/;

/** As a scanner types it, or a person reads it off. @returns undefined: it cannot be one */
export function readBadge(text: string): string | undefined {
  const number = text.toUpperCase().replaceAll(/[\s-]/g, "");
  return NUMBER.test(number) ? number : undefined;
}

/** The same number in two organisations is two badges. */
export const badgeHash = (key: string, organisationId: string, number: string): Buffer =>
  createHmac("sha256", key).update(`${organisationId} ${number}`).digest();

/** Numbers on people's badges, of which only a keyed hash is kept. */
export function createBadges({ tables, clock, key }: { tables: Tables; clock: Pick<Clock, "now">; key: () => string }) {
  return {
    async has(organisationId: string, personId: string): Promise<boolean> {
      const rows = await tables.inOrganisation(organisationId, (tx) =>
        tx.rows("SELECT FROM badge WHERE person_id = $1", [personId]),
      );
      return rows.length > 0;
    },

    /** @throws RefusedInput FIELD_INVALID, NOT_FOUND; CONFLICT where it is somebody else's */
    async set(organisationId: string, personId: string, text: string, by: string): Promise<void> {
      const number = readBadge(text);
      if (number === undefined)
        throw new RefusedInput("FIELD_INVALID", { at: "number", expected: "6 to 64 letters and digits" });
      const at = clock.now();
      const hash = badgeHash(key(), organisationId, number);
      await tables.inOrganisation(organisationId, async (tx) => {
        const people = await tx.rows("SELECT FROM person WHERE id = $1 AND disabled_at IS NULL", [personId]);
        if (people.length === 0) throw new RefusedInput("NOT_FOUND", { at: "id" });
        const others = await tx.rows("SELECT FROM badge WHERE number_hash = $1 AND person_id <> $2", [hash, personId]);
        if (others.length > 0)
          throw new RefusedInput("CONFLICT", { at: "number", expected: "a badge that nobody else has" });
        await tx.run(
          `INSERT INTO badge (person_id, organisation_id, number_hash, set_at, set_by) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (person_id) DO UPDATE SET number_hash = excluded.number_hash, set_at = excluded.set_at, set_by = excluded.set_by`,
          [personId, organisationId, hash, at, by],
        );
        await audit(tx, { organisationId, at, by, action: "badge.set", detail: { personId } });
      });
    },

    /** @throws RefusedInput NOT_FOUND */
    async remove(organisationId: string, personId: string, by: string): Promise<void> {
      const at = clock.now();
      await tables.inOrganisation(organisationId, async (tx) => {
        const removed = await tx.run("DELETE FROM badge WHERE person_id = $1", [personId]);
        if (removed === 0) throw new RefusedInput("NOT_FOUND", { at: "badge" });
        await audit(tx, { organisationId, at, by, action: "badge.remove", detail: { personId } });
      });
    },
  };
}
