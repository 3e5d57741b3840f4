import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemRuntime } from "@openward/runtime/system";
import { openDatabase } from "../index.ts";

const quietLog = { info: () => {}, warn: () => {}, error: () => {} };
const sources = ["../", "../../migrations/"].map((folder) => fileURLToPath(new URL(folder, import.meta.url)));

/**
 * A new data directory with a database in it as its first start leaves it: copied from one that is made once for this
 * code and kept in the machine's temporary folder. Making one takes seconds, and dozens of tests need one.
 */
export async function preparedDataDir(): Promise<string> {
  const prepared = join(tmpdir(), `openward-prepared-${userInfo().username}-${fingerprint()}`);
  if (!existsSync(prepared)) await prepare(prepared);
  const dataDir = mkdtempSync(join(tmpdir(), "openward-test-"));
  // Keeps owners and modes, which PostgreSQL insists on; Node's own copy does not.
  execFileSync("cp", ["-a", `${prepared}/.`, dataDir]);
  return dataDir;
}

// Built aside and moved: tests that run at the same time see it whole or not at all, and the second one is thrown away.
async function prepare(place: string): Promise<void> {
  const draft = mkdtempSync(join(tmpdir(), "openward-draft-"));
  const settings = { fsync: "off", full_page_writes: "off" };
  const options = { dataDir: draft, runtime: systemRuntime, log: quietLog, allowUndurable: true, settings };
  try {
    await (await openDatabase(options)).close();
    rmSync(join(draft, "postgres.log"));
    renameSync(draft, place);
  } catch (error) {
    if (!existsSync(place)) throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

function fingerprint(): string {
  const hash = createHash("sha256").update(process.version);
  for (const folder of sources) {
    for (const name of readdirSync(folder).sort()) {
      if (/\.(ts|sql)$/.test(name)) hash.update(name).update(readFileSync(join(folder, name)));
    }
  }
  return hash.digest("hex").slice(0, 16);
}
