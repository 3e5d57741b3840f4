import { RefusedInput } from "@openward/errors";

/** Files beside a header, as it names them. */
export interface WfdbFolder {
  /** Chunks of the file, or of what it is packed in; null: there is none. */
  open(name: string): Promise<AsyncIterable<Uint8Array> | null>;
}

/** Pulls bytes of a file in order, holding no more than a few blocks of it. */
export interface ByteReader {
  readonly file: string;
  /** Up to `length` bytes; fewer only at the end of the file. */
  read(length: number): Promise<Uint8Array>;
  /** Bytes given out so far. */
  readonly position: number;
  close(): void;
}

/** @throws RefusedInput FILE_UNREADABLE; reading may throw what the folder's files throw */
export async function openBytes(folder: WfdbFolder, file: string): Promise<ByteReader> {
  const found = await folder.open(file);
  if (found === null) {
    throw new RefusedInput("FILE_UNREADABLE", { at: file, expected: "the file, or the same with .gz" });
  }
  const chunks = found[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array(0);
  let ended = false;
  let position = 0;
  return {
    file,
    get position() {
      return position;
    },
    async read(length) {
      if (rest.length < length && !ended) {
        const parts = [rest];
        let have = rest.length;
        while (have < length) {
          const { value, done } = await chunks.next();
          if (done) {
            ended = true;
            break;
          }
          parts.push(value);
          have += value.length;
        }
        if (parts.length > 1) rest = joined(parts, have);
      }
      const out = rest.subarray(0, length);
      rest = rest.subarray(out.length);
      position += out.length;
      return out;
    },
    close() {
      // What it would still say concerns nobody.
      chunks.return?.().then(undefined, () => {});
    },
  };
}

/** @throws RefusedInput FILE_TRUNCATED */
export async function skipBytes(bytes: ByteReader, count: number): Promise<void> {
  let left = count;
  while (left > 0) {
    const got = await bytes.read(Math.min(left, 65_536));
    if (got.length === 0) {
      throw new RefusedInput("FILE_TRUNCATED", {
        at: bytes.file,
        file: bytes.file,
        expected: `samples from byte ${count} on`,
        received: `${bytes.position} bytes`,
      });
    }
    left -= got.length;
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
