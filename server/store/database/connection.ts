import { createHmac } from "node:crypto";
import type { ClientConfig, CustomTypesConfig, Pool } from "pg";
import pg from "pg";

/** Roles that own nothing: logins of their own in the embedded database, taken on by the operator's login elsewhere. */
export const ROLES = { api: "openward_api", ingest: "openward_ingest", worker: "openward_worker" } as const;
export type DatabaseRole = keyof typeof ROLES;

const INT8 = 20;
const DATE = 1082;
const text = (value: string) => value;

// bigint holds milliseconds and positions, far below 2^53; a date stays "1948-03-21": as a Date it would take on a zone.
const types: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: "text" | "binary") => {
    if (format !== "binary" && oid === INT8) return Number;
    if (format !== "binary" && oid === DATE) return text;
    return pg.types.getTypeParser(oid, format ?? "text");
  }) as CustomTypesConfig["getTypeParser"],
};

/** How the login connects, before it takes on a role. */
export type Login = Pick<
  ClientConfig,
  "connectionString" | "host" | "port" | "user" | "password" | "database" | "options"
> & {
  /** The roles sign in by themselves, with passwords made from this secret: such a session cannot become its owner. */
  readonly roleSecret?: string;
};

export function rolePassword(secret: string, role: DatabaseRole): string {
  return createHmac("sha256", secret).update(ROLES[role]).digest("base64url");
}

/** The operator's login. `options` in the address would replace ours, so it is taken out and joined with them. */
export function loginFromUrl(address: string): Login {
  const url = new URL(address);
  const options = url.searchParams.get("options");
  url.searchParams.delete("options");
  return { connectionString: url.href, ...(options ? { options } : {}) };
}

/**
 * The configuration of one client. int8 is read as a number and date as its ISO text.
 *
 * @param role undefined: as the login itself, which owns the tables
 */
export function clientConfig({ roleSecret, ...login }: Login, role?: DatabaseRole): ClientConfig {
  const isOwnLogin = role !== undefined && roleSecret !== undefined;
  const takesOn = role !== undefined && !isOwnLogin ? `-c role=${ROLES[role]}` : undefined;
  const options = [login.options, takesOn].filter(Boolean).join(" ");
  return {
    ...login,
    ...(isOwnLogin ? { user: ROLES[role], password: rolePassword(roleSecret, role) } : {}),
    ...(options ? { options } : {}),
    application_name: role ? `openward ${role}` : "openward",
    connectionTimeoutMillis: 5000,
    keepAlive: true,
    types,
  };
}

/** A pool whose lost connections are logged, or fail their query; they are never thrown at the process. */
export function createPool(config: ClientConfig, max: number, onLost: (error: Error) => void): Pool {
  const pool = new pg.Pool({ ...config, max, idleTimeoutMillis: 60_000 });
  pool.on("error", onLost);
  // The pool listens to idle clients only: one that is lost in the midst of a transaction would end the process.
  pool.on("connect", (client) => void client.on("error", () => {}));
  return pool;
}
