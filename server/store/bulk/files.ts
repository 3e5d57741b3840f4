import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";

/** Files of one job each in a folder of its own. */
export interface BulkFiles {
  /** Puts bytes at this place of a file, cuts what stood behind it before, and flushes. */
  write(jobId: string, file: number, at: number, parts: readonly Uint8Array[]): Promise<void>;
  read(jobId: string, file: number, at: number, length: number): Promise<Buffer>;
  remove(jobId: string): Promise<void>;
}

export function bulkFiles(folder: string): BulkFiles {
  const pathOf = (jobId: string, file: number) => join(folder, jobId, String(file));
  return {
    async write(jobId, file, at, parts) {
      await mkdir(join(folder, jobId), { recursive: true, mode: 0o700 });
      const handle = await open(pathOf(jobId, file), at === 0 ? "w" : "r+", 0o600);
      try {
        // What a killed process had written and nobody knows of.
        await handle.truncate(at);
        let place = at;
        for (const part of parts) {
          await handle.write(part, 0, part.length, place);
          place += part.length;
        }
        await handle.datasync();
      } finally {
        await handle.close();
      }
    },
    async read(jobId, file, at, length) {
      const handle = await open(pathOf(jobId, file), "r");
      try {
        const bytes = Buffer.alloc(length);
        const { bytesRead } = await handle.read(bytes, 0, length, at);
        return bytes.subarray(0, bytesRead);
      } finally {
        await handle.close();
      }
    },
    remove: (jobId) => rm(join(folder, jobId), { recursive: true, force: true }),
  };
}
