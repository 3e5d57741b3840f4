import { mkdir, open, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { OutsideTrouble, RefusedInput } from "@openward/errors";
import type { ObjectStore } from "./ports.ts";

/** Stands in the root: without it the volume is not there, which is another thing than a file that is not there. */
const MARKER = ".openward-archive";
const UNFINISHED = ".unfinished";

/**
 * An archive in a directory, which may be a mounted volume. Files are readable by this user alone.
 *
 * @param isNew nothing has been archived yet: only then is the directory made. One that was there and is not any more is
 *   a volume that is not mounted, and nothing may be written in its place
 */
export function directoryStore(root: string, isNew: boolean): ObjectStore {
  const unreachable = (error: unknown) =>
    new OutsideTrouble("ARCHIVE_UNREACHABLE", true, { at: "OPENWARD_ARCHIVE", received: root }, { cause: error });

  const explain = async (error: unknown, key: string): Promise<Error> => {
    if (!isMissing(error)) return unreachable(error);
    const isThere = await stat(join(root, MARKER)).catch(() => undefined);
    return isThere ? new RefusedInput("ARCHIVE_DAMAGED", { at: key, received: "no file" }) : unreachable(error);
  };

  const needRoot = async () => {
    if (!isNew) return void (await stat(join(root, MARKER)));
    await mkdir(root, { recursive: true, mode: 0o700 });
    await writeFile(join(root, MARKER), "", { flag: "a", mode: 0o600 });
    isNew = false;
  };

  return {
    name: root,
    async put(key, bytes) {
      const path = join(root, key);
      try {
        await needRoot();
        await makeFolders(root, dirname(path));
        const file = await open(path + UNFINISHED, "w", 0o600);
        try {
          await file.writeFile(bytes);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(path + UNFINISHED, path);
        await flushFolder(dirname(path));
      } catch (error) {
        throw unreachable(error);
      }
    },
    async read(key, range) {
      try {
        const file = await open(join(root, key), "r");
        try {
          if (!range) return await file.readFile();
          const bytes = Buffer.allocUnsafe(range.length);
          const { bytesRead } = await file.read(bytes, 0, range.length, range.at);
          if (bytesRead === range.length) return bytes;
          throw new RefusedInput("ARCHIVE_DAMAGED", { at: key, received: "a shorter file" });
        } finally {
          await file.close();
        }
      } catch (error) {
        throw error instanceof RefusedInput ? error : await explain(error, key);
      }
    },
    async remove(key) {
      try {
        if (!isNew) await needRoot();
        await rm(join(root, key), { force: true });
        await rm(join(root, key) + UNFINISHED, { force: true });
      } catch (error) {
        throw unreachable(error);
      }
    },
    async *list() {
      if (isNew) return;
      const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
        throw unreachable(error);
      });
      for (const entry of entries) {
        if (!entry.isFile() || entry.name === MARKER) continue;
        // What is half written belongs to the row of what it is to be.
        const name = entry.name.endsWith(UNFINISHED) ? entry.name.slice(0, -UNFINISHED.length) : entry.name;
        yield relative(root, join(entry.parentPath, name)).split(sep).join("/");
      }
    },
    close() {},
  };
}

function isMissing(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === "ENOENT" || code === "ENOTDIR";
}

/** A new name is durable only when its folder is, and that one's name in its own. */
async function makeFolders(root: string, folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length && made !== root; made = dirname(made)) {
    await flushFolder(dirname(made));
  }
}

async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
