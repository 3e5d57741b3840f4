import { RefusedInput } from "@openward/errors";
import { ByteReader, ByteWriter, uuidFromBytes, uuidToBytes } from "./bytes.ts";
import { crc32 } from "./crc32.ts";

/** The one compression step of a block; zstd on the server. */
export interface Compressor {
  /** Stands in the file: 1 is zstd. 0 is kept for "stored as it is". */
  readonly id: number;
  compress(bytes: Uint8Array): Uint8Array;
  /** @param length of the result, known from the header; more is an error */
  decompress(bytes: Uint8Array, length: number): Uint8Array;
  /** The encryption behind it; left out: payloads are not encrypted. */
  readonly cipher?: BlockCipher;
}

/** The encryption step of a block; AES-256-GCM under the patient's key on the server. */
export interface BlockCipher {
  /** Of the key that blocks are written under; not 0. */
  readonly keyId: number;
  /** @param bound the block's header: the payload opens under no other */
  seal(payload: Uint8Array, bound: Uint8Array): Uint8Array;
  /** @throws RefusedInput KEY_DESTROYED, KEY_MISSING, BLOCK_CORRUPT */
  open(keyId: number, sealed: Uint8Array, bound: Uint8Array): Uint8Array;
}

/** The version of the file format that is written here. */
export const FORMAT_VERSION = 2;

export type BlockKind = "numeric" | "waveform" | "overview" | "rollup" | "distribution";

const KINDS: readonly BlockKind[] = ["numeric", "waveform", "overview", "rollup", "distribution"];

/** What can be known of a block without opening its payload: nothing clinical. */
export interface BlockHeader {
  readonly kind: BlockKind;
  /** Of the key that encrypts the payload; 0: not encrypted. */
  readonly keyId: number;
  /** Of the clock correction that was applied to the times; 0: none. */
  readonly clockCorrectionId: number;
  /** UCUM code as received. */
  readonly unit: string;
  /** UUID. */
  readonly associationId: string;
  /** The first reading's offset from UTC; null where the device did not say. */
  readonly utcOffsetMinutes: number | null;
  /** Readings, samples or slots. */
  readonly count: number;
  /** Of the first and last reading or sample, ms UTC. */
  readonly firstTime: number;
  readonly lastTime: number;
}

const MAGIC = [0x4f, 0x57, 0x42]; // "OWB"
const NO_OFFSET = 0;
// Nobody's block is larger, so a wrong length is refused before memory is taken.
const PAYLOAD_MAX = 1 << 28;

/**
 * Header, payload (compressed where that helps, then encrypted where there is a cipher) and CRC-32 as one file.
 *
 * @param form "coded": a payload of coded bits, in which there is nothing left for a compressor to find
 */
export function writeBlockFile(
  header: BlockHeader,
  payload: Uint8Array,
  compressor: Compressor,
  form: "coded" | "plain" = "plain",
): Uint8Array {
  const compressed = form === "plain" ? compressor.compress(payload) : payload;
  const isSmaller = compressed.length < payload.length;
  const stored = isSmaller ? compressed : payload;
  const out = new ByteWriter(stored.length + 96);
  for (const byte of MAGIC) out.u8(byte);
  out.u8(FORMAT_VERSION);
  out.u8(KINDS.indexOf(header.kind));
  out.u8(isSmaller ? compressor.id : 0);
  out.varint(compressor.cipher?.keyId ?? header.keyId);
  out.varint(header.clockCorrectionId);
  out.text(header.unit);
  out.raw(uuidToBytes(header.associationId));
  // Minutes from -1440 to 1440, moved up so that 0 can say "none".
  out.varint(header.utcOffsetMinutes === null ? NO_OFFSET : header.utcOffsetMinutes + 1441);
  out.varint(header.count);
  writeSpan(out, header.firstTime, header.lastTime);
  out.varint(payload.length);
  out.raw(compressor.cipher?.seal(stored, out.written()) ?? stored);
  out.u32(crc32(out.written()));
  return out.take();
}

/**
 * @throws RefusedInput BLOCK_CORRUPT when the checksum or the form is wrong; BLOCK_VERSION when the format, kind or
 *   compression is not known here, or encryption is not as expected; what the cipher throws
 */
