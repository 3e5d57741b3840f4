import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";

/** A file that is only written at its end. */
export interface SpoolFile {
  append(chunks: readonly Uint8Array[]): Promise<void>;
  /** Resolves when everything written is on the disk itself. After a rejection nothing written is certain. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** The folder of the spool, as far as the journal needs one: real on a machine, a model in simulation. */
export interface Disk {
  /** Names, sorted; the folder is made where it is missing. */
  list(): Promise<string[]>;
  read(name: string): Promise<Uint8Array>;
  /** A new file, whose name is on the disk as well when this resolves. */
  create(name: string): Promise<SpoolFile>;
  remove(name: string): Promise<void>;
  rename(name: string, to: string): Promise<void>;
}

/** @param folder made where it is missing, readable by this user alone */
export function folderDisk(folder: string): Disk {
  return {
    async list() {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      return (await readdir(folder)).sort();
    },
    read: (name) => readFile(join(folder, name)),
    async create(name) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const file = await open(join(folder, name), "ax", 0o600);
      await flushFolder(folder);
      return spoolFile(file);
    },
    async remove(name) {
      await rm(join(folder, name), { force: true });
    },
    rename: (name, to) => rename(join(folder, name), join(folder, to)),
  };
}

function spoolFile(file: FileHandle): SpoolFile {
  return {
    async append(chunks) {
      let length = 0;
      for (const chunk of chunks) length += chunk.length;
      const { bytesWritten } = await file.writev(chunks as Uint8Array[]);
      if (bytesWritten !== length) throw new Error(`only ${bytesWritten} of ${length} bytes could be written`);
    },
    flush: () => file.datasync(),
    close: () => file.close(),
  };
}

// A new name is durable only when its folder is.
async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
