import { RefusedInput } from "@openward/errors";
import type { Principal } from "@openward/model";
import type { Clock } from "@openward/runtime";
import { audit } from "../audit.ts";
import type { Tables } from "../ports.ts";
import type { Failures } from "./failures.ts";
import type { PasswordHash } from "./password-hash.ts";
import type { Pins } from "./ports.ts";

/** Digits that open a screen which the person has signed in to. They sign nobody in, and count as no proof. */
export function createPins(deps: {
  tables: Tables;
  clock: Clock;
  passwords: PasswordHash;
  failures: Failures;
}): Pins & { verify(principal: Principal, pin: string): Promise<void> } {
  const { tables, clock, passwords, failures } = deps;

  return {
    async has({ id, organisationId }) {
      const rows = await tables.inOrganisation(organisationId, (tx) =>
        tx.rows("SELECT FROM person_pin WHERE person_id = $1", [id]),
      );
      return rows.length > 0;
    },

    async set({ id, organisationId }, pin) {
      if (!/^\d{6,12}$/.test(pin) || isSimple(pin))
        throw new RefusedInput("FIELD_INVALID", { at: "pin", expected: "6 to 12 digits, not all alike or in a row" });
      const hash = await passwords.hash(pin);
      const at = clock.now();
      await tables.inOrganisation(organisationId, async (tx) => {
        await tx.run(
          `INSERT INTO person_pin (person_id, organisation_id, pin_hash, created_at) VALUES ($1, $2, $3, $4)
           ON CONFLICT (person_id) DO UPDATE SET pin_hash = excluded.pin_hash, created_at = excluded.created_at`,
          [id, organisationId, hash, at],
        );
        await audit(tx, { organisationId, at, by: id, action: "pin.set" });
      });
    },

    async remove({ id, organisationId }) {
      const at = clock.now();
      await tables.inOrganisation(organisationId, async (tx) => {
        const removed = await tx.run("DELETE FROM person_pin WHERE person_id = $1", [id]);
        if (removed === 0) throw new RefusedInput("NOT_FOUND", { at: "pin" });
        await audit(tx, { organisationId, at, by: id, action: "pin.remove" });
      });
    },

    /** @throws RefusedInput SIGN_IN_REFUSED, RATE_LIMITED */
    async verify({ id, organisationId }, pin) {
      const account = `pin ${id}`;
      await failures.begin(account);
      const [row] = await tables.inOrganisation(organisationId, (tx) =>
        tx.rows<{ pin_hash: string }>("SELECT pin_hash FROM person_pin WHERE person_id = $1", [id]),
      );
      if (!(await passwords.verify(pin.slice(0, 64), row?.pin_hash))) throw new RefusedInput("SIGN_IN_REFUSED");
      await failures.succeeded(account);
    },
  };
}

/** 111111, 123456, 654321. */
function isSimple(pin: string): boolean {
  const steps = new Set([...pin].slice(1).map((digit, i) => Number(digit) - Number(pin[i])));
  return steps.size === 1 && [0, 1, -1].includes([...steps][0] as number);
}
