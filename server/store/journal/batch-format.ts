/**
 * What one organisation sent in one group commit, as bytes, version 3, little-endian:
 *
 *     "OWJ" version:u8 batchId:16 organisation:16 position:f64 writtenAt:f64 count:u32 slices:u32
 *     slices, each: keyId:u32 entries:u32 length:u32 iv:12 ciphertext tag:16
 *     crc32:u32 over everything before
 *
 * A slice holds the entries of one patient under the patient's key, or what belongs to no patient under the
 * organisation's, or what could not be placed under the quarantine's. It is bound to the batch's header, its own place
 * and key: it opens in no other place. Decrypted it is its entries, each a kind:u8 and what belongs to it, in the order
 * in which they came; entries that are neither readings nor waveforms say their place in the whole batch. In a slice a
 * stream and an association are written out at their first mention; after that their number stands for them.
 *
 * In version 2 the times of readings never stand as start and step; the rest is the same, so it is still read.
 */
export const BATCH_VERSION = 3;
export const OLDEST_BATCH_VERSION = 2;

export const HEADER_BYTES = 60;
export const SLICE_HEADER_BYTES = 12;
export const AT = { batchId: 4, organisation: 20, position: 36, writtenAt: 44, count: 52, slices: 56 } as const;
export const KIND = { readings: 1, waveform: 2, json: 3, quarantine: 4, delivery: 5, placedDelivery: 6 } as const;

/** Bytes that a slice is bound to, beside the batch's header: its place and its own header. */
export const BOUND_BYTES = HEADER_BYTES + 12;
