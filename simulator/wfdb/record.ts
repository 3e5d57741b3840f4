import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { createGunzip } from "node:zlib";
import { openRecord, type WfdbFolder, type WfdbRecord } from "@openward/codecs/files";
import { RefusedInput } from "@openward/errors";

/**
 * Open a WFDB record: `100.hea`, or `100` with the header beside it. Data files may be plain or gzip (`100.dat.gz`).
 *
 * @throws RefusedInput FILE_UNREADABLE, FILE_FORMAT ("100.hea:2"); reading throws FILE_TRUNCATED and FILE_CORRUPT too
 */
export function openWfdbRecord(path: string): Promise<WfdbRecord> {
  return openRecord(folderOf(dirname(path)), basename(path).replace(/\.hea$/, ""));
}

/** Files of a folder, or the gzip of one that stands in its place. */
function folderOf(folder: string): WfdbFolder {
  return {
    async open(name) {
      const found = await firstReadable([join(folder, name), join(folder, `${name}.gz`)]);
      return found === null ? null : chunksOf(found);
    },
  };
}

async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path, { highWaterMark: 65_536 });
  const isGzip = path.endsWith(".gz");
  const stream = isGzip ? createGunzip() : file;
  if (isGzip) {
    // An error of the file would otherwise be lost between it and the unzipper.
    file.on("error", (error) => stream.destroy(error));
    file.pipe(stream as ReturnType<typeof createGunzip>);
  }
  let position = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      position += chunk.length;
      yield chunk;
    }
  } catch (error) {
    throw describe(error, basename(path), position);
  } finally {
    file.destroy();
    stream.destroy();
  }
}

async function firstReadable(paths: readonly string[]): Promise<string | null> {
  for (const path of paths) {
    try {
      const handle = await open(path, "r");
      const isFile = (await handle.stat()).isFile();
      await handle.close();
      if (isFile) return path;
    } catch {
      // The next name, or the refusal of the caller, says what is missing.
    }
  }
  return null;
}

function describe(error: unknown, file: string, position: number): RefusedInput {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "Z_BUF_ERROR") {
    return new RefusedInput(
      "FILE_TRUNCATED",
      { at: file, expected: "the rest of the gzip", received: `${position} bytes` },
      { cause: error },
    );
  }
  if (code.startsWith("Z_")) return new RefusedInput("FILE_CORRUPT", { at: file, expected: "gzip" }, { cause: error });
  return new RefusedInput("FILE_UNREADABLE", { at: file }, { cause: error });
}
