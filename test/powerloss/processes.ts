import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

/** The PostgreSQL of a data directory: its first process and that one's children. */
export function postgresOf(dataDir: string): number[] {
  let first = 0;
  try {
    first = Number(readFileSync(join(dataDir, "postgres/postmaster.pid"), "utf8").split("\n")[0]);
  } catch {
    return [];
  }
  if (!(first > 0) || !commandOf(first).includes("postgres")) return [];
  const children = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && parentOf(name) === first);
  return [first, ...children.map(Number)];
}

export function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // It has ended by itself.
    }
  }
}

/** Everything at once, as power goes. Resolves when none of them is left. */
export async function killAll(server: number, dataDir: string): Promise<void> {
  const all = [server, ...postgresOf(dataDir)];
  signal(all, "SIGKILL");
  const deadline = performance.now() + 120_000;
  while (all.some(isRunning)) {
    if (performance.now() > deadline) throw new Error("waited two minutes for the end of what was killed");
    await wait(10);
  }
}

function statOf(pid: number | string): string[] {
  try {
    // Behind the name, which may have spaces: state, parent, ...
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  } catch {
    return [];
  }
}

const parentOf = (pid: string) => Number(statOf(pid)[1]);

function isRunning(pid: number): boolean {
  const [state] = statOf(pid);
  return state !== undefined && state !== "Z" && state !== "X";
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
