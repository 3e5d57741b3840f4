import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { Compressor } from "@openward/timeseries";

const options = { params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 0 } };

/** zstd; a block has a checksum of its own. */
export const zstd: Compressor = {
  id: 1,
  compress: (bytes) => zstdCompressSync(bytes, options),
  decompress: (bytes, length) => zstdDecompressSync(bytes, { maxOutputLength: Math.max(length, 1) }),
};
