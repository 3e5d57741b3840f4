import { spawn } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OutsideTrouble } from "@openward/errors";
import type { Random } from "@openward/runtime";
import type { Binaries } from "./binaries.ts";
import type { SystemUser } from "./system-user.ts";

/** PostgreSQL's own folder inside the data directory, and the password of its superuser. */
export interface Cluster {
  readonly folder: string;
  readonly user: string;
  readonly password: string;
}

export const SUPERUSER = "openward";

/**
 * The cluster of a data directory; made when there is none. It is built beside its place and moved there when it is
 * complete and on disk, so that a start that was cut off leaves nothing half made.
 *
 * @throws OutsideTrouble DATA_DIR_NEWER when it belongs to another major version
 */
export async function ensureCluster(
  dataDir: string,
  binaries: Binaries,
  owner: SystemUser | undefined,
  random: Random,
): Promise<Cluster> {
  const folder = join(dataDir, "postgres");
  const password = ensurePassword(dataDir, random);
  if (existsSync(join(folder, "PG_VERSION"))) {
    const version = readFileSync(join(folder, "PG_VERSION"), "utf8").trim();
    if (version !== binaries.majorVersion) {
      const facts = { at: folder, expected: `PostgreSQL ${binaries.majorVersion}`, received: `PostgreSQL ${version}` };
      throw new OutsideTrouble("DATA_DIR_NEWER", false, facts);
    }
    return { folder, user: SUPERUSER, password };
  }
  await initialise(folder, password, binaries, owner);
  return { folder, user: SUPERUSER, password };
}

/**
 * The cluster that is there, for those who did not start it.
 *
 * @throws OutsideTrouble DATA_DIR_UNWRITABLE when it belongs to another user
 */
export function existingCluster(dataDir: string): Cluster | undefined {
  const folder = join(dataDir, "postgres");
  try {
    return { folder, user: SUPERUSER, password: readFileSync(passwordFile(dataDir), "utf8").trim() };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    const facts = { at: "OPENWARD_DATA_DIR", expected: "the user who started Openward there", received: dataDir };
    throw new OutsideTrouble("DATA_DIR_UNWRITABLE", false, facts, { cause });
  }
}

const passwordFile = (dataDir: string) => join(dataDir, "postgres.password");

function ensurePassword(dataDir: string, random: Random): string {
  const file = passwordFile(dataDir);
  if (existsSync(file)) return readFileSync(file, "utf8").trim();
  const password = Buffer.from(random.bytes(32)).toString("base64url");
  writeFileSync(`${file}.new`, `${password}\n`, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
  return password;
}

async function initialise(
  folder: string,
  password: string,
  binaries: Binaries,
  owner: SystemUser | undefined,
): Promise<void> {
  const draft = `${folder}.new`;
  const secret = `${folder}.secret`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  writeFileSync(secret, `${password}\n`, { mode: 0o600 });
  chmodSync(secret, 0o600);
  if (owner) {
    chownSync(draft, owner.uid, owner.gid);
    chownSync(secret, owner.uid, owner.gid);
  }
  try {
    await run(
      binaries.initdb,
      [
        `--pgdata=${draft}`,
        `--username=${SUPERUSER}`,
        `--pwfile=${secret}`,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        // PostgreSQL's own Unicode rules: the same on every machine, whatever its locales are.
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
      ],
      owner,
    );
  } finally {
    rmSync(secret, { force: true });
  }
  renameSync(draft, folder);
}

function run(program: string, args: readonly string[], owner: SystemUser | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ["ignore", "ignore", "pipe"],
      cwd: "/",
      ...(owner ? { uid: owner.uid, gid: owner.gid } : {}),
    });
    let complaint = "";
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      complaint = (complaint + chunk).slice(-2000);
    });
    child.on("error", (cause) => reject(new OutsideTrouble("DATABASE_UNREACHABLE", false, { at: program }, { cause })));
    child.on("close", (code) => {
      if (code === 0) resolve();
      else
        reject(
          new OutsideTrouble("DATABASE_UNREACHABLE", false, { at: program }, { cause: new Error(complaint.trim()) }),
        );
    });
  });
}
