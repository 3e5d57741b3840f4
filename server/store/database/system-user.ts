import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, chownSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { OutsideTrouble } from "@openward/errors";

/** PostgreSQL refuses to run as root; as root it runs as this user, otherwise as whoever we are. */
export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const NAME = "postgres";

/**
 * @param cluster PostgreSQL's folder: where somebody else has begun it, it goes on as theirs
 * @returns undefined when we are not root; else the folder's owner, or the user `postgres`, made when there is none
 * @throws OutsideTrouble DATA_DIR_UNWRITABLE when there is none and none can be made
 */
export function systemUser(cluster: string): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const owner = statSync(cluster, { throwIfNoEntry: false });
  if (owner && owner.uid !== 0) return { name: String(owner.uid), uid: owner.uid, gid: owner.gid };
  return lookUp(NAME) ?? create();
}

function lookUp(name: string): SystemUser | undefined {
  const uid = spawnSync("id", ["-u", name], { encoding: "utf8" });
  const gid = spawnSync("id", ["-g", name], { encoding: "utf8" });
  return uid.status === 0 && gid.status === 0 ? { name, uid: Number(uid.stdout), gid: Number(gid.stdout) } : undefined;
}

function create(): SystemUser {
  let cause: unknown;
  try {
    execFileSync("useradd", ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", NAME], {
      stdio: "pipe",
    });
  } catch (error) {
    cause = error;
  }
  const user = lookUp(NAME);
  if (user) return user;
  throw new OutsideTrouble(
    "DATA_DIR_UNWRITABLE",
    false,
    {
      at: "OPENWARD_DATA_DIR",
      expected: `a system user ${NAME} (PostgreSQL does not run as root): make one, or start Openward as another user`,
    },
    { cause },
  );
}

/** Can the user enter that folder? Asked of the system itself, which knows about more than mode bits. */
export function canEnter(user: SystemUser, folder: string): boolean {
  return (
    spawnSync("/bin/sh", ["-c", 'cd -- "$1"', "sh", folder], {
      uid: user.uid,
      gid: user.gid,
      cwd: "/",
      stdio: "ignore",
    }).status === 0
  );
}

/**
 * Let the user pass through the data directory, by its group and no wider than that; the folders above it are not ours
 * to open.
 *
 * @throws OutsideTrouble DATA_DIR_UNWRITABLE, naming the folder to choose
 */
export function openTo(user: SystemUser, dataDir: string): void {
  if (canEnter(user, dataDir)) return;
  if (canEnter(user, dirname(dataDir))) {
    const { uid, mode } = statSync(dataDir);
    chownSync(dataDir, uid, user.gid);
    chmodSync(dataDir, (mode & 0o7777) | 0o010);
    if (canEnter(user, dataDir)) return;
  }
  throw new OutsideTrouble("DATA_DIR_UNWRITABLE", false, {
    at: "OPENWARD_DATA_DIR",
    expected: `a folder that the user ${user.name} can reach, for example /var/lib/openward`,
    received: dataDir,
  });
}
