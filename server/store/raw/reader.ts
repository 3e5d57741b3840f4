import { crc32 } from "node:zlib";
import { RefusedInput } from "@openward/errors";
import type { RawInput } from "@openward/model";
import { ByteReader, uuidFromBytes } from "@openward/timeseries";
import { IV_BYTES, open } from "../keys/cipher.ts";
import { decryptPart } from "../keys/key-stream.ts";
import type { DataKeys } from "../keys/ports.ts";
import { decompress } from "./compression.ts";
import {
  FORM,
  HEAD,
  isRawBatch,
  KIND_BITS,
  KINDS,
  RAW_AT,
  RAW_END_BYTES,
  RAW_HEADER_BYTES,
  RAW_VERSION,
} from "./format.ts";

export interface RawHeader {
  readonly batchId: string;
  readonly organisationId: string;
  readonly position: number;
  readonly writtenAt: number;
  readonly messages: number;
}

/** A message as it lies in a row: of whom it tells is said by its key, and not needed to run it again. */
export type RawMessage = Omit<RawInput, "patientIds">;

/** Larger than what any transport lets in, many times over: what claims to be more is damage. */
const SLICE_BYTES_MAX = 512 * 1024 * 1024;

/** @throws RefusedInput BLOCK_CORRUPT, BLOCK_VERSION */
export function readRawHeader(row: Uint8Array): RawHeader {
  if (row.length < RAW_HEADER_BYTES + 4 || !isRawBatch(row)) throw corrupt("raw input");
  const view = new DataView(row.buffer, row.byteOffset, row.byteLength);
  const end = row.length - 4;
  if (crc32(row.subarray(0, end)) !== view.getUint32(end, true)) throw corrupt("raw input crc");
  if (row[3] !== RAW_VERSION) {
    const facts = { at: "raw input", expected: String(RAW_VERSION), received: String(row[3]) };
    throw new RefusedInput("BLOCK_VERSION", facts);
  }
  return {
    batchId: uuidFromBytes(row, RAW_AT.batchId),
    organisationId: uuidFromBytes(row, RAW_AT.organisation),
    position: view.getFloat64(RAW_AT.position, true),
    writtenAt: view.getFloat64(RAW_AT.writtenAt, true),
    messages: view.getUint32(RAW_AT.messages, true),
  };
}

/**
 * The messages of a row, slice by slice. What was encrypted under a key that has been destroyed is as if it were not there.
 *
 * @param isWanted by the keys of a slice; what is not wanted is not decrypted
 * @param onFault told of a slice that cannot be read; the others are read all the same
 * @throws RefusedInput BLOCK_CORRUPT, BLOCK_VERSION, KEY_MISSING where nothing of the row can be read
 */
export function readRaw(
  row: Uint8Array,
  keys: Pick<DataKeys, "byId">,
  onFault: (error: RefusedInput) => void,
  isWanted: (keyIds: readonly number[]) => boolean = () => true,
): { readonly header: RawHeader; readonly messages: RawMessage[] } {
  const header = readRawHeader(row);
  checkTag(row, keys);
  const view = new DataView(row.buffer, row.byteOffset, row.byteLength);
  const input = new ByteReader(row, RAW_HEADER_BYTES, row.length - RAW_END_BYTES);
  const slices = view.getUint32(RAW_AT.slices, true);
  const messages: RawMessage[] = [];
  for (let place = 0; place < slices; place++) {
    const count = input.u32();
    const length = input.u32();
    const layers = Array.from({ length: input.u8() }, () => ({
      keyId: input.u32(),
      iv: input.raw(IV_BYTES),
      offset: input.u32(),
    }));
    let bytes = input.raw(length);
    if (!isWanted(layers.map(({ keyId }) => keyId))) continue;
    try {
      for (const { keyId, ...place } of layers) bytes = decryptPart(keys.byId(keyId), { ...place, bytes });
      messages.push(...messagesOf(unpacked(bytes), count, header));
    } catch (error) {
      if (!(error instanceof RefusedInput)) throw error;
      if (error.code !== "KEY_DESTROYED") onFault(error);
    }
  }
  return { header, messages };
}

/** Nobody without the organisation's key has changed a bit of it, or moved a slice to another row. */
function checkTag(row: Uint8Array, keys: Pick<DataKeys, "byId">): void {
  const at = row.length - RAW_END_BYTES;
  if (at < RAW_HEADER_BYTES) throw corrupt("raw input");
  const keyId = new DataView(row.buffer, row.byteOffset).getUint32(at, true);
  open(keys.byId(keyId).secret, row.subarray(at + 4, row.length - 4), row.subarray(0, at + 4));
}

function unpacked(bytes: Uint8Array): Uint8Array {
  if (bytes[0] === FORM.plain) return bytes.subarray(1);
  if (bytes[0] !== FORM.zstd || bytes.length < 5) throw corrupt("raw input form");
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1, true);
  if (length > SLICE_BYTES_MAX) throw corrupt("raw input length");
  try {
    const whole = decompress(bytes.subarray(5), length);
    if (whole.length === length) return whole;
  } catch (cause) {
    throw corrupt("raw input zstd", cause);
  }
  throw corrupt("raw input length");
}

/** All of a slice, or nothing of it. */
function messagesOf(plain: Uint8Array, count: number, { organisationId, writtenAt }: RawHeader): RawMessage[] {
  const input = new ByteReader(plain);
  const texts: string[] = [];
  const text = () => {
    const index = input.varint();
    if (index > texts.length) throw corrupt("raw input text");
    if (index === texts.length) texts.push(input.text());
    return texts[index] as string;
  };
  const messages: RawMessage[] = [];
  while (messages.length < count) {
    const head = input.u8();
    const kind = KINDS[head & KIND_BITS];
    if (kind === undefined || head >= 128) throw corrupt("raw input kind");
    const deviceId = text();
    const format = text();
    const receivedAt = head & HEAD.fraction ? input.f64() : writtenAt + input.zigzag();
    const stampedAt = head & HEAD.stamped ? input.f64() : receivedAt;
    const clockOffsetMs = head & HEAD.offset ? input.f64() : 0;
    const body = input.raw(input.varint());
    const isWill = (head & HEAD.will) !== 0;
    messages.push({ organisationId, deviceId, kind, format, body, receivedAt, stampedAt, clockOffsetMs, isWill });
  }
  if (input.position !== plain.length) throw corrupt("raw input end");
  return messages;
}

function corrupt(at: string, cause?: unknown): RefusedInput {
  return new RefusedInput("BLOCK_CORRUPT", { at }, cause === undefined ? undefined : { cause });
}
