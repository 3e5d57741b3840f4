import { join } from "node:path";
import { OutsideTrouble } from "@openward/errors";
import type { Runtime, Timer } from "@openward/runtime";
import pg from "pg";
import { type Binaries, findBinaries } from "./binaries.ts";
import { type Cluster, ensureCluster, existingCluster } from "./cluster.ts";
import { clientConfig, type Login } from "./connection.ts";
import { isRunning } from "./lock.ts";
import type { Log } from "./ports.ts";
import {
  awaitBurial,
  chooseListening,
  DATABASE,
  type Listening,
  loginTo,
  type Postmaster,
  runningPostmaster,
  sameListening,
  startPostmaster,
  stopPostmaster,
  until,
} from "./postmaster.ts";
import { openTo, type SystemUser, systemUser } from "./system-user.ts";

/** The embedded server while we use it. */
export interface EmbeddedServer {
  readonly login: Login;
  /** True when it was found running, left behind by a process that was killed. */
  readonly wasRunning: boolean;
  pid(): number;
  /** Stop it and keep it stopped, as an operator would (and tests of an outage do). */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** For good: fast shutdown, so that the next start has nothing to recover. */
  close(): Promise<void>;
}

interface Options {
  readonly dataDir: string;
  readonly runtime: Runtime;
  readonly log: Log;
  /** Settings of PostgreSQL over ours. */
  readonly settings?: Readonly<Record<string, string>>;
}

const WATCH_EVERY_MS = 500;

/**
 * Start PostgreSQL on the data directory, or take over the one that still runs on it. The caller holds the
 * directory's lock. A server that dies is started again.
 */
export async function startEmbedded(options: Options): Promise<EmbeddedServer> {
  const { dataDir, runtime, log } = options;
  const owner = systemUser(join(dataDir, "postgres"));
  if (owner) openTo(owner, dataDir);
  const binaries = findBinaries(dataDir, owner);
  const cluster = await ensureCluster(dataDir, binaries, owner, runtime.random);

  let postmaster = await takeOver(cluster, runtime, log);
  const listen = postmaster ? sameListening(postmaster) : await chooseListening(cluster);
  const launch = () => launchPostmaster(cluster, binaries, owner, listen, options);
  const wasRunning = postmaster !== undefined;
  postmaster ??= await launch();
  const login = loginTo(cluster, postmaster);
  await ensureDatabase(cluster, postmaster);

  let wanted = true;
  let starting: Promise<void> | undefined;
  const start = (): Promise<void> => {
    starting ??= launch()
      .then((started) => {
        postmaster = started;
      })
      .finally(() => {
        starting = undefined;
      });
    return starting;
  };
  const watchdog: Timer = runtime.timers.every(WATCH_EVERY_MS, () => {
    if (!wanted || starting || (postmaster && isRunning(postmaster.pid))) return;
    log.error({ pid: postmaster?.pid }, "PostgreSQL has ended and is started again");
    start().catch((error) => log.error({ err: error }, "PostgreSQL does not start"));
  });
  const stop = async () => {
    wanted = false;
    await starting?.catch(() => {});
    // A session that does not end holds up the fast shutdown; the immediate one costs a recovery at the next start.
    if (postmaster && !(await stopPostmaster(postmaster, runtime.timers))) {
      await stopPostmaster(postmaster, runtime.timers, "SIGQUIT", 5_000);
    }
  };

  return {
    login,
    wasRunning,
    pid: () => postmaster?.pid ?? 0,
    stop,
    async start() {
      await start();
      wanted = true;
    },
    async close() {
      watchdog.cancel();
      await stop();
    },
  };
}

/** The login to a server that another process runs on this data directory; undefined: none does. */
export function attachEmbedded(dataDir: string): Login | undefined {
  const cluster = existingCluster(dataDir);
  const postmaster = cluster && runningPostmaster(cluster);
  return cluster && postmaster?.isReady ? loginTo(cluster, postmaster) : undefined;
}

/** Stop whatever server still runs on the data directory; for clearing up after a process that was killed. */
export async function stopLeftover(dataDir: string, runtime: Runtime): Promise<void> {
  const cluster = existingCluster(dataDir);
  const postmaster = cluster && runningPostmaster(cluster);
  if (postmaster) await stopPostmaster(postmaster, runtime.timers);
}

// A server outlives the process that started it. Reusing it is quicker than a restart, but the sessions of that process
// must be over first: a commit of theirs that is still under way would come in behind our reading of the journal.
async function takeOver(cluster: Cluster, runtime: Runtime, log: Log): Promise<Postmaster | undefined> {
  const found = runningPostmaster(cluster);
  if (!found) return undefined;
  const ready = await until(runtime.timers, 3_000, () => {
    const now = runningPostmaster(cluster);
    if (!now) return null;
    return now.isReady ? now : undefined;
  });
  if (ready && (await endSessions(cluster, ready))) {
    log.info({ pid: ready.pid }, "PostgreSQL was still running and is used again");
    return ready;
  }
  log.warn({ pid: found.pid }, "PostgreSQL was still running but does not answer, and is restarted");
  const stopped = await stopPostmaster(found, runtime.timers, "SIGQUIT", 5_000);
  if (!stopped)
    throw new OutsideTrouble("DATA_DIR_IN_USE", true, { at: cluster.folder, received: `PostgreSQL ${found.pid}` });
  return undefined;
}

async function endSessions(cluster: Cluster, postmaster: Postmaster): Promise<boolean> {
  const client = new pg.Client({ ...clientConfig(loginTo(cluster, postmaster, "postgres")), query_timeout: 5_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ ended: boolean }>(
      `SELECT coalesce(bool_and(pg_terminate_backend(pid, 3000)), true) AS ended FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
    );
    return rows[0]?.ended === true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

async function launchPostmaster(
  cluster: Cluster,
  binaries: Binaries,
  owner: SystemUser | undefined,
  listen: Listening,
  options: Options,
): Promise<Postmaster> {
  const logFile = join(options.dataDir, "postgres.log");
  const { timers } = options.runtime;
  const extra = options.settings ?? {};
  await awaitBurial(cluster, timers);
  try {
    return await startPostmaster(cluster, binaries, owner, { logFile, timers, listen, extra });
  } catch (error) {
    // Sessions of a server that was killed may take a moment to notice, and hold its shared memory until then.
    options.log.warn({ err: error }, "PostgreSQL did not start; once more");
    await new Promise<void>((resolve) => void timers.after(1_000, resolve));
    return startPostmaster(cluster, binaries, owner, { logFile, timers, listen, extra });
  }
}

const NO_SUCH_DATABASE = "3D000";
const DUPLICATE_DATABASE = "42P04";

async function ensureDatabase(cluster: Cluster, postmaster: Postmaster): Promise<void> {
  try {
    await withClient(loginTo(cluster, postmaster), async () => {});
  } catch (error) {
    if ((error as { code?: string }).code !== NO_SUCH_DATABASE) throw error;
    await withClient(loginTo(cluster, postmaster, "postgres"), async (client) => {
      try {
        await client.query(`CREATE DATABASE ${DATABASE}`);
      } catch (failure) {
        if ((failure as { code?: string }).code !== DUPLICATE_DATABASE) throw failure;
      }
    });
  }
}

async function withClient(login: Login, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client(clientConfig(login));
  client.on("error", () => {});
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
