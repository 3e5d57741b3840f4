import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { OutsideTrouble } from "@openward/errors";
import type { Timers } from "@openward/runtime";
import type { Binaries } from "./binaries.ts";
import type { Cluster } from "./cluster.ts";
import type { Login } from "./connection.ts";
import { isRunning, isZombie } from "./lock.ts";
import type { SystemUser } from "./system-user.ts";

/** What a running server says of itself in postmaster.pid. */
export interface Postmaster {
  readonly pid: number;
  /** A socket folder, or an address of the loopback. */
  readonly host: string;
  readonly port: number;
  readonly isReady: boolean;
}

export const DATABASE = "openward";

// The longest path of a unix socket is 107 bytes on Linux and 103 on macOS, ".s.PGSQL.5432" included.
const SOCKET_FOLDER_MAX = 88;

const SETTINGS: Readonly<Record<string, string>> = {
  shared_buffers: "256MB",
  max_connections: "60",
  max_wal_size: "2GB",
  wal_compression: "on",
  jit: "off",
  // Two cores that also take in readings: a report does not spread over all of them.
  max_parallel_workers_per_gather: "0",
  idle_in_transaction_session_timeout: "60s",
  password_encryption: "scram-sha-256",
  log_min_messages: "warning",
  // The detail of an error quotes the row: a name, a record number.
  log_error_verbosity: "terse",
  log_line_prefix: "%m [%p] %a ",
};

/** The server that runs on this cluster, if one does. */
export function runningPostmaster(cluster: Cluster): Postmaster | undefined {
  const lines = readPidFile(cluster);
  if (!lines) return undefined;
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0 || !isRunning(pid) || !isPostgres(pid)) return undefined;
  // Lines: pid, data folder, start time, port, socket folder, listen address, shared memory key, status.
  return { pid, port: Number(lines[3]), host: lines[4] || lines[5] || "127.0.0.1", isReady: lines[7] === "ready" };
}

/**
 * Wait for a server that was killed to be collected by the system: until then PostgreSQL takes its number for a server
 * that runs, and refuses to start.
 */
export async function awaitBurial(cluster: Cluster, timers: Timers, patienceMs = 10_000): Promise<void> {
  await until(timers, patienceMs, () => {
    const pid = Number(readPidFile(cluster)?.[0]);
    return pid > 0 && isZombie(pid) ? undefined : true;
  });
}

function readPidFile(cluster: Cluster): string[] | undefined {
  try {
    return readFileSync(join(cluster.folder, "postmaster.pid"), "utf8")
      .split("\n")
      .map((line) => line.trim());
  } catch {
    return undefined;
  }
}

// After a restart of the machine the number may have gone to another program.
function isPostgres(pid: number): boolean {
  if (process.platform !== "linux") return true;
  try {
    return /postgres/.test(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
  } catch {
    return false;
  }
}

export function loginTo(cluster: Cluster, postmaster: Postmaster, database = DATABASE): Login {
  const { user, password } = cluster;
  return { host: postmaster.host, port: postmaster.port, user, password, database, roleSecret: password };
}

/**
 * Start a server on the cluster and wait until it takes connections. It is a process of its own, so that a signal
 * from the keyboard, or our end, does not take it down in the middle of its work.
 *
 * @throws OutsideTrouble DATABASE_UNREACHABLE with the end of its log when it does not come up within the time
 */
export async function startPostmaster(
  cluster: Cluster,
  binaries: Binaries,
  owner: SystemUser | undefined,
  options: {
    logFile: string;
    timers: Timers;
    listen: Listening;
    extra?: Readonly<Record<string, string>>;
    patienceMs?: number;
  },
): Promise<Postmaster> {
  const args = ["-D", cluster.folder];
  const settings = { ...SETTINGS, ...options.listen, ...options.extra };
  for (const [name, value] of Object.entries(settings)) args.push("-c", `${name}=${value}`);
  const log = openLog(options.logFile);
  let ended: string | undefined;
  try {
    const child = spawn(binaries.postgres, args, {
      detached: true,
      stdio: ["ignore", log, log],
      cwd: "/",
      ...(owner ? { uid: owner.uid, gid: owner.gid } : {}),
    });
    child.on("error", (error) => {
      ended = error.message;
    });
    child.on("exit", (code, signal) => {
      ended = `exit ${code ?? signal}`;
    });
    child.unref();
    const postmaster = await until(options.timers, options.patienceMs ?? 60_000, () => {
      if (ended !== undefined) return null;
      const found = runningPostmaster(cluster);
      return found?.isReady && found.pid === child.pid ? found : undefined;
    });
    if (postmaster) return postmaster;
  } finally {
    closeSync(log);
  }
  throw new OutsideTrouble(
    "DATABASE_UNREACHABLE",
    true,
    { at: "embedded PostgreSQL", expected: "a running server" },
    { cause: new Error(`${ended ?? "not ready in time"}: ${tailOf(options.logFile)}`) },
  );
}

/** Fast shutdown: sessions end, everything is written. Resolves when the process is gone. */
export async function stopPostmaster(
  postmaster: Postmaster,
  timers: Timers,
  signal: "SIGINT" | "SIGQUIT" = "SIGINT",
  patienceMs = 30_000,
): Promise<boolean> {
  try {
    process.kill(postmaster.pid, signal);
  } catch {
    return true;
  }
  return (await until(timers, patienceMs, () => (isRunning(postmaster.pid) ? undefined : true))) === true;
}

/** Ask again every 10 ms; null from `ask` gives up, and so does the end of the time. */
export async function until<T>(timers: Timers, patienceMs: number, ask: () => T | null | undefined): Promise<T | null> {
  for (let waited = 0; ; waited += 10) {
    const answer = ask();
    if (answer !== undefined) return answer;
    if (waited >= patienceMs) return null;
    await new Promise<void>((resolve) => void timers.after(10, resolve));
  }
}

/** Settings that say where the server takes connections. */
export type Listening = Readonly<Record<"listen_addresses" | "unix_socket_directories" | "port", string>>;

/**
 * A unix socket inside the cluster's own folder is reachable for nobody else. Where its path would be too long, or the
 * system has none, a free port of the loopback.
 */
export async function chooseListening(cluster: Cluster): Promise<Listening> {
  if (process.platform !== "win32" && Buffer.byteLength(cluster.folder) <= SOCKET_FOLDER_MAX) {
    return { listen_addresses: "", unix_socket_directories: cluster.folder, port: "5432" };
  }
  return { listen_addresses: "127.0.0.1", unix_socket_directories: "", port: String(await freePort()) };
}

/** The same place again, so that those who know it find a restarted server. */
export function sameListening({ host, port }: Postmaster): Listening {
  const isSocket = host.startsWith("/");
  return { listen_addresses: isSocket ? "" : host, unix_socket_directories: isSocket ? host : "", port: String(port) };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

const LOG_BYTES_MAX = 10 * 1024 * 1024;

function openLog(file: string): number {
  if (existsSync(file) && statSync(file).size > LOG_BYTES_MAX) rmSync(file);
  return openSync(file, "a", 0o600);
}

function tailOf(file: string): string {
  try {
    return readFileSync(file, "utf8").slice(-1500).trim();
  } catch {
    return "";
  }
}
