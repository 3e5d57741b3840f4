/**
 * What one organisation's devices sent in one group commit, as bytes, version 1, little-endian:
 *
 *     "OWR" version:u8 batchId:16 organisation:16 position:f64 writtenAt:f64 messages:u32 slices:u32
 *     slices, each: messages:u32 length:u32 keys:u8 (keyId:u32 iv:12 offset:u32) for each key, ciphertext
 *     keyId:u32 iv:12 tag:16 over everything before, under the organisation's key
 *     crc32:u32 over everything before
 *
 * Batch id, organisation, position and time are those of the journal's row. A slice holds the messages of one patient under
 * the patient's key, or of nobody under the organisation's, each a part of the key's stream (server/store/keys/key-stream.ts).
 * What tells of several patients is encrypted under the key of each, and can be read for as long as all the keys are there.
 * The tag binds slices to the row and to their place in it. Decrypted a slice is form:u8 (0: as it is; 1: length:u32
 * and zstd), and then messages, each:
 *
 *     head:u8 device format receivedAt [stampedAt:f64] [clockOffset:f64] length:varint body
 *
 * A text is a number, and written out at its first mention in the slice. The head has the kind in its low bits.
 */
export const RAW_VERSION = 1;
export const RAW_MAGIC = [0x4f, 0x57, 0x52] as const;

export const RAW_HEADER_BYTES = 60;
export const RAW_AT = { batchId: 4, organisation: 20, position: 36, writtenAt: 44, messages: 52, slices: 56 } as const;
export const RAW_KEY_BYTES = 20;
/** keyId, iv and tag of the organisation's key, and the checksum. */
export const RAW_END_BYTES = 36;

export const KINDS = ["readings", "waveform", "event", "status", "raw"] as const;
export const KIND_BITS = 7;
export const HEAD = {
  will: 8,
  /** A time stood in that is not the time of arrival. */
  stamped: 16,
  /** The device had told that its clock is wrong. */
  offset: 32,
  /** Not a whole number of milliseconds: written as it is. */
  fraction: 64,
} as const;

export const FORM = { plain: 0, zstd: 1 } as const;
/** More keys than this nobody's message needs: each is another patient who wore the device in it. */
export const KEYS_MAX = 255;

/** Is it one of these, whatever its version? */
export function isRawBatch(bytes: Uint8Array): boolean {
  return RAW_MAGIC.every((byte, i) => bytes[i] === byte);
}
