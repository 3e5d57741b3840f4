import { OutsideTrouble } from "@openward/errors";
import type { Disk, SpoolFile } from "./disk.ts";
import { readSpoolFile, recordLength, spoolRecord } from "./spool-records.ts";

const SUFFIX = ".spool";
const FILE_BYTES = 16 * 1024 * 1024;

/** Lines for operators: names of files and counts of bytes. */
export interface SpoolLog {
  warn(fields: Readonly<Record<string, unknown>>, text: string): void;
  error(fields: Readonly<Record<string, unknown>>, text: string): void;
}

/** Files on the local disk that keep what somebody else is to have: the journal once PostgreSQL answers, the server once there is a line. */
export interface Spool {
  /** Bytes that are there. */
  readonly bytes: number;
  /** Take stock of what an earlier process left. */
  open(): Promise<void>;
  /**
   * Resolves when the batches are on the disk. Calls are served one after the other.
   *
   * @returns the name of the file that has them, behind what it had before
   * @throws OutsideTrouble STORE_UNAVAILABLE when there is no room, or the disk does not keep what is written
   */
  append(batches: readonly Uint8Array[]): Promise<string>;
  /** Begin a new file with the next append; resolves to the names of all files before, oldest first. */
  rotate(): Promise<string[]>;
  /** The batches of a file that is not written any more. Damage is reported, what is whole is given. */
  read(name: string): Promise<readonly Uint8Array[]>;
  /** All of the file's batches are where they belong: it goes. */
  done(name: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param bytesMax how much may wait
 * @param fileBytes from which size on the next append begins another file
 */
export function createSpool(disk: Disk, bytesMax: number, log: SpoolLog, fileBytes = FILE_BYTES): Spool {
  const sizes = new Map<string, number>();
  const damaged = new Set<string>();
  let current: { name: string; file: SpoolFile } | undefined;
  let counter = 0;
  let queue: Promise<unknown> = Promise.resolve();

  const total = () => {
    let sum = 0;
    for (const size of sizes.values()) sum += size;
    return sum;
  };
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = queue.then(work);
    queue = result.catch(() => {});
    return result;
  };
  const leave = async () => {
    const left = current;
    current = undefined;
    await left?.file.close().catch(() => {});
  };
  const write = async (batches: readonly Uint8Array[]) => {
    if (!current) {
      const name = `${String(++counter).padStart(10, "0")}${SUFFIX}`;
      const file = await disk.create(name);
      sizes.set(name, 0);
      current = { name, file };
    }
    const { name, file } = current;
    const length = batches.reduce((sum, batch) => sum + recordLength(batch), 0);
    // Counted before it is written: a write that fails halfway takes room too.
    sizes.set(name, (sizes.get(name) ?? 0) + length);
    await file.append(batches.flatMap((batch) => spoolRecord(batch)));
    await file.flush();
    if ((sizes.get(name) ?? 0) >= fileBytes) await leave();
    return name;
  };

  return {
    get bytes() {
      return total();
    },
    open: () =>
      inTurn(async () => {
        for (const name of await disk.list()) {
          // Damaged files that were set aside keep their numbers: no later one takes their names.
          counter = Math.max(counter, Number.parseInt(name, 10) || 0);
          if (!name.endsWith(SUFFIX)) continue;
          sizes.set(name, (await disk.read(name)).length);
        }
      }),
    append: (batches) =>
      inTurn(async () => {
        const length = batches.reduce((sum, batch) => sum + recordLength(batch), 0);
        if (total() + length > bytesMax)
          throw new OutsideTrouble("STORE_UNAVAILABLE", true, { at: "spool", expected: `at most ${bytesMax} bytes` });
        try {
          return await write(batches);
        } catch (first) {
          // A flush that failed may have lost what was written, and a second flush would not tell: that file gets
          // nothing more. What it held before was confirmed and is chained in as usual.
          log.error({ reason: (first as Error).message }, "the spool file could not be written; trying another");
          await leave();
          try {
            return await write(batches);
          } catch (error) {
            await leave();
            throw new OutsideTrouble("STORE_UNAVAILABLE", true, { at: "spool" }, { cause: error });
          }
        }
      }),
    rotate: () =>
      inTurn(async () => {
        await leave();
        return [...sizes.keys()].sort();
      }),
    async read(name) {
      const { batches, tornBytes, damagedBytes } = readSpoolFile(await disk.read(name));
      if (tornBytes > 0)
        log.warn({ file: name, bytes: tornBytes }, "the spool file ends with a write that was never confirmed");
      if (damagedBytes > 0) {
        damaged.add(name);
        log.error(
          { file: name, bytes: damagedBytes },
          "the spool file is damaged; what is whole is used and the file is kept",
        );
      }
      return batches;
    },
    async done(name) {
      if (damaged.has(name)) await disk.rename(name, `${name}.damaged`);
      else await disk.remove(name);
      sizes.delete(name);
    },
    close: () => inTurn(leave),
  };
}
