import { execFileSync } from "node:child_process";
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Who holds a data directory. `command` holders are short-lived and worth waiting for. */
export interface LockHolder {
  readonly pid: number;
  /** What tells this process from a later one of the same number; null where the system does not say. */
  readonly startedAs: string | null;
  readonly mode: "serve" | "command";
}

export interface DirectoryLock {
  release(): void;
}

const FILE = "openward.lock";

/**
 * Take the data directory for this process. The lock is a file that names its holder, and counts only while that
 * very process lives, so that a killed one leaves nothing behind that has to be cleaned up.
 *
 * @returns the lock, or who holds it
 */
export function lockDirectory(dataDir: string, mode: LockHolder["mode"]): DirectoryLock | LockHolder {
  const path = join(dataDir, FILE);
  const self: LockHolder = { pid: process.pid, startedAs: startOf(process.pid), mode };
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(self), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 10; attempt++) {
      // link() fails when the name exists: of two processes exactly one gets it, with its content complete.
      if (link(draft, path)) return { release: () => rmSync(path, { force: true }) };
      const holder = readHolder(path);
      if (holder && isAlive(holder)) return holder;
      replaceStale(path, draft);
    }
    return readHolder(path) ?? self;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Who holds the directory now; undefined: nobody. */
export function lockHolder(dataDir: string): LockHolder | undefined {
  const holder = readHolder(join(dataDir, FILE));
  return holder && isAlive(holder) ? holder : undefined;
}

// Under a second lock, so that of two processes that see the same dead holder the slower one does not
// remove the lock that the quicker one has just taken.
function replaceStale(path: string, draft: string): void {
  const takeover = `${path}.takeover`;
  if (!link(draft, takeover)) {
    const other = readHolder(takeover);
    if (!other || !isAlive(other)) rmSync(takeover, { force: true });
    return;
  }
  const holder = readHolder(path);
  if (!holder || !isAlive(holder)) rmSync(path, { force: true });
  rmSync(takeover, { force: true });
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function readHolder(path: string): LockHolder | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as LockHolder;
  } catch {
    return undefined;
  }
}

function isAlive(holder: LockHolder): boolean {
  if (holder.pid === process.pid && holder.startedAs === startOf(process.pid)) return true;
  return isRunning(holder.pid) && (holder.startedAs === null || holder.startedAs === startOf(holder.pid));
}

/** Is there a process of that number, whoever owns it? One that has ended and was not yet collected does not count. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  return process.platform !== "linux" || !["Z", "X", undefined].includes(statOf(pid)?.[0]);
}

/** Has it ended, and still waits for its parent, or the system in its place, to take note? */
export function isZombie(pid: number): boolean {
  return process.platform === "linux" && statOf(pid)?.[0] === "Z";
}

/** The fields of /proc/{pid}/stat from the state on; the name before it may hold spaces. */
function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

/** The start of a process as the system tells it, together with the start of the system. */
function startOf(pid: number): string | null {
  try {
    if (process.platform === "linux") {
      // Field 22 of proc_pid_stat(5), in ticks since the system started.
      const ticks = statOf(pid)?.[19];
      return ticks === undefined ? null : `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${ticks}`;
    }
    if (process.platform === "win32") return null;
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim() || null;
  } catch {
    return null;
  }
}
