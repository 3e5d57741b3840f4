import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { RefusedInput } from "@openward/errors";
import type { Timers } from "@openward/runtime";

/** "SQLite format 3" and a zero. */
const MAGIC = Buffer.from("53514c69746520666f726d6174203300", "hex");
export const MAGIC_BYTES = MAGIC.length;
/** Years of a watch that measures each minute have a tenth of it. */
const MAX_BYTES = 4 * 1024 ** 3;
/** Between two lines the reader takes milliseconds. */
const SILENT_MS = 60_000;
const READER = fileURLToPath(new URL("./read.ts", import.meta.url));
const HEAP_MB = 256;

export const isDatabase = (head: Uint8Array) =>
  head.length >= MAGIC_BYTES && MAGIC.equals(head.subarray(0, MAGIC_BYTES));

/** A database that lies in the open, or one that an archive holds: then it is unpacked beside, and goes with its reader. */
export interface Databases {
  /** Lines of the rows. @throws while reading: RefusedInput FILE_CORRUPT, BODY_TOO_LARGE */
  read(name: string, place: string | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array>;
  close(): void;
}

export function createDatabases(timers: Timers): Databases {
  const readers = new Set<ChildProcess>();

  async function* rowsIn(name: string, path: string): AsyncGenerator<Uint8Array> {
    const args = [`--max-old-space-size=${HEAP_MB}`, "--no-warnings", READER, pathToFileURL(path).href];
    const reader = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], env: {} });
    readers.add(reader);
    const ended = new Promise<number | null>((resolve) => {
      reader.on("error", () => resolve(null));
      reader.on("close", (code) => resolve(code));
    });
    let said = "";
    reader.stderr.on("data", (part: Buffer) => {
      said = (said + part.toString()).slice(0, 200);
    });
    const watch = () => timers.after(SILENT_MS, () => reader.kill("SIGKILL"));
    let silence = watch();
    try {
      for await (const part of reader.stdout as AsyncIterable<Buffer>) {
        silence.cancel();
        // Whoever takes the lines may take their time.
        yield part;
        silence = watch();
      }
      if ((await ended) === 0) return;
      throw new RefusedInput("FILE_CORRUPT", {
        at: name,
        expected: "a whole database of SQLite",
        received: said.trim() || "a reader that ended",
      });
    } finally {
      silence.cancel();
      reader.kill("SIGKILL");
      readers.delete(reader);
    }
  }

  return {
    async *read(name, place) {
      if (typeof place === "string") return yield* rowsIn(name, place);
      const folder = await mkdtemp(join(tmpdir(), "openward-import-"));
      try {
        const path = join(folder, "database");
        await pipeline(Readable.from(bounded(place, name)), createWriteStream(path, { mode: 0o600 }));
        yield* rowsIn(name, path);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    close: () => {
      for (const reader of readers) reader.kill("SIGKILL");
    },
  };
}

async function* bounded(source: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const part of source) {
    length += part.length;
    if (length > MAX_BYTES)
      throw new RefusedInput("BODY_TOO_LARGE", { at: name, expected: `a database of at most ${MAX_BYTES} bytes` });
    yield part;
  }
}
