import type { Role } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import { hashSecret, readCredential, readKioskCredential } from "./credentials.ts";
import { readKiosk } from "./kiosk/rows.ts";
import { isLocked, type ScreenLock } from "./lock.ts";
import { readAppToken } from "./oauth/token.ts";
import type { Authenticated, AuthenticateOptions, Proof, Tables } from "./ports.ts";

/** Without a request for so long, a session ends. */
export const IDLE_MS = 2 * 3_600_000;
// A change is announced at once; should the announcement be lost, this is how long it can go unnoticed.
const TRUST_MS = 900;
const NOTE_USE_EVERY_MS = 60_000;
const CACHED_MAX = 10_000;

interface Known {
  readonly authenticated: Authenticated;
  readonly idHash: Buffer;
  /** Monotonic time of the last look at the database. */
  checkedAt: number;
  usedAt: number;
  notedAt: number;
  /** Of a session. */
  readonly lock?: ScreenLock;
}

interface Found {
  readonly authenticated: Authenticated;
  readonly lock?: ScreenLock;
  readonly usedAt: number;
}

/** Who a request comes from, from a cache that a change empties at once. */
export function createAuthentication(deps: { tables: Tables; runtime: Runtime; onTrouble(error: unknown): void }) {
  const { tables, runtime } = deps;
  const known = new Map<string, Known>();
  const loading = new Map<string, Promise<Known | undefined>>();
  // By the object itself: it is what a request is handed, and what it hands back to sign out.
  const hashes = new WeakMap<Authenticated, Buffer>();
  let generation = 0;

  const isOver = (entry: Known, now: number) =>
    now >= entry.authenticated.expiresAt || (entry.authenticated.via === "session" && now - entry.usedAt >= IDLE_MS);

  const load = async (via: Authenticated["via"], key: string, idHash: Buffer): Promise<Known | undefined> => {
    for (;;) {
      const began = generation;
      const checkedAt = runtime.clock.monotonic();
      const found: Found | undefined = await READERS[via](tables, idHash);
      // Somebody's access has changed while we read: what we read may be from before.
      if (began !== generation) continue;
      const before = known.get(key);
      known.delete(key);
      if (!found) return undefined;
      const entry: Known = {
        // The same object while nothing has changed, so that whoever holds it can be told from others.
        authenticated:
          before && isSame(before.authenticated, found.authenticated) ? before.authenticated : found.authenticated,
        idHash,
        checkedAt,
        usedAt: Math.max(found.usedAt, before?.usedAt ?? 0),
        notedAt: before?.notedAt ?? found.usedAt,
        ...(found.lock ? { lock: merged(found.lock, before?.lock) } : {}),
      };
      if (isOver(entry, runtime.clock.now())) return undefined;
      if (known.size >= CACHED_MAX) known.delete(known.keys().next().value as string);
      known.set(key, entry);
      hashes.set(entry.authenticated, idHash);
      return entry;
    }
  };

  const loadOnce = (via: Authenticated["via"], key: string, idHash: Buffer) => {
    let running = loading.get(key);
    if (!running) {
      running = load(via, key, idHash).finally(() => loading.delete(key));
      loading.set(key, running);
    }
    return running;
  };

  const noteUse = (entry: Known, now: number) => {
    entry.usedAt = now;
    const noting = NOTES[entry.authenticated.via];
    if (noting === undefined || now - entry.notedAt < NOTE_USE_EVERY_MS) return;
    entry.notedAt = now;
    tables.everywhere((tx) => tx.run(noting, [entry.idHash, now])).catch(deps.onTrouble);
  };

  return {
    async authenticate(
      headers: { cookie?: string | undefined; authorization?: string | undefined },
      { apps = false, locked = false, kiosk = false }: AuthenticateOptions = {},
    ): Promise<Authenticated | undefined> {
      const credential = kiosk ? readKioskCredential(headers) : readCredential(headers);
      if (!credential || (credential.via === "app" && !apps)) return undefined;
      const idHash = hashSecret(credential.secret);
      const key = idHash.toString("base64");
      let entry = known.get(key);
      if (!entry || runtime.clock.monotonic() - entry.checkedAt > TRUST_MS) {
        try {
          entry = await loadOnce(credential.via, key, idHash);
        } catch (error) {
          // While the database does not answer nobody can be shut out either: who was in stays in, so that a screen
          // that reconnects during the outage goes on showing alarms.
          if (!entry || known.get(key) !== entry) throw error;
          deps.onTrouble(error);
        }
      }
      const now = runtime.clock.now();
      if (!entry || isOver(entry, now)) return undefined;
      if (!locked && entry.lock && isLocked(entry.lock, now)) return undefined;
      noteUse(entry, now);
      return entry.authenticated;
    },

    /** Who it was a moment ago, from memory: good for counting, and for nothing else. */
    identityOf(headers: { cookie?: string | undefined; authorization?: string | undefined }): string | undefined {
      for (const credential of [readCredential(headers), readKioskCredential(headers)]) {
        const entry = credential && known.get(hashSecret(credential.secret).toString("base64"));
        if (entry) return entry.authenticated.principal.id;
      }
      return undefined;
    },

    /** Forget what was known of somebody whose access has changed. */
    forget(principalId: string): void {
      generation++;
      for (const [key, { authenticated }] of known) {
        const { principal, app } = authenticated;
        if (principal.id === principalId || app?.endsWith.includes(principalId)) known.delete(key);
      }
    },

    lockOf: (authenticated: Authenticated): ScreenLock | undefined => {
      const idHash = hashes.get(authenticated);
      return idHash && known.get(idHash.toString("base64"))?.lock;
    },

    /** Sessions whose screen nobody has touched for so long that it is locked from now on, each once. */
    lockIdle(): Authenticated[] {
      const now = runtime.clock.now();
      const idle: Authenticated[] = [];
      for (const { lock, authenticated } of known.values()) {
        if (!lock || lock.lockedAt !== null || !isLocked(lock, now)) continue;
        lock.lockedAt = now;
        idle.push(authenticated);
      }
      return idle;
    },

    /** Drops what has run out; @returns the ids of the principals whose time it was */
    expire(): string[] {
      const now = runtime.clock.now();
      const over: string[] = [];
      for (const [key, entry] of known) {
        if (now < entry.authenticated.expiresAt) continue;
        known.delete(key);
        // The person whom an application acted for goes on.
        if (entry.authenticated.via !== "app") over.push(entry.authenticated.principal.id);
      }
      return over;
    },

    idHashOf: (authenticated: Authenticated): Buffer | undefined => hashes.get(authenticated),
  };
}

