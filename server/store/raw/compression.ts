import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";

/**
 * Under this a slice stays as it is: starting zstd costs more than ten times what there is to gain, and one small message has
 * little that repeats (docs/adr/0020-raw-input.md has the figures).
 */
export const COMPRESS_FROM_BYTES = 4096;

const options = { params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 0 } };

export const compress = (bytes: Uint8Array): Uint8Array => zstdCompressSync(bytes, options);

/** @throws when it is not zstd, or longer than it says */
export const decompress = (bytes: Uint8Array, length: number): Uint8Array =>
  zstdDecompressSync(bytes, { maxOutputLength: Math.max(length, 1) });
