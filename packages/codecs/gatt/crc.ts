import type { ByteReader } from "../reader.ts";

/** CRC-16/MCRF4XX, which Bluetooth's services call E2E-CRC. Check value of "123456789": 0x6F91. */
export function e2eCrc(bytes: Uint8Array, from: number, to: number): number {
  let crc = 0xffff;
  for (let i = from; i < to; i++) {
    crc ^= bytes[i] as number;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) !== 0 ? (crc >>> 1) ^ 0x8408 : crc >>> 1;
  }
  return crc;
}

/** CRC-16/XMODEM, as Dexcom's transmitters send it. Check value of "123456789": 0x31C3. */
export function xmodemCrc(bytes: Uint8Array, from: number, to: number): number {
  let crc = 0;
  for (let i = from; i < to; i++) {
    crc ^= (bytes[i] as number) << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) !== 0 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc;
}

/**
 * Reads the CRC at the reader's place, which is over all bytes from `from` on to there.
 *
 * @throws RefusedInput MALFORMED_BYTES where it is another
 */
export function checkCrc(reader: ByteReader, from: number, crcOf: typeof e2eCrc = e2eCrc): number {
  const { offset } = reader;
  const crc = reader.u16("crc");
  if (crc !== crcOf(reader.bytes, from, offset)) reader.refuse("crc", offset, "the CRC of the bytes before it");
  return crc;
}