interface Row {
  readonly id: string;
  readonly organisation_id: string;
  readonly organisation_name: string;
  readonly is_demo: boolean;
  readonly display: string;
  readonly role: Role;
  readonly used_at: number;
  readonly expires_at: number;
  /** Of sessions. */
  readonly proved_by?: Proof["by"];
  readonly proved_at?: number;
  readonly lock_after_ms?: number | null;
  readonly input_at?: number;
  readonly locked_at?: number | null;
}

/** When it was last used, of those who are forgotten for idleness or shown to somebody. */
const NOTES: Readonly<Partial<Record<Authenticated["via"], string>>> = {
  session: "UPDATE session SET last_used_at = greatest(last_used_at, $2) WHERE id_hash = $1",
  kiosk: "UPDATE kiosk SET seen_at = greatest(seen_at, $2) WHERE session_hash = $1",
};

const READERS = { session: readSession, token: readToken, app: readAppToken, kiosk: readKiosk } satisfies Record<
  Authenticated["via"],
  (tables: Tables, idHash: Buffer) => Promise<Found | undefined>
>;

async function readSession(tables: Tables, idHash: Buffer): Promise<Found | undefined> {
  const [row] = await tables.everywhere((tx) =>
    tx.rows<Row>(
      `SELECT p.id, s.organisation_id, o.name AS organisation_name, o.is_demo, p.display, p.role, s.last_used_at AS used_at, s.expires_at,
          s.proved_by, s.proved_at, s.lock_after_ms, s.input_at, s.locked_at
         FROM session s JOIN person p ON p.id = s.person_id JOIN organisation o ON o.organisation_id = s.organisation_id
        WHERE s.id_hash = $1 AND s.ended_at IS NULL AND p.disabled_at IS NULL`,
      [idHash],
    ),
  );
  return row && toFound(row, "session");
}

async function readToken(tables: Tables, tokenHash: Buffer): Promise<Found | undefined> {
  const [row] = await tables.everywhere((tx) =>
    tx.rows<Row>(
      `SELECT t.id, t.organisation_id, o.name AS organisation_name, o.is_demo, t.display, t.role, t.created_at AS used_at, t.expires_at
         FROM api_token t JOIN organisation o ON o.organisation_id = t.organisation_id
        WHERE t.token_hash = $1 AND t.revoked_at IS NULL`,
      [tokenHash],
    ),
  );
  return row && toFound(row, "token");
}

function toFound(row: Row, via: "session" | "token"): Found {
  const authenticated: Authenticated = {
    principal: {
      kind: via === "session" ? "person" : "token",
      id: row.id,
      display: row.display,
      organisationId: row.organisation_id,
      role: row.role,
    },
    organisation: { id: row.organisation_id, name: row.organisation_name, isDemo: row.is_demo },
    expiresAt: row.expires_at,
    via,
    ...(row.proved_by === undefined ? {} : { proof: { by: row.proved_by, at: row.proved_at ?? 0 } }),
    ...(row.lock_after_ms ? { lockAfterMs: row.lock_after_ms } : {}),
  };
  if (row.input_at === undefined) return { authenticated, usedAt: row.used_at };
  const lock = { afterMs: row.lock_after_ms ?? null, inputAt: row.input_at, lockedAt: row.locked_at ?? null };
  return { authenticated, usedAt: row.used_at, lock };
}

/** Input that the database was not told of yet, and a lock that it has not written yet, are not forgotten. */
function merged(found: ScreenLock, before: ScreenLock | undefined): ScreenLock {
  if (!before) return found;
  // Opened again since, by another process.
  if (found.inputAt > before.inputAt) before.lockedAt = found.lockedAt;
  else before.lockedAt ??= found.lockedAt;
  before.inputAt = Math.max(found.inputAt, before.inputAt);
  return before.afterMs === found.afterMs ? before : { ...before, afterMs: found.afterMs };
}

const isSame = (a: Authenticated, b: Authenticated): boolean => JSON.stringify(a) === JSON.stringify(b);
