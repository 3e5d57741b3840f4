import { createCipheriv } from "node:crypto";
import { IV_BYTES } from "./cipher.ts";
import type { DataKey, DataKeys } from "./ports.ts";

/** AES-256 in counter mode, a block number of four bytes behind the vector: the key stream that GCM uses, without its tag. */
const ALGORITHM = "aes-256-ctr";
const BLOCK_BYTES = 16;
/** After so much a stream ends and the key gets another; the block number is far from its end then. */
const STREAM_BYTES_MAX = 2 ** 30;

interface Stream {
  readonly cipher: ReturnType<typeof createCipheriv>;
  readonly iv: Uint8Array;
  offset: number;
}

/** A part of a stream: where its key stream begins, and the bytes. */
export interface StreamPart {
  readonly iv: Uint8Array;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/**
 * Encrypts many small things under many keys: a key's cipher is made once and goes on, where GCM makes one for each, which
 * is nearly all that a small thing costs. What is encrypted so is not authenticated: whoever uses it puts a tag around the
 * whole (docs/adr/0020-raw-input.md). Vectors are the key store's, so that no key stream ever comes twice.
 */
export class KeyStreams {
  readonly #keys: Pick<DataKeys, "nextIv">;
  // A key that is destroyed is held by nobody else, and its cipher goes with it.
  readonly #streams = new WeakMap<DataKey, Stream>();

  constructor(keys: Pick<DataKeys, "nextIv">) {
    this.#keys = keys;
  }

  encrypt(key: DataKey, plain: Uint8Array): StreamPart {
    let stream = this.#streams.get(key);
    if (!stream || stream.offset + plain.length > STREAM_BYTES_MAX) {
      const counter = new Uint8Array(BLOCK_BYTES);
      this.#keys.nextIv(counter, 0);
      const iv = counter.slice(0, IV_BYTES);
      stream = { cipher: createCipheriv(ALGORITHM, key.secret, counter), iv, offset: 0 };
      this.#streams.set(key, stream);
    }
    const { iv, offset } = stream;
    stream.offset += plain.length;
    return { iv, offset, bytes: stream.cipher.update(plain) };
  }
}

/** The bytes as they were before `encrypt`. */
export function decryptPart({ secret }: DataKey, { iv, offset, bytes }: StreamPart): Uint8Array {
  const counter = new Uint8Array(BLOCK_BYTES);
  counter.set(iv);
  new DataView(counter.buffer).setUint32(IV_BYTES, Math.floor(offset / BLOCK_BYTES));
  const cipher = createCipheriv(ALGORITHM, secret, counter);
  cipher.update(new Uint8Array(offset % BLOCK_BYTES));
  return cipher.update(bytes);
}
