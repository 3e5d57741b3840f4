export const INCOMPLETE = 0;
export const MALFORMED = -1;

/**
 * The size in bytes of the packet that begins at `at`, fixed header included, as the header declares it: known before
 * the packet is here, so that it can be refused before it is buffered.
 *
 * @returns INCOMPLETE when the length has not arrived; MALFORMED when it has more than four bytes
 * @source MQTT 5.0 section 1.5.5
 */
export function packetSize(bytes: Uint8Array, at: number, end: number): number {
  let length = 0;
  let scale = 1;
  for (let i = at + 1; i < end; i++) {
    const byte = bytes[i] ?? 0;
    length += (byte & 127) * scale;
    if (byte < 128) return length + (i + 1 - at);
    if (i === at + 4) return MALFORMED;
    scale *= 128;
  }
  return INCOMPLETE;
}

/** Where the variable header begins, of a packet whose size is known. */
export function headerEnd(bytes: Uint8Array, at: number): number {
  let i = at + 1;
  while ((bytes[i] ?? 0) >= 128) i++;
  return i + 1;
}

/** A packet that arrives in pieces: holds no more than twice what has arrived, whatever was declared. */
export interface Partial {
  bytes: Buffer;
  length: number;
  /** The packet's size; INCOMPLETE until its header is here. */
  size: number;
}

const FIRST_BYTES = 64;

export function startPartial(): Partial {
  return { bytes: Buffer.allocUnsafeSlow(FIRST_BYTES), length: 0, size: INCOMPLETE };
}

/** Take up to `wanted` bytes. Returns by how many bytes the buffer grew. */
export function appendPartial(partial: Partial, chunk: Buffer, from: number, wanted: number): number {
  const length = partial.length + wanted;
  const before = partial.bytes.length;
  if (length > before) {
    const grown = Buffer.allocUnsafeSlow(Math.max(length, Math.min(partial.size, before * 2)));
    partial.bytes.copy(grown, 0, 0, partial.length);
    partial.bytes = grown;
  }
  chunk.copy(partial.bytes, partial.length, from, from + wanted);
  partial.length = length;
  return partial.bytes.length - before;
}
