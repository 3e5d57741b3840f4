import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

/** The first of these programs that is installed. */
export const findProgram = (...paths: string[]) => paths.find((path) => existsSync(path));

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

export interface RunningServer {
  readonly pid: number;
  stop(): Promise<void>;
}

const START_MS = 30_000;

/** Starts a peer and waits until it answers. */
export async function startServer(
  program: string,
  args: readonly string[],
  isReady: () => Promise<boolean>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<RunningServer> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      said = (said + chunk).slice(-4000);
    });
  }
  const until = performance.now() + START_MS;
  while (!(await isReady().catch(() => false))) {
    if (child.exitCode !== null || performance.now() > until) {
      child.kill("SIGKILL");
      throw new Error(`${program} does not start: ${said}`);
    }
    await wait(100);
  }
  return { pid: child.pid ?? 0, stop: () => end(child) };
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), START_MS);
    child.once("exit", () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill("SIGTERM");
  });
}

/** What the files below a folder take up on the disk. */
export function folderBytes(folder: string): number {
  let sum = 0;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (!stat) continue;
    sum += stat.isDirectory() ? folderBytes(path) : stat.blocks * 512;
  }
  return sum;
}

const TICKS_PER_S = 100;

export interface CpuSeconds {
  /** The process itself. */
  readonly own: number;
  /** All its descendants, those that have ended included. */
  readonly descendants: number;
}

/** CPU of a server and of the PostgreSQL that it started, until now (Linux). */
export function cpuSeconds(pid: number): CpuSeconds {
  const children = new Map<number, number[]>();
  const ticks = new Map<number, number>();
  let own = 0;
  for (const name of readdirSync("/proc")) {
    const id = Number(name);
    if (!Number.isInteger(id)) continue;
    let stat: string;
    try {
      stat = readFileSync(`/proc/${name}/stat`, "latin1");
    } catch {
      continue; // it has ended since
    }
    // The program's name may hold spaces; the fields begin behind its bracket.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const parent = Number(fields[1]);
    if (id === pid) own = Number(fields[11]) + Number(fields[12]);
    ticks.set(id, Number(fields[11]) + Number(fields[12]) + Number(fields[13]) + Number(fields[14]));
    children.set(parent, [...(children.get(parent) ?? []), id]);
  }
  const sum = (id: number): number =>
    (ticks.get(id) ?? 0) + (children.get(id) ?? []).reduce((all, child) => all + sum(child), 0);
  return { own: own / TICKS_PER_S, descendants: (sum(pid) - own) / TICKS_PER_S };
}
