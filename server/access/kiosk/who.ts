import { RefusedInput } from "@openward/errors";
import type { PatientView, Principal, Role } from "@openward/model";
import { readShared } from "../consent/shared.ts";
import type { Failures } from "../factors/failures.ts";
import type { PasswordHash } from "../factors/password-hash.ts";
import type { Authenticated, Passkeys, Tables } from "../ports.ts";
import { badgeHash, readBadge } from "./badges.ts";
import type { ShownAtWall, WhoAtWall } from "./ports.ts";

/** Wrong ones at one screen keep others there waiting no longer than this; a passkey never waits. */
const SCREEN_LONGEST_MS = 30_000;

interface Row {
  readonly id: string;
  readonly display: string;
  readonly role: Role;
  readonly pin_hash: string | null;
  readonly has_badge: boolean;
}

/** Who stands before a screen on a wall: shown anew each time, good for one answer, and no sign-in. */
export function createWhoAtWall(deps: {
  tables: Tables;
  passkeys: Pick<Passkeys, "whoseOptions" | "whose">;
  passwords: PasswordHash;
  failures: Failures;
  badgeKey(): string;
}): WhoAtWall {
  const { tables, passkeys, passwords, failures } = deps;
  const purposeOf = ({ principal }: Authenticated) => `wall ${principal.id}`;

  const find = (organisationId: string, typed: string): Promise<Row | undefined> =>
    tables.inOrganisation(organisationId, async (tx) => {
      const number = readBadge(typed);
      const hash = number === undefined ? null : badgeHash(deps.badgeKey(), organisationId, number);
      const [row] = await tx.rows<Row>(
        `SELECT p.id, p.display, p.role, n.pin_hash, b.person_id IS NOT NULL AS has_badge FROM person p
           LEFT JOIN badge b ON b.person_id = p.id AND b.number_hash = $1
           LEFT JOIN code_sign_in c ON c.person_id = p.id AND c.sign_in_name = $2 AND c.confirmed_at IS NOT NULL
           LEFT JOIN person_pin n ON n.person_id = p.id
          WHERE p.disabled_at IS NULL AND (b.person_id IS NOT NULL OR c.person_id IS NOT NULL)
          ORDER BY has_badge DESC LIMIT 1`,
        [hash, typed.trim().toLowerCase()],
      );
      return row;
    });

  async function typedIn(screen: Authenticated, { who, pin }: { who: string; pin?: string | undefined }): Promise<Row> {
    const { organisationId, id } = screen.principal;
    if (pin === undefined && !screen.kiosk?.takesBadges)
      throw new RefusedInput("FIELD_INVALID", { at: "by.pin", expected: "the person's PIN" });
    const row = await find(organisationId, who);
    const accounts = [`screen ${id}`, row ? `wall ${row.id}` : `wall ${organisationId} ${who.trim().toLowerCase()}`];
    await failures.begin(accounts[0] as string, SCREEN_LONGEST_MS);
    await failures.begin(accounts[1] as string);
    const isRight =
      pin === undefined
        ? row?.has_badge === true
        : await passwords.verify(pin.slice(0, 64), row?.pin_hash ?? undefined);
    if (!row || !isRight) throw new RefusedInput("SIGN_IN_REFUSED");
    for (const account of accounts) await failures.succeeded(account);
    return row;
  }

  async function byPasskey(screen: Authenticated, { party, response }: Extract<ShownAtWall, { party: unknown }>) {
    const { organisationId } = screen.principal;
    const personId = await passkeys.whose(party, response, { purpose: purposeOf(screen), organisationId });
    const [row] = await tables.inOrganisation(organisationId, (tx) =>
      tx.rows<Row>("SELECT id, display, role FROM person WHERE id = $1 AND disabled_at IS NULL", [personId]),
    );
    if (!row) throw new RefusedInput("SIGN_IN_REFUSED");
    return row;
  }

  return {
    passkeyOptions: (screen, party) => passkeys.whoseOptions(party, purposeOf(screen)),

    async whoIs(screen, by) {
      const { id, display, role } = "party" in by ? await byPasskey(screen, by) : await typedIn(screen, by);
      return { kind: "person", id, display, role, organisationId: screen.principal.organisationId };
    },

    viewOfOne: (principal, patientId) => viewOfOne(tables, principal, patientId),
  };
}

/** For one answer: nothing of somebody who is not signed in is kept in memory. */
async function viewOfOne(tables: Tables, principal: Principal, patientId: string): Promise<PatientView> {
  return tables.inOrganisation(principal, async (tx) => {
    const rows = await tx.rows("SELECT FROM patient WHERE id = $1", [patientId]);
    const { hidden } = await readShared(tx);
    const has = (id: string) => rows.length > 0 && id === patientId;
    return {
      principal,
      has,
      patientIds: () => (rows.length > 0 ? [patientId] : []),
      recordsOf: (id) => (has(id) ? [id] : []),
      hiddenOf: (id) => hidden.get(id),
    };
  });
}
