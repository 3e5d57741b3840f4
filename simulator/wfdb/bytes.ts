import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { basename } from "node:path";
import { createGunzip } from "node:zlib";
import { RefusedInput } from "@openward/errors";

/** Pulls bytes of a file in order, holding no more than a few blocks of it. */
export interface ByteReader {
  /** As found on disk: the name asked for, or that with ".gz". */
  readonly file: string;
  /** Up to `length` bytes; fewer only at the end of the file. */
  read(length: number): Promise<Uint8Array>;
  /** Bytes given out so far. */
  readonly position: number;
  close(): void;
}

/**
 * Open a file, or the gzip of it that stands in its place.
 *
 * @throws RefusedInput FILE_UNREADABLE; reading may throw FILE_TRUNCATED or FILE_CORRUPT for a damaged gzip
 */
export async function openBytes(path: string): Promise<ByteReader> {
  const found = await firstReadable([path, `${path}.gz`]);
  if (found === null) {
    throw new RefusedInput("FILE_UNREADABLE", { at: basename(path), expected: "the file, or the same with .gz" });
  }
  const file = createReadStream(found, { highWaterMark: 65_536 });
  const isGzip = found.endsWith(".gz");
  const stream = isGzip ? createGunzip() : file;
  if (isGzip) {
    // An error of the file would otherwise be lost between it and the unzipper.
    file.on("error", (error) => stream.destroy(error));
    file.pipe(stream as ReturnType<typeof createGunzip>);
  }
  // The error reaches whoever reads next; without a listener it would stop the process before that.
  stream.on("error", () => {});
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let rest: Uint8Array = new Uint8Array(0);
  let ended = false;
  let position = 0;

  const next = async (): Promise<Uint8Array | null> => {
    try {
      const { value, done } = await chunks.next();
      return done ? null : value;
    } catch (error) {
      throw describe(error, basename(found), position);
    }
  };

  return {
    file: basename(found),
    get position() {
      return position;
    },
    async read(length) {
      if (rest.length < length && !ended) {
        const parts = [rest];
        let have = rest.length;
        while (have < length) {
          const chunk = await next();
          if (chunk === null) {
            ended = true;
            break;
          }
          parts.push(chunk);
          have += chunk.length;
        }
        rest = parts.length === 1 ? rest : Buffer.concat(parts);
      }
      const out = rest.subarray(0, length);
      rest = rest.subarray(out.length);
      position += out.length;
      return out;
    },
    close() {
      file.destroy();
      stream.destroy();
    },
  };
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
