import type { Clock } from "@openward/runtime";
import type { Tables, Transaction } from "../ports.ts";

/** How long what has run out stays, so that its reuse is noticed as such. */
const KEPT_MS = 24 * 3_600_000;

/** The grant and everything that stands on it. */
export async function endGrant(tx: Transaction, grantHash: Buffer): Promise<void> {
  await tx.run("DELETE FROM oauth_record WHERE grant_hash = $1 OR (kind = 'Grant' AND id_hash = $1)", [grantHash]);
}

/** Deletes what ran out. */
export async function sweep(tables: Tables, clock: Clock): Promise<void> {
  const before = clock.now() - KEPT_MS;
  await tables.everywhere(async (tx) => {
    await tx.run("DELETE FROM oauth_record WHERE expires_at < $1", [before]);
    await tx.run("DELETE FROM oauth_launch WHERE expires_at < $1", [before]);
  });
}
