import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The first process of the embedded PostgreSQL; undefined where none has written its number. */
export function databaseProcess(dataDir: string): number | undefined {
  try {
    return Number(readFileSync(join(dataDir, "postgres", "postmaster.pid"), "utf8").split("\n")[0]) || undefined;
  } catch {
    return undefined;
  }
}

/** The embedded PostgreSQL: its first process and its children (Linux). */
export function databaseProcesses(dataDir: string): number[] {
  const first = databaseProcess(dataDir);
  if (first === undefined) return [];
  const children = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
        return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]) === first;
      } catch {
        return false;
      }
    })
    .map(Number);
  return [first, ...children];
}
