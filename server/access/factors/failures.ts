import { createHmac } from "node:crypto";
import { RefusedInput } from "@openward/errors";
import type { Clock } from "@openward/runtime";
import type { Tables } from "../ports.ts";

/** So many wrong ones in a row cost nothing. */
const FREE = 5;
const FIRST_MS = 1_000;
const LONGEST_MS = 15 * 60_000;
/** After so many in a row nothing is looked at for a day (NIST SP 800-63B, 3.2.2: no more than 100). */
const MOST = 100;
const DAY_MS = 86_400_000;
const FORGOTTEN_MS = 7 * DAY_MS;
const ROWS_MAX = 100_000;
const TRIM_EVERY = 1_000;

/**
 * The wait behind so many failures in a row.
 *
 * @param longestMs never longer than that, however many there were
 */
export function waitBehind(failures: number, longestMs?: number): number {
  if (failures < FREE) return 0;
  if (longestMs !== undefined) return Math.min(longestMs, FIRST_MS * 2 ** Math.min(30, failures - FREE));
  return failures >= MOST ? DAY_MS : Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(30, failures - FREE));
}

/**
 * Failures that outlive a restart, by what was typed: also of names that nobody has, so that a delay tells nothing. A try counts
 * as a failure before it is looked at; of many at the same moment each waits for the one before.
 */
export function createFailures({ tables, clock, key }: { tables: Tables; clock: Clock; key: () => string }) {
  const hashOf = (account: string) => createHmac("sha256", key()).update(account).digest();
  let begun = 0;
  /** A flood of names that nobody has drives out its own: those with the fewest failures. */
  const trim = () =>
    tables.everywhere((tx) =>
      tx.run(
        `DELETE FROM guess_failure WHERE account_hash IN (SELECT account_hash FROM guess_failure
          ORDER BY failures DESC, until_at DESC OFFSET $1)`,
        [ROWS_MAX],
      ),
    );

  return {
    /** @throws RefusedInput RATE_LIMITED: it is not looked at before its time */
    async begin(account: string, longestMs?: number): Promise<void> {
      const now = clock.now();
      if (++begun % TRIM_EVERY === 0) await trim();
      const waitMs = await tables.everywhere(async (tx) => {
        const hash = hashOf(account);
        await tx.run(
          "INSERT INTO guess_failure (account_hash, failures, until_at) VALUES ($1, 0, $2) ON CONFLICT DO NOTHING",
          [hash, now],
        );
        const [row] = await tx.rows<{ failures: number; until_at: number }>(
          "SELECT failures, until_at FROM guess_failure WHERE account_hash = $1 FOR UPDATE",
          [hash],
        );
        if (!row) throw new Error("a row that was just written is not there");
        if (row.until_at > now) return row.until_at - now;
        const failures = row.failures + 1;
        await tx.run("UPDATE guess_failure SET failures = $2, until_at = $3 WHERE account_hash = $1", [
          hash,
          failures,
          now + waitBehind(failures, longestMs),
        ]);
        return 0;
      });
      if (waitMs > 0) throw new RefusedInput("RATE_LIMITED", { retryAfterS: Math.ceil(waitMs / 1000) });
    },

    async succeeded(account: string): Promise<void> {
      await tables.everywhere((tx) => tx.run("DELETE FROM guess_failure WHERE account_hash = $1", [hashOf(account)]));
    },

    /** Of those that end nobody knows any more. */
    async sweep(): Promise<void> {
      await tables.everywhere((tx) =>
        tx.run("DELETE FROM guess_failure WHERE until_at < $1", [clock.now() - FORGOTTEN_MS]),
      );
    },
  };
}

export type Failures = ReturnType<typeof createFailures>;
