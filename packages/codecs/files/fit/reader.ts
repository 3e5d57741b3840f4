import { malformed } from "../../reader.ts";

/** Seconds from 1970 to the epoch of FIT, 1989-12-31. */
const EPOCH_S = 631_065_600;
/** Below, a timestamp counts seconds since the device was switched on. */
const FIRST_TIMESTAMP = 0x10000000;
const TIMESTAMP = 253;
/** Of the numbers that are read: a field of floating point can say more, and no message that is taken has such. */
const MAX_RAW = 0xffffffff;
const NIBBLES = [
  0x0000, 0xcc01, 0xd801, 0x1400, 0xf001, 0x3c00, 0x2800, 0xe401, 0xa001, 0x6c00, 0x7800, 0xb401, 0x5000, 0x9c01,
  0x8801, 0x4400,
];

interface Field {
  readonly number: number;
  /** From the beginning of the message's content. */
  readonly at: number;
  readonly size: number;
  readonly base: Base | undefined;
}

interface Definition {
  readonly global: number;
  readonly isLittle: boolean;
  readonly fields: readonly Field[];
  readonly size: number;
  readonly developerFields: number;
}

interface Base {
  readonly size: number;
  readonly get: (view: DataView, at: number, isLittle: boolean) => number;
  readonly invalid: number;
}

const u8 = (view: DataView, at: number) => view.getUint8(at);
const u16 = (view: DataView, at: number, isLittle: boolean) => view.getUint16(at, isLittle);
const u32 = (view: DataView, at: number, isLittle: boolean) => view.getUint32(at, isLittle);
/** Numbers that are read; text, bytes and 64 bits are of no message that is taken. @source FIT protocol, base types */
const BASES: ReadonlyMap<number, Base> = new Map([
  [0x00, { size: 1, get: u8, invalid: 0xff }],
  [0x01, { size: 1, get: (view, at) => view.getInt8(at), invalid: 0x7f }],
  [0x02, { size: 1, get: u8, invalid: 0xff }],
  [0x83, { size: 2, get: (view, at, isLittle) => view.getInt16(at, isLittle), invalid: 0x7fff }],
  [0x84, { size: 2, get: u16, invalid: 0xffff }],
  [0x85, { size: 4, get: (view, at, isLittle) => view.getInt32(at, isLittle), invalid: 0x7fffffff }],
  [0x86, { size: 4, get: u32, invalid: 0xffffffff }],
  [0x88, { size: 4, get: (view, at, isLittle) => view.getFloat32(at, isLittle), invalid: Number.NaN }],
  [0x89, { size: 8, get: (view, at, isLittle) => view.getFloat64(at, isLittle), invalid: Number.NaN }],
  [0x0a, { size: 1, get: u8, invalid: 0 }],
  [0x8b, { size: 2, get: u16, invalid: 0 }],
  [0x8c, { size: 4, get: u32, invalid: 0 }],
]);

export interface FitMessage {
  /** Number of the kind of message: 20 is a record. */
  readonly global: number;
  /** Of its first byte. */
  readonly offset: number;
  /** s since the epoch of FIT, of this message or the last that had one; NaN: none yet. */
  readonly timestamp: number;
  readonly developerFields: number;
  /** As it stands there, unscaled; NaN: not there, or marked as invalid. */
  number(field: number): number;
  numbers(field: number): readonly number[];
}

/** ms UTC; NaN where the device did not know the time. */
export function fitTime(timestamp: number): number {
  return timestamp >= FIRST_TIMESTAMP ? (timestamp + EPOCH_S) * 1000 : Number.NaN;
}

/** @source FIT protocol: CRC-16, polynomial 0x8005 reflected, by nibbles */
export function fitCrc(bytes: Uint8Array, from: number, to: number): number {
  let crc = 0;
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number;
    crc = (crc >> 4) ^ (NIBBLES[crc & 15] as number) ^ (NIBBLES[byte & 15] as number);
    crc = (crc >> 4) ^ (NIBBLES[crc & 15] as number) ^ (NIBBLES[byte >> 4] as number);
  }
  return crc;
}

/**
 * The messages of a file, and of those that are chained behind it. The checksums are checked before anything is read: what
 * is not as it was written is no measurement.
 *
 * @throws RefusedInput MALFORMED_BYTES
 */
export function readFit(bytes: Uint8Array, format: string, take: (message: FitMessage) => void): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  do at = readOne(bytes, view, at, format, take);
  while (at < bytes.length);
}

