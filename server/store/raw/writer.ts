import { crc32 } from "node:zlib";
import type { RawInput } from "@openward/model";
import { ByteWriter, uuidToBytes } from "@openward/timeseries";
import { seal } from "../keys/cipher.ts";
import type { KeyStreams } from "../keys/key-stream.ts";
import type { DataKey, DataKeys } from "../keys/ports.ts";
import { COMPRESS_FROM_BYTES, compress } from "./compression.ts";
import {
  FORM,
  KEYS_MAX,
  RAW_AT,
  RAW_END_BYTES,
  RAW_HEADER_BYTES,
  RAW_KEY_BYTES,
  RAW_MAGIC,
  RAW_VERSION,
} from "./format.ts";
import { RawSlice } from "./slice.ts";

const SLICE_HEAD_BYTES = 9;

/** Gathers what was sent; `seal` compresses and encrypts it, a slice for each key. Used again after `begin`. */
export class RawWriter {
  readonly #keys: DataKeys;
  readonly #streams: KeyStreams;
  readonly #out = new ByteWriter(16 * 1024);
  readonly #slices = new Map<number | string, RawSlice>();
  readonly #spare: RawSlice[] = [];
  #organisationId = "";
  #writtenAt = 0;
  #messages = 0;
  #length = 0;
  #lastPatient = "";
  #lastSlice: RawSlice | undefined;

  constructor(keys: DataKeys, streams: KeyStreams) {
    this.#keys = keys;
    this.#streams = streams;
  }

  begin(organisationId: string, writtenAt: number): void {
    this.#organisationId = organisationId;
    this.#writtenAt = writtenAt;
    for (const slice of this.#slices.values()) this.#spare.push(slice);
    this.#slices.clear();
    this.#messages = 0;
    this.#length = RAW_HEADER_BYTES;
    this.#lastSlice = undefined;
  }

  get messages(): number {
    return this.#messages;
  }

  /** About the bytes that are gathered. */
  get length(): number {
    return this.#length;
  }

  /** Bytes of memory that it holds. */
  get capacity(): number {
    let sum = this.#out.bytes.length;
    for (const slice of this.#slices.values()) sum += slice.out.bytes.length;
    for (const slice of this.#spare) sum += slice.out.bytes.length;
    return sum;
  }

  /**
   * All of it, or nothing where this throws.
   *
   * @throws RefusedInput KEY_DESTROYED; OutsideTrouble STORE_UNAVAILABLE when a new key cannot be kept
   */
  add(input: RawInput): void {
    const slice = this.#sliceOf(input.patientIds);
    const before = slice.out.length;
    slice.add(input);
    this.#messages++;
    this.#length += slice.out.length - before;
  }

  #sliceOf(patientIds: readonly string[]): RawSlice {
    const [patientId] = patientIds;
    const isOfOne = patientIds.length === 1 && patientId !== undefined;
    if (isOfOne) {
      if (patientId === this.#lastPatient && this.#lastSlice) return this.#lastSlice;
      const known = this.#slices.get(this.#keys.ofPatient(this.#organisationId, patientId).id);
      if (known) {
        this.#lastPatient = patientId;
        this.#lastSlice = known;
        return known;
      }
    }
    const keys: DataKey[] =
      patientId === undefined
        ? [this.#keys.ofOrganisation(this.#organisationId)]
        : patientIds.map((each) => this.#keys.ofPatient(this.#organisationId, each));
    if (keys.length > KEYS_MAX) throw new Error("a message tells of more patients than can be");
    const name = keys.length === 1 ? (keys[0] as DataKey).id : keys.map(({ id }) => id).join(" ");
    let slice = this.#slices.get(name);
    if (!slice) {
      slice = this.#spare.pop() ?? new RawSlice();
      slice.begin(keys, this.#writtenAt);
      this.#slices.set(name, slice);
      this.#length += SLICE_HEAD_BYTES + RAW_KEY_BYTES * keys.length + slice.out.length;
    }
    if (isOfOne) {
      this.#lastPatient = patientId;
      this.#lastSlice = slice;
    }
    return slice;
  }

  /** The finished row; valid until the next `begin`. */
  seal(batchId: string, position: number): Buffer {
    const out = this.#out;
    out.length = 0;
    out.reserve(this.#length + RAW_END_BYTES);
    for (const byte of [...RAW_MAGIC, RAW_VERSION]) out.u8(byte);
    uuidToBytes(batchId, out.bytes, RAW_AT.batchId);
    uuidToBytes(this.#organisationId, out.bytes, RAW_AT.organisation);
    out.length = RAW_AT.position;
    out.f64(position);
    out.f64(this.#writtenAt);
    out.u32(this.#messages);
    out.u32(this.#slices.size);
    for (const slice of this.#slices.values()) this.#seal(slice);
    const key = this.#keys.ofOrganisation(this.#organisationId);
    out.u32(key.id);
    out.raw(seal(key.secret, this.#keys.nextIv, NOTHING, out.written()));
    out.u32(crc32(out.written()));
    return Buffer.from(out.bytes.buffer, 0, out.length);
  }

  #seal(slice: RawSlice): void {
    const out = this.#out;
    const { keys, messages } = slice;
    let bytes = packed(slice);
    out.u32(messages);
    out.u32(bytes.length);
    out.u8(keys.length);
    for (const key of keys) {
      const part = this.#streams.encrypt(key, bytes);
      out.u32(key.id);
      out.raw(part.iv);
      out.u32(part.offset);
      bytes = part.bytes;
    }
    out.raw(bytes);
  }
}

const NOTHING = new Uint8Array();

/** A slice begins with its form: plain, until it is worth the while to be compressed. */
function packed({ out }: RawSlice): Uint8Array {
  const plain = out.written();
  if (plain.length < COMPRESS_FROM_BYTES) return plain;
  const small = compress(plain.subarray(1));
  if (small.length + 4 >= plain.length) return plain;
  const form = new Uint8Array(5 + small.length);
  form[0] = FORM.zstd;
  new DataView(form.buffer).setUint32(1, plain.length - 1, true);
  form.set(small, 5);
  return form;
}
