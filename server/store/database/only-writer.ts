import { OutsideTrouble } from "@openward/errors";
import type { Timers } from "@openward/runtime";
import type { Pool, PoolClient } from "pg";
import { endEarlierWriters } from "./earlier-writers.ts";
import type { Log } from "./ports.ts";

/** Any number; the same in every Openward. */
const LOCK = 7_077_234;
const TRIES = 50;
const TRY_EVERY_MS = 100;
const RECONNECT_EVERY_MS = 500;

/** This process is the one that writes to the database. */
export interface OnlyWriter {
  release(): void;
}

/**
 * Tails and the journal's watermark are one process's: a second server on the same database, with a data directory of
 * its own, is refused. The session of a server that was killed may take a moment to end.
 *
 * The lock lives as long as its session. When the database restarts, or the session is ended, it is taken again as soon
 * as the database answers; when another server was quicker, `onSuperseded` is told, and this one must stop.
 *
 * @param owner a pool under the login
 * @throws OutsideTrouble DATA_DIR_IN_USE; DATABASE_UNREACHABLE when connections of an earlier process do not end
 */
export async function becomeOnlyWriter({
  owner,
  timers,
  log,
  onSuperseded,
}: {
  owner: Pool;
  timers: Timers;
  log: Log;
  onSuperseded: (error: OutsideTrouble) => void;
}): Promise<OnlyWriter> {
  let isReleased = false;
  let held: PoolClient | undefined;
  const pause = (ms: number) => new Promise<void>((resolve) => void timers.after(ms, resolve));

  const hold = async () => {
    const client = await lockedSession(owner, pause);
    if (isReleased) return client.release(true);
    held = client;
    const lost = () => {
      if (held !== client) return;
      held = undefined;
      // The pool counts it as lent until it is told.
      client.release(true);
      if (!isReleased) void holdAgain();
    };
    client.on("error", lost);
    client.on("end", lost);
  };
  const holdAgain = async () => {
    while (!isReleased) {
      try {
        await hold();
        log.info({}, "this server is the only writer again");
        return;
      } catch (error) {
        if (error instanceof OutsideTrouble) return onSuperseded(error);
        await pause(RECONNECT_EVERY_MS);
      }
    }
  };

  const release = () => {
    isReleased = true;
    const client = held;
    held = undefined;
    client?.release(true);
  };

  await hold();
  // Not when the lock is taken again: then the journal's connections are our own.
  await endEarlierWriters(owner).catch((error: unknown) => {
    release();
    throw error;
  });
  return { release };
}

async function lockedSession(owner: Pool, pause: (ms: number) => Promise<void>): Promise<PoolClient> {
  const client = await owner.connect();
  try {
    for (let tries = 0; tries < TRIES; tries++) {
      const { rows } = await client.query<{ locked: boolean }>("SELECT pg_try_advisory_lock($1) AS locked", [LOCK]);
      if (rows[0]?.locked) return client;
      await pause(TRY_EVERY_MS);
    }
  } catch (error) {
    client.release(true);
    throw error;
  }
  client.release();
  const expected = "a database that no other Openward uses";
  throw new OutsideTrouble("DATA_DIR_IN_USE", true, { at: "OPENWARD_DATABASE_URL", expected });
}
