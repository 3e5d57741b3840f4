import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { RefusedInput } from "@openward/errors";
import * as yauzl from "yauzl";
import { type Databases, isDatabase, MAGIC_BYTES } from "./health-connect/open.ts";
import { peek } from "./peek.ts";

/** One file that is brought in: itself, or one of an archive. */
export interface Source {
  readonly name: string;
  /** Bytes of it as it is stored, for progress; those read so far are told by `read`. */
  readonly size: number;
  /** What is read lies in the open under the path that was given. */
  readonly isItself: boolean;
  open(): Promise<AsyncIterable<Uint8Array>>;
  /** A file of the same folder, or the gzip of it; null: there is none. */
  beside(name: string): Promise<AsyncIterable<Uint8Array> | null>;
  /** Of the size. */
  read(): number;
}

export interface Sources {
  readonly sources: readonly Source[];
  close(): void;
}

const MAX_ENTRIES = 100_000;
/** DEFLATE makes a thousand of one; an honest export makes twenty to thirty. */
const MAX_RATIO = 200;
/** Below, a ratio says little. */
const FREE_BYTES = 67_108_864;

/**
 * @param databases reads those that are databases: their rows stand for them
 * @throws RefusedInput FILE_UNREADABLE, FILE_FORMAT
 */
export async function openSources(path: string, databases: Databases): Promise<Sources> {
  const { sources, close } = await openFiles(path);
  return {
    sources: sources.map((source) => ({
      ...source,
      async open() {
        const { head, whole } = await peek(await source.open(), MAGIC_BYTES);
        if (!isDatabase(head)) return whole;
        if (!source.isItself) return databases.read(source.name, whole);
        await whole.return(undefined);
        return databases.read(source.name, path);
      },
    })),
    close() {
      databases.close();
      close();
    },
  };
}

async function openFiles(path: string): Promise<Sources> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new RefusedInput("FILE_UNREADABLE", { at: basename(path), expected: "a file" }, { cause });
  });
  if (!found.isFile()) throw new RefusedInput("FILE_UNREADABLE", { at: basename(path), expected: "a file" });
  if (path.toLowerCase().endsWith(".zip")) return openZip(path);
  let read = 0;
  const isGzip = path.toLowerCase().endsWith(".gz");
  const name = isGzip ? basename(path).slice(0, -3) : basename(path);
  const opened: Readable[] = [];
  return {
    sources: [
      {
        name,
        size: found.size,
        isItself: !isGzip,
        read: () => read,
        open: async () =>
          readFileAt(path, opened, (bytes) => {
            read += bytes;
          }),
        async beside(other) {
          if (basename(other) !== other) return null;
          for (const place of [other, `${other}.gz`].map((each) => join(dirname(path), each))) {
            if ((await stat(place).catch(() => null))?.isFile()) return readFileAt(place, opened, () => {});
          }
          return null;
        },
      },
    ],
    close: () => {
      for (const stream of opened) stream.destroy();
    },
  };
}

/** @param tell how many bytes of it were read more */
function readFileAt(path: string, opened: Readable[], tell: (bytes: number) => void): AsyncIterable<Uint8Array> {
  const file = createReadStream(path, { highWaterMark: 262_144 });
  opened.push(file);
  let read = 0;
  file.on("data", (part) => {
    read += part.length;
    tell(part.length);
  });
  if (!path.toLowerCase().endsWith(".gz")) return file;
  const plain = createGunzip();
  opened.push(plain);
  file.on("error", (error) => plain.destroy(error));
  return bounded(file.pipe(plain), basename(path).slice(0, -3), () => read);
}

async function openZip(path: string): Promise<Sources> {
  const zip = await new Promise<yauzl.ZipFile>((resolve, reject) => {
    yauzl.open(path, { lazyEntries: true, autoClose: false, validateEntrySizes: true }, (error, opened) =>
      error ? reject(noZip(path, error)) : resolve(opened),
    );
  });
  try {
    const entries = await entriesOf(zip, path);
    return { sources: sourcesOf(zip, entries), close: () => zip.close() };
  } catch (error) {
    zip.close();
    throw error;
  }
}

function entriesOf(zip: yauzl.ZipFile, path: string): Promise<yauzl.Entry[]> {
  const entries: yauzl.Entry[] = [];
  if (zip.entryCount > MAX_ENTRIES) {
    throw new RefusedInput("BODY_TOO_LARGE", { at: basename(path), expected: `at most ${MAX_ENTRIES} files in it` });
  }
  return new Promise((resolve, reject) => {
    zip.on("entry", (entry: yauzl.Entry) => {
      if (!entry.fileName.endsWith("/")) entries.push(entry);
      zip.readEntry();
    });
    zip.on("end", () => resolve(entries));
    zip.on("error", (error: Error) => reject(noZip(path, error)));
    zip.readEntry();
  });
}

function sourcesOf(zip: yauzl.ZipFile, entries: readonly yauzl.Entry[]): Source[] {
  const byName = new Map(entries.map((entry) => [entry.fileName, entry]));
  return entries.map((entry): Source => {
    const { compressedSize, fileName } = entry;
    let given = 0;
    const scale = entry.uncompressedSize > 0 ? compressedSize / entry.uncompressedSize : 1;
    return {
      name: fileName,
      size: compressedSize,
      isItself: false,
      read: () => Math.min(compressedSize, Math.round(given * scale)),
      open: () =>
        readEntry(zip, entry, (bytes) => {
          given += bytes;
        }),
      async beside(name) {
        const place = `${fileName.slice(0, fileName.lastIndexOf("/") + 1)}${name}`;
        const plain = byName.get(place);
        if (plain) return readEntry(zip, plain, () => {});
        const packed = byName.get(`${place}.gz`);
        if (!packed) return null;
        const unpacked = Readable.from(await readEntry(zip, packed, () => {})).pipe(createGunzip());
        return bounded(unpacked, place, () => packed.compressedSize);
      },
    };
  });
}

async function readEntry(
  zip: yauzl.ZipFile,
  entry: yauzl.Entry,
  tell: (bytes: number) => void,
): Promise<AsyncIterable<Uint8Array>> {
  const stream = await new Promise<Readable>((resolve, reject) => {
    zip.openReadStream(entry, (error, opened) => (error ? reject(noZip(entry.fileName, error)) : resolve(opened)));
  });
  stream.on("data", (part: Buffer) => tell(part.length));
  return bounded(stream, entry.fileName, () => entry.compressedSize);
}

/** Stops what grows beyond all measure: it is no export. */
async function* bounded(stream: Readable, name: string, packed: () => number): AsyncGenerator<Uint8Array> {
  let length = 0;
  try {
    for await (const part of stream as AsyncIterable<Buffer>) {
      length += part.length;
      if (length > FREE_BYTES && length > MAX_RATIO * packed()) {
        throw new RefusedInput("BODY_TOO_LARGE", { at: name, expected: `at most ${MAX_RATIO} times what is packed` });
      }
      yield part;
    }
  } catch (error) {
    if (error instanceof RefusedInput) throw error;
    throw new RefusedInput("FILE_CORRUPT", { at: name, expected: "what was packed, whole" }, { cause: error });
  } finally {
    stream.destroy();
  }
}

function noZip(path: string, cause: unknown): RefusedInput {
  return new RefusedInput("FILE_FORMAT", { at: basename(path), expected: "a ZIP archive" }, { cause });
}
