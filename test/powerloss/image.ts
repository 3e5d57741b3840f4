import { execFileSync } from "node:child_process";
import {
  type BigIntStats,
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Random } from "@openward/runtime";

const SLOTS = 65_536;
const SECTOR = 512;

/** A file or folder by its inode and birth, as powerloss.c writes it. */
type Identity = string;
interface Entry {
  readonly isFolder: boolean;
  readonly identity: Identity;
}

/** A data directory of which it is known what a loss of power leaves. */
export class Image {
  readonly #dataDir: string;
  readonly state: string;
  #before = new Map<string, Entry>();

  constructor(dataDir: string, state: string) {
    this.#dataDir = dataDir;
    this.state = state;
  }

  /** What stands there now is durable; what is written from now on is when it is flushed. */
  async begin(): Promise<void> {
    const { state } = this;
    rmSync(state, { recursive: true, force: true });
    mkdirSync(join(state, "content"), { recursive: true });
    execFileSync("cp", ["-a", this.#dataDir, join(state, "before")]);
    this.#before = walk(this.#dataDir);
    for (const name of ["names", "making"]) writeFileSync(join(state, name), "");
    const table = Buffer.alloc(16 + SLOTS * 24);
    // Births are told in ticks of the kernel.
    await wait(50);
    table.writeBigUInt64LE(BigInt(Date.now()) * 1_000_000n - 20_000_000n, 8);
    writeFileSync(join(state, "written"), table);
    // PostgreSQL runs as a user of its own.
    for (const name of ["", "content", "names", "making", "written"]) chmodSync(join(state, name), 0o777);
  }

  /**
   * Put the directory back to what is durable.
   *
   * @param survives draws what has reached the disk all the same, in sectors, and which names; undefined: nothing has
   * @returns how many files and names were put back
   */
  losePower(survives: Random | undefined): { readonly files: number; readonly names: number } {
    const { state } = this;
    const live = join(state, "live");
    renameSync(this.#dataDir, live);
    execFileSync("cp", ["-a", join(state, "before"), this.#dataDir]);
    const there = walk(live);
    const pathNow = new Map([...there].map(([path, { identity }]) => [identity, path]));
    const pathBefore = new Map([...this.#before].map(([path, { identity }]) => [identity, path]));
    const durable = this.#durableNames();
    let names = 0;
    for (const path of new Set([...durable.keys(), ...there.keys()])) {
      const [kept, now] = [durable.get(path), there.get(path)];
      if (kept?.identity === now?.identity) continue;
      const isKept = !survives || kept?.isFolder || now?.isFolder || survives.float() < 0.5;
      if (isKept) names++;
      else if (now) durable.set(path, now);
      else durable.delete(path);
    }
    for (const path of [...this.#before.keys()].toReversed())
      if (!durable.has(path)) rmSync(join(this.#dataDir, path), { recursive: true, force: true });
    const owner = (path: string): BigIntStats => lstatSync(path, { bigint: true });
    let files = 0;
    for (const [path, { isFolder, identity }] of [...durable].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const to = join(this.#dataDir, path);
      const nowAt = pathNow.get(identity);
      const pattern = nowAt === undefined ? dirname(to) : join(live, nowAt);
      if (isFolder) {
        if (existsSync(to)) continue;
        mkdirSync(to);
      } else {
        const content = join(state, "content", identity.slice(1));
        const before = pathBefore.get(identity);
        if (existsSync(content)) copyFileSync(content, to);
        else if (before === undefined) writeFileSync(to, "");
        else if (before !== path) copyFileSync(join(state, "before", before), to);
        if (nowAt !== undefined && mixed(to, join(live, nowAt), survives)) files++;
      }
      const { uid, gid, mode } = owner(pattern);
      chownSync(to, Number(uid), Number(gid));
      chmodSync(to, Number(mode) & (isFolder ? 0o777 : 0o666));
    }
    rmSync(live, { recursive: true, force: true });
    return { files, names };
  }

  #durableNames(): Map<string, Entry> {
    const names = new Map(this.#before);
    for (const line of readFileSync(join(this.state, "names"), "utf8").split("\n")) {
      const [kind, place = "", ...rest] = line.split("\t");
      if (kind === "file") names.set(place, entryOf(rest[0] as string));
      if (kind !== "folder") continue;
      const listed = new Map<string, Entry>();
      for (let i = 0; i + 1 < rest.length; i += 2) listed.set(`${place}${rest[i]}`, entryOf(rest[i + 1] as string));
      for (const path of names.keys()) {
        if (!path.startsWith(place)) continue;
        const child = `${place}${path.slice(place.length).split("/")[0]}`;
        if (!listed.has(child)) names.delete(path);
      }
      for (const [path, entry] of listed) names.set(path, entry);
    }
    return names;
  }
}

const entryOf = (text: string): Entry => ({ isFolder: text.startsWith("d"), identity: text });

/** Files and folders within, by their path. */
function walk(folder: string): Map<string, Entry> {
  const found = new Map<string, Entry>();
  const visit = (within: string) => {
    for (const name of readdirSync(join(folder, within))) {
      const path = within === "" ? name : `${within}/${name}`;
      const info = lstatSync(join(folder, path), { bigint: true });
      if (!info.isFile() && !info.isDirectory()) continue;
      const isFolder = info.isDirectory();
      found.set(path, { isFolder, identity: `${isFolder ? "d" : "f"}${info.ino}-${info.birthtimeNs}` });
      if (isFolder) visit(path);
    }
  };
  visit("");
  return found;
}

/**
 * Some sectors of what was written and not flushed, in the file as it is durable.
 *
 * @returns whether there was anything that was not flushed
 */
function mixed(durable: string, live: string, survives: Random | undefined): boolean {
  const [kept, written] = [readFileSync(durable), readFileSync(live)];
  if (kept.equals(written)) return false;
  if (!survives) return true;
  const share = survives.float() < 0.5 ? 0 : survives.float();
  if (share === 0) return true;
  const size = survives.float() < 0.5 ? kept.length : written.length;
  const result = Buffer.alloc(size);
  kept.copy(result, 0, 0, size);
  for (let at = 0; at < size; at += SECTOR)
    if (survives.float() < share) written.copy(result, at, at, Math.min(at + SECTOR, written.length));
  writeFileSync(durable, result);
  return true;
}
