import type { Runtime } from "@openward/runtime";
import { audit } from "./audit.ts";
import type { Authenticated, Tables } from "./ports.ts";

/** Input is told every few seconds while somebody is there: the database hears of it this often. */
const NOTE_INPUT_EVERY_MS = 15_000;

/** What a session knows of its screen. */
export interface ScreenLock {
  readonly afterMs: number | null;
  inputAt: number;
  lockedAt: number | null;
}

export const isLocked = ({ afterMs, inputAt, lockedAt }: ScreenLock, now: number): boolean =>
  lockedAt !== null || (afterMs !== null && now - inputAt >= afterMs);

/** The rows of screens that lock. `of` is what memory knows of the session. */
export function createLocks(deps: {
  tables: Tables;
  runtime: Pick<Runtime, "clock">;
  idHashOf(authenticated: Authenticated): Buffer | undefined;
  of(authenticated: Authenticated): ScreenLock | undefined;
  /** What memory knows is asked of the database again. */
  changed(authenticated: Authenticated): void;
}) {
  const { tables, runtime } = deps;
  const noted = new WeakMap<ScreenLock, number>();

  const write = async (
    authenticated: Authenticated,
    sql: string,
    values: readonly (number | null)[],
    action?: string,
  ) => {
    const { organisationId, id } = authenticated.principal;
    const at = runtime.clock.now();
    await tables.inOrganisation(organisationId, async (tx) => {
      await tx.run(`UPDATE session SET ${sql} WHERE id_hash = $1 AND ended_at IS NULL`, [
        deps.idHashOf(authenticated),
        ...values,
      ]);
      if (action !== undefined) await audit(tx, { organisationId, at, by: id, action });
    });
  };

  return {
    /** Somebody touched the screen. */
    async input(authenticated: Authenticated): Promise<void> {
      const lock = deps.of(authenticated);
      if (!lock || lock.afterMs === null) return;
      const now = runtime.clock.now();
      if (isLocked(lock, now)) return;
      lock.inputAt = now;
      if (now - (noted.get(lock) ?? 0) < NOTE_INPUT_EVERY_MS) return;
      noted.set(lock, now);
      await write(authenticated, "input_at = greatest(input_at, $2)", [now]);
    },

    async setAfter(authenticated: Authenticated, afterMs: number | null): Promise<void> {
      await write(
        authenticated,
        "lock_after_ms = $2, input_at = $3",
        [afterMs, runtime.clock.now()],
        "screen.lock-after",
      );
      deps.changed(authenticated);
    },

    async lock(authenticated: Authenticated): Promise<void> {
      await write(authenticated, "locked_at = coalesce(locked_at, $2)", [runtime.clock.now()], "screen.lock");
      deps.changed(authenticated);
    },

    async unlock(authenticated: Authenticated): Promise<void> {
      await write(authenticated, "locked_at = NULL, input_at = $2", [runtime.clock.now()], "screen.unlock");
      deps.changed(authenticated);
    },
  };
}
