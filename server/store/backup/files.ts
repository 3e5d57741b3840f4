import { mkdirSync } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { constants, zstdCompress, zstdDecompress } from "node:zlib";
import { RefusedInput } from "@openward/errors";
import { type BackupFile, sha256Of } from "./manifest.ts";

/** Bytes of a piece before it is compressed: what is held in memory. */
const PIECE_BYTES = 32 * 1024 * 1024;

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
const LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };

/** Cuts a stream of bytes into files, each compressed, flushed and hashed. */
export interface PieceWriter {
  /** @param name the files are called `name-00000.zst` and so on */
  write(name: string, source: AsyncIterable<Uint8Array>): Promise<BackupFile[]>;
}

/**
 * @param pace called with how many bytes were taken, so that reading can be slowed down
 */
export function createPieceWriter(
  folder: string,
  pace: (bytes: number) => Promise<void>,
  pieceBytes = PIECE_BYTES,
): PieceWriter {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const writePiece = async (name: string, parts: readonly Uint8Array[], rawBytes: number): Promise<BackupFile> => {
    const bytes = await compress(Buffer.concat(parts, rawBytes), LEVEL);
    await writeFlushed(join(folder, name), bytes);
    return { name, bytes: bytes.length, rawBytes, sha256: sha256Of(bytes) };
  };
  return {
    async write(name, source) {
      const files: BackupFile[] = [];
      let parts: Uint8Array[] = [];
      let length = 0;
      const finish = async () => {
        if (length === 0) return;
        files.push(await writePiece(`${name}-${String(files.length).padStart(5, "0")}.zst`, parts, length));
        [parts, length] = [[], 0];
      };
      for await (const bytes of source) {
        parts.push(bytes);
        length += bytes.length;
        await pace(bytes.length);
        if (length >= pieceBytes) await finish();
      }
      await finish();
      return files;
    },
  };
}

/** The bytes of files as they were before they were cut. @throws RefusedInput BACKUP_DAMAGED naming the file */
export async function* readPieces(folder: string, files: readonly BackupFile[]): AsyncGenerator<Uint8Array> {
  for (const file of files) yield await decompressed(folder, file, await readChecked(folder, file));
}

/** @throws RefusedInput BACKUP_DAMAGED naming the file */
export async function readChecked(folder: string, { name, bytes, sha256 }: BackupFile): Promise<Uint8Array> {
  const path = join(folder, name);
  let found: Uint8Array;
  try {
    found = await readFile(path);
  } catch (cause) {
    throw new RefusedInput("BACKUP_DAMAGED", { at: path, expected: "a file that can be read" }, { cause });
  }
  if (found.length !== bytes || sha256Of(found) !== sha256)
    throw new RefusedInput("BACKUP_DAMAGED", { at: path, expected: "the bytes that were written" });
  return found;
}

async function decompressed(folder: string, { name, rawBytes }: BackupFile, bytes: Uint8Array): Promise<Uint8Array> {
  try {
    const raw = await decompress(bytes, { maxOutputLength: Math.max(rawBytes, 1) });
    if (raw.length === rawBytes) return raw;
  } catch (cause) {
    throw new RefusedInput("BACKUP_DAMAGED", { at: join(folder, name), expected: "a zstd frame" }, { cause });
  }
  throw new RefusedInput("BACKUP_DAMAGED", { at: join(folder, name), expected: `${rawBytes} bytes` });
}

/** On the disk when this resolves; its name is when its folder is flushed. */
export async function writeFlushed(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, "wx", 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