export function readBlockFile(
  file: Uint8Array,
  kind: BlockKind,
  compressor: Compressor,
): { header: BlockHeader; payload: ByteReader } {
  const { header, compression, length, position } = readHeader(file);
  if (header.kind !== kind)
    throw new RefusedInput("BLOCK_VERSION", { at: "kind", expected: kind, received: header.kind });
  const { cipher } = compressor;
  // Nor is a plain block taken where all are encrypted.
  if ((header.keyId !== 0) !== (cipher !== undefined))
    throw new RefusedInput("BLOCK_VERSION", {
      at: "keyId",
      expected: cipher ? "a key" : "0",
      received: String(header.keyId),
    });
  const written = file.subarray(position, file.length - 4);
  const stored = cipher ? cipher.open(header.keyId, written, file.subarray(0, position)) : written;
  if (length > PAYLOAD_MAX) throw new RefusedInput("BLOCK_CORRUPT", { at: "length" });
  let payload = stored;
  if (compression !== 0) {
    if (compression !== compressor.id) {
      throw new RefusedInput("BLOCK_VERSION", {
        at: "compression",
        expected: String(compressor.id),
        received: String(compression),
      });
    }
    try {
      payload = compressor.decompress(stored, length);
    } catch (error) {
      throw new RefusedInput("BLOCK_CORRUPT", { at: "payload" }, { cause: error });
    }
  }
  if (payload.length !== length) throw new RefusedInput("BLOCK_CORRUPT", { at: "length" });
  return { header, payload: new ByteReader(payload) };
}

// Most times are whole milliseconds; waveforms may begin between two.
const WHOLE_SPAN = 0;
const FLOAT_SPAN = 1;

function writeSpan(out: ByteWriter, first: number, last: number): void {
  const isWhole = [first, last].every((time) => Number.isInteger(time) && Math.abs(time) <= 2 ** 50);
  out.u8(isWhole ? WHOLE_SPAN : FLOAT_SPAN);
  if (isWhole) {
    out.zigzag(first);
    out.zigzag(last - first);
  } else {
    out.f64(first);
    out.f64(last);
  }
}

function readSpan(input: ByteReader): [first: number, last: number] {
  const kind = input.u8();
  if (kind === FLOAT_SPAN) return [input.f64(), input.f64()];
  if (kind !== WHOLE_SPAN) throw new RefusedInput("BLOCK_CORRUPT", { at: "times" });
  const first = input.zigzag();
  return [first, first + input.zigzag()];
}

/** The header alone, checked against the CRC. Errors as of readBlockFile. */
export function readBlockHeader(file: Uint8Array): BlockHeader {
  return readHeader(file).header;
}

/**
 * The header of a file of which only the beginning is at hand, unchecked.
 *
 * @throws RefusedInput BLOCK_CORRUPT, BLOCK_VERSION
 */
export function peekBlockHeader(beginning: Uint8Array): BlockHeader {
  return parseHeader(beginning, beginning.length).header;
}

function readHeader(file: Uint8Array): ParsedHeader {
  if (file.length < 10 || MAGIC.some((byte, i) => file[i] !== byte))
    throw new RefusedInput("BLOCK_CORRUPT", { at: "magic" });
  const end = file.length - 4;
  const written = new DataView(file.buffer, file.byteOffset, file.byteLength).getUint32(end, true);
  if (crc32(file.subarray(0, end)) !== written) throw new RefusedInput("BLOCK_CORRUPT", { at: "crc" });
  return parseHeader(file, end);
}

interface ParsedHeader {
  readonly header: BlockHeader;
  readonly compression: number;
  /** Of the payload, not compressed. */
  readonly length: number;
  /** Where the payload begins. */
  readonly position: number;
}

function parseHeader(file: Uint8Array, end: number): ParsedHeader {
  const input = new ByteReader(file, MAGIC.length, end);
  const version = input.u8();
  if (version !== FORMAT_VERSION) {
    throw new RefusedInput("BLOCK_VERSION", {
      at: "version",
      expected: String(FORMAT_VERSION),
      received: String(version),
    });
  }
  const kindCode = input.u8();
  const kind = KINDS[kindCode];
  if (!kind) throw new RefusedInput("BLOCK_VERSION", { at: "kind", received: String(kindCode) });
  const compression = input.u8();
  const keyId = input.varint();
  const clockCorrectionId = input.varint();
  const unit = input.text();
  const associationId = uuidFromBytes(input.raw(16));
  const offset = input.varint();
  const count = input.varint();
  const [firstTime, lastTime] = readSpan(input);
  const length = input.varint();
  const header = {
    kind,
    keyId,
    clockCorrectionId,
    unit,
    associationId,
    utcOffsetMinutes: offset === NO_OFFSET ? null : offset - 1441,
    count,
    firstTime,
    lastTime,
  };
  return { header, compression, length, position: input.position };
}