/** @returns behind its checksum */
function readOne(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  format: string,
  take: (message: FitMessage) => void,
): number {
  const refuse = (field: string, offset: number, expected: string): never => {
    throw malformed(format, field, Math.min(offset, bytes.length), expected);
  };
  const headerSize = bytes[start] as number;
  if (headerSize !== 12 && headerSize !== 14) refuse("header size", start, "12 or 14");
  if (start + headerSize > bytes.length) refuse("header", start, `${headerSize} bytes`);
  if (view.getUint32(start + 8, false) !== 0x2e464954) refuse("data type", start + 8, ".FIT");
  const dataSize = view.getUint32(start + 4, true);
  const end = start + headerSize + dataSize;
  if (end + 2 > bytes.length)
    refuse("data size", start + 4, `no more than the ${bytes.length - start} bytes that came`);
  if (headerSize === 14) {
    const told = view.getUint16(start + 12, true);
    if (told !== 0 && told !== fitCrc(bytes, start, start + 12)) refuse("header CRC", start + 12, "that of the header");
  }
  if (view.getUint16(end, true) !== fitCrc(bytes, start, end)) refuse("CRC", end, "that of the file");
  new FitBody(bytes, view, refuse, take).read(start + headerSize, end);
  return end + 2;
}

class FitBody {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #refuse: (field: string, offset: number, expected: string) => never;
  readonly #take: (message: FitMessage) => void;
  readonly #definitions: (Definition | undefined)[] = [];
  #timestamp = Number.NaN;

  constructor(
    bytes: Uint8Array,
    view: DataView,
    refuse: (field: string, offset: number, expected: string) => never,
    take: (message: FitMessage) => void,
  ) {
    this.#bytes = bytes;
    this.#view = view;
    this.#refuse = refuse;
    this.#take = take;
  }

  read(from: number, end: number): void {
    let at = from;
    while (at < end) {
      const header = this.#bytes[at] as number;
      if ((header & 0x80) !== 0) at = this.#message((header >> 5) & 3, at, end, header & 31);
      else if ((header & 0x40) !== 0) at = this.#define(header & 15, at, end, (header & 0x20) !== 0);
      else at = this.#message(header & 15, at, end, null);
    }
  }

  #define(local: number, at: number, end: number, hasDeveloperFields: boolean): number {
    const refuse = this.#refuse;
    if (at + 6 > end) refuse("definition", at, "6 bytes");
    const bytes = this.#bytes;
    const architecture = bytes[at + 2] as number;
    if (architecture > 1) refuse("architecture", at + 2, "0 or 1");
    const isLittle = architecture === 0;
    const count = bytes[at + 5] as number;
    let next = at + 6 + 3 * count;
    if (next > end) refuse("definition", at + 5, `${3 * count} bytes of fields`);
    const fields: Field[] = [];
    let size = 0;
    for (let i = at + 6; i < next; i += 3) {
      const [number, length, type] = [bytes[i], bytes[i + 1], bytes[i + 2]] as unknown as [number, number, number];
      const base = BASES.get(type);
      // A length that is no multiple of the type's is of no number.
      fields.push({ number, at: size, size: length, base: base && length % base.size === 0 ? base : undefined });
      size += length;
    }
    let developerFields = 0;
    if (hasDeveloperFields) {
      if (next >= end) refuse("developer fields", next, "their number");
      developerFields = bytes[next] as number;
      const behind = next + 1 + 3 * developerFields;
      if (behind > end) refuse("developer fields", next, `${3 * developerFields} bytes`);
      for (let i = next + 1; i < behind; i += 3) size += bytes[i + 1] as number;
      next = behind;
    }
    const global = this.#view.getUint16(at + 3, isLittle);
    this.#definitions[local] = { global, isLittle, fields, size, developerFields };
    return next;
  }

  /** @param seconds lowest five bits of its timestamp, where the header tells it */
  #message(local: number, at: number, end: number, seconds: number | null): number {
    const definition = this.#definitions[local];
    if (!definition) return this.#refuse("local message type", at, "one that was defined before");
    const { global, isLittle, fields, size, developerFields } = definition;
    const body = at + 1;
    if (body + size > end) this.#refuse(`message ${global}`, at, `${size} bytes`);
    const view = this.#view;
    const numbers = (wanted: number): readonly number[] => {
      const field = fields.find(({ number }) => number === wanted);
      if (!field?.base) return [];
      const { get, invalid, size: width } = field.base;
      const found: number[] = [];
      for (let i = 0; i < field.size; i += width) {
        const value = get(view, body + field.at + i, isLittle);
        found.push(value !== invalid && Math.abs(value) <= MAX_RAW ? value : Number.NaN);
      }
      return found;
    };
    const number = (wanted: number) => numbers(wanted)[0] ?? Number.NaN;
    if (seconds !== null) {
      const last = this.#timestamp;
      if (!Number.isNaN(last)) this.#timestamp = last + ((seconds - last) & 31);
    } else {
      const told = number(TIMESTAMP);
      if (!Number.isNaN(told)) this.#timestamp = told;
    }
    this.#take({ global, offset: at, timestamp: this.#timestamp, developerFields, number, numbers });
    return body + size;
  }
}
