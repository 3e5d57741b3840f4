import { RefusedInput } from "@openward/errors";
import type { Runtime } from "@openward/runtime";
import { audit } from "../audit.ts";
import type { Tables, Transaction } from "../ports.ts";
import { beginSession } from "../sign-in.ts";
import { enrolmentOf, newCodeSecret, newRecoveryCodes, recoveryHash, stepOf } from "./codes.ts";
import type { Failures } from "./failures.ts";
import type { PasswordHash } from "./password-hash.ts";
import type { CodeProof, CodeSignIn, Vault } from "./ports.ts";

const PASSWORD_MIN = 12;
const PASSWORD_MAX = 256;

interface Row {
  readonly person_id: string;
  readonly organisation_id: string;
  readonly sign_in_name: string;
  readonly password_hash: string;
  readonly key_id: number;
  readonly sealed: Buffer;
  readonly last_step: number;
  readonly confirmed_at: number | null;
}

export function createCodeSignIn({
  tables,
  runtime,
  vault,
  passwords,
  failures,
}: {
  tables: Tables;
  runtime: Runtime;
  vault: Vault;
  passwords: PasswordHash;
  failures: Failures;
}): CodeSignIn {
  const now = () => runtime.clock.now();
  const secretName = (personId: string) => `codes of ${personId}`;
  const recoveryKey = () => vault.derive("recovery codes");
  const secretOf = (row: Row) => vault.open(secretName(row.person_id), row.key_id, row.sealed);

  /** A code counts once: of two at the same moment the row's lock lets one through. */
  const useCode = async (tx: Transaction, row: Row, code: string): Promise<"app" | "recovery" | undefined> => {
    const step = stepOf(secretOf(row), code, now());
    if (step !== undefined) {
      const used = await tx.run("UPDATE code_sign_in SET last_step = $2 WHERE person_id = $1 AND last_step < $2", [
        row.person_id,
        step,
      ]);
      return used > 0 ? "app" : undefined;
    }
    const hash = recoveryHash(code, row.person_id, recoveryKey());
    if (!hash) return undefined;
    const used = await tx.run(
      "UPDATE recovery_code SET used_at = $3 WHERE person_id = $1 AND code_hash = $2 AND used_at IS NULL",
      [row.person_id, hash, now()],
    );
    return used > 0 ? "recovery" : undefined;
  };

  /** @throws RefusedInput SIGN_IN_REFUSED, whichever of the two is wrong */
  const verified = async <T>(
    find: (tx: Transaction) => Promise<Row | undefined>,
    { password, code }: CodeProof,
    then: (tx: Transaction, row: Row) => Promise<T>,
  ): Promise<T> => {
    const found = await tables.everywhere(find);
    // Looked at for everybody, outside of the transaction: it takes as long for a name that nobody has.
    const isRight = await passwords.verify(password.slice(0, PASSWORD_MAX), found?.password_hash);
    if (!isRight || !found) throw new RefusedInput("SIGN_IN_REFUSED");
    return tables.everywhere(async (tx) => {
      const row = await find(tx);
      if (row?.password_hash !== found.password_hash) throw new RefusedInput("SIGN_IN_REFUSED");
      const used = await useCode(tx, row, code);
      if (!used) throw new RefusedInput("SIGN_IN_REFUSED");
      if (used === "recovery") {
        const { organisation_id: organisationId, person_id: by } = row;
        await audit(tx, { organisationId, at: now(), by, action: "recovery-code.use" });
      }
      return then(tx, row);
    });
  };

  const byPerson = (personId: string) => async (tx: Transaction) => {
    const [row] = await tx.rows<Row>(
      `SELECT c.* FROM code_sign_in c JOIN person p ON p.id = c.person_id
        WHERE c.person_id = $1 AND c.confirmed_at IS NOT NULL AND p.disabled_at IS NULL FOR UPDATE OF c`,
      [personId],
    );
    return row;
  };

  return {
    async of({ id, organisationId }) {
      return tables.inOrganisation(organisationId, async (tx) => {
        const [row] = await tx.rows<{ sign_in_name: string; confirmed_at: number }>(
          "SELECT sign_in_name, confirmed_at FROM code_sign_in WHERE person_id = $1 AND confirmed_at IS NOT NULL",
          [id],
        );
        if (!row) return { signInName: null, since: null, recoveryCodesLeft: 0 };
        const [left] = await tx.rows<{ n: number }>(
          "SELECT count(*)::int AS n FROM recovery_code WHERE person_id = $1 AND used_at IS NULL",
          [id],
        );
        return { signInName: row.sign_in_name, since: row.confirmed_at, recoveryCodesLeft: left?.n ?? 0 };
      });
    },

    async begin({ id, organisationId, display }, password) {
      checkPassword(password, display);
      const hash = await passwords.hash(password);
      const secret = newCodeSecret(runtime.random);
      const { keyId, sealed } = vault.seal(secretName(id), secret);
      return tables.inOrganisation(organisationId, async (tx) => {
        const name = nameOf(display, runtime);
        const [row] = await tx.rows<{ sign_in_name: string }>(
          `INSERT INTO code_sign_in (person_id, organisation_id, sign_in_name, password_hash, key_id, sealed, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7)
           ON CONFLICT (person_id) DO UPDATE SET password_hash = excluded.password_hash, key_id = excluded.key_id,
             sealed = excluded.sealed, created_at = excluded.created_at, last_step = 0
             WHERE code_sign_in.confirmed_at IS NULL
           RETURNING sign_in_name`,
          [id, organisationId, name, hash, keyId, sealed, now()],
        );
        if (!row)
          throw new RefusedInput("CONFLICT", { at: "password", expected: "the present one to be removed first" });
        return { signInName: row.sign_in_name, ...enrolmentOf(secret, row.sign_in_name) };
      });
    },

    async confirm({ id, organisationId }, code) {
      await failures.begin(`confirm ${id}`);
      const at = now();
      const codes = newRecoveryCodes(runtime.random);
      await tables.inOrganisation(organisationId, async (tx) => {
        const [row] = await tx.rows<Row>("SELECT * FROM code_sign_in WHERE person_id = $1 FOR UPDATE", [id]);
        if (!row || row.confirmed_at !== null)
          throw new RefusedInput("CONFLICT", { at: "code", expected: "a password that waits for its first code" });
        const step = stepOf(secretOf(row), code, at);
        if (step === undefined) throw new RefusedInput("SIGN_IN_REFUSED");
        await tx.run("UPDATE code_sign_in SET confirmed_at = $2, last_step = $3 WHERE person_id = $1", [id, at, step]);
        for (const one of codes)
          await tx.run(
            "INSERT INTO recovery_code (organisation_id, person_id, code_hash, created_at) VALUES ($1, $2, $3, $4)",
            [organisationId, id, recoveryHash(one, id, recoveryKey()), at],
          );
        await audit(tx, { organisationId, at, by: id, action: "code-sign-in.add" });
      });
      await failures.succeeded(`confirm ${id}`);
      return codes;
    },

    async remove({ id, organisationId }) {
      const at = now();
      await tables.inOrganisation(organisationId, async (tx) => {
        await tx.run("DELETE FROM recovery_code WHERE person_id = $1", [id]);
        const removed = await tx.run("DELETE FROM code_sign_in WHERE person_id = $1", [id]);
        if (removed === 0) throw new RefusedInput("NOT_FOUND", { at: "password" });
        await tx.run(
          "UPDATE session SET ended_at = $2 WHERE person_id = $1 AND method = 'codes' AND ended_at IS NULL",
          [id, at],
        );
        await audit(tx, { organisationId, at, by: id, action: "code-sign-in.remove" });
      });
    },

    async signIn(name, proof, device) {
      const typed = name.trim().toLowerCase();
      const account = `sign in ${typed}`;
      await failures.begin(account);
      const find = async (tx: Transaction) => {
        const [row] = await tx.rows<Row>(
          `SELECT c.* FROM code_sign_in c JOIN person p ON p.id = c.person_id
            WHERE c.sign_in_name = $1 AND c.confirmed_at IS NOT NULL AND p.disabled_at IS NULL FOR UPDATE OF c`,
          [typed],
        );
        return row;
      };
      const begun = await verified(find, proof, (tx, row) =>
        beginSession(tx, runtime, {
          organisationId: row.organisation_id,
          personId: row.person_id,
          at: now(),
          method: "codes",
          device,
        }),
      );
      await failures.succeeded(account);
      return begun;
    },

    async prove({ id }, proof) {
      const account = `prove ${id}`;
      await failures.begin(account);
      await verified(byPerson(id), proof, async () => {});
      await failures.succeeded(account);
    },
  };
}

/** @throws RefusedInput FIELD_INVALID */
function checkPassword(password: string, display: string): void {
  const plain = password.normalize("NFKC");
  const letters = new Set(plain.toLowerCase());
  const isName =
    display.length > 2 && plain.toLowerCase().replaceAll(" ", "").includes(display.toLowerCase().replaceAll(" ", ""));
  if (plain.length < PASSWORD_MIN || plain.length > PASSWORD_MAX || letters.size < 5 || isName)
    throw new RefusedInput("FIELD_INVALID", {
      at: "password",
      expected: `${PASSWORD_MIN} to ${PASSWORD_MAX} characters, five different ones at least, without your name`,
    });
}

/** "nina-berg-48213": typed by who has it, and guessed by nobody who knows the name. */
function nameOf(display: string, { random }: Runtime): string {
  const plain = display
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 30);
  const number = 10_000 + Math.floor(random.float() * 90_000);
  return `${plain || "person"}-${number}`;
}
