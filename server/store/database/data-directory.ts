import { accessSync, constants, existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { OutsideTrouble } from "@openward/errors";
import type { Timers } from "@openward/runtime";
import { type DirectoryLock, type LockHolder, lockDirectory } from "./lock.ts";

/**
 * Make the data directory where it is missing and see that it can be written.
 *
 * @throws OutsideTrouble DATA_DIR_UNWRITABLE
 */
export function ensureDataDirectory(dataDir: string): void {
  try {
    makeFolder(dataDir, 0o700);
    if (!statSync(dataDir).isDirectory()) throw new Error("not a folder");
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw unwritable(dataDir, cause);
  }
}

// One by one: Node's own recursive mkdir never returns where the system answers ENOENT for a folder that is there (/proc).
function makeFolder(folder: string, mode: number): void {
  if (existsSync(folder)) return;
  if (dirname(folder) !== folder) makeFolder(dirname(folder), 0o755);
  try {
    mkdirSync(folder, mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

// A command holds the directory for seconds only; another server is not waited for.
const COMMAND_PATIENCE_MS = 10_000;

/**
 * @throws OutsideTrouble DATA_DIR_IN_USE, with the process that holds it; DATA_DIR_UNWRITABLE
 */
export async function takeDataDirectory(
  dataDir: string,
  mode: LockHolder["mode"],
  timers: Timers,
): Promise<DirectoryLock> {
  for (let waited = 0; ; waited += 50) {
    const taken = tryLock(dataDir, mode);
    if ("release" in taken) return taken;
    if (taken.mode === "serve" || waited >= COMMAND_PATIENCE_MS) {
      const facts = {
        at: "OPENWARD_DATA_DIR",
        expected: "a data directory of its own",
        received: `${dataDir} (process ${taken.pid})`,
      };
      throw new OutsideTrouble("DATA_DIR_IN_USE", false, facts);
    }
    await new Promise<void>((resolve) => void timers.after(50, resolve));
  }
}

function tryLock(dataDir: string, mode: LockHolder["mode"]): DirectoryLock | LockHolder {
  try {
    return lockDirectory(dataDir, mode);
  } catch (cause) {
    throw unwritable(dataDir, cause);
  }
}

const unwritable = (dataDir: string, cause: unknown) =>
  new OutsideTrouble(
    "DATA_DIR_UNWRITABLE",
    false,
    { at: "OPENWARD_DATA_DIR", expected: "a folder that this user can write", received: dataDir },
    { cause },
  );
