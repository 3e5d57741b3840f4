import { RefusedInput } from "@openward/errors";
import type { Pool } from "pg";
import { type DatabaseRole, ROLES, rolePassword } from "./connection.ts";

const DUPLICATE_OBJECT = "42710";
const UNIQUE_VIOLATION = "23505";
const INSUFFICIENT_PRIVILEGE = "42501";

/**
 * Make the group roles where they are missing and let the login take them on. Roles belong to the whole cluster, and
 * another Openward may make them at the same moment.
 *
 * @param secret given: the roles are logins, with passwords made from it
 * @throws RefusedInput CONFIG_INVALID when the login may not make roles and was not given them
 */
export async function ensureRoles(owner: Pool, secret?: string): Promise<void> {
  for (const [key, role] of Object.entries(ROLES) as [DatabaseRole, string][]) {
    try {
      const { rowCount } = await owner.query("SELECT 1 FROM pg_roles WHERE rolname = $1", [role]);
      if (!rowCount) {
        await ignoring([DUPLICATE_OBJECT, UNIQUE_VIOLATION], owner.query(`CREATE ROLE ${role} NOLOGIN NOINHERIT`));
      }
      const granted = await owner.query(
        `SELECT rolsuper OR EXISTS (
           SELECT 1 FROM pg_auth_members WHERE member = pg_roles.oid AND roleid = (SELECT oid FROM pg_roles WHERE rolname = $1)
         ) AS granted FROM pg_roles WHERE rolname = current_user`,
        [role],
      );
      if (!granted.rows[0]?.granted) await owner.query(`GRANT ${role} TO CURRENT_USER`);
      await canTakeOn(owner, role);
      if (secret !== undefined) await allowLogin(owner, role, rolePassword(secret, key));
    } catch (error) {
      if ((error as { code?: string }).code !== INSUFFICIENT_PRIVILEGE) throw error;
      throw new RefusedInput(
        "CONFIG_INVALID",
        {
          at: "OPENWARD_DATABASE_URL",
          expected: `a login with CREATEROLE, or one that was granted ${Object.values(ROLES).join(", ")}`,
        },
        { cause: error },
      );
    }
  }
}

// Only once: a role that is changed by two processes at the same moment is an error in PostgreSQL.
async function allowLogin(owner: Pool, role: string, password: string): Promise<void> {
  const { rowCount } = await owner.query("SELECT 1 FROM pg_roles WHERE rolname = $1 AND rolcanlogin", [role]);
  if (rowCount) return;
  // base64url has no quote.
  await owner.query(`ALTER ROLE ${role} LOGIN PASSWORD '${password}'`);
}

// Since PostgreSQL 16 whoever makes a role is a member of it without the right to take it on; a grant by oneself adds that.
async function canTakeOn(owner: Pool, role: string): Promise<void> {
  const client = await owner.connect();
  try {
    try {
      await client.query(`SET ROLE ${role}`);
    } catch (error) {
      if ((error as { code?: string }).code !== INSUFFICIENT_PRIVILEGE) throw error;
      await client.query(`GRANT ${role} TO CURRENT_USER`);
      await client.query(`SET ROLE ${role}`);
    }
    await client.query("RESET ROLE");
  } finally {
    client.release();
  }
}

async function ignoring(codes: readonly string[], work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!codes.includes((error as { code?: string }).code ?? "")) throw error;
  }
}
