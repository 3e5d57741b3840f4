import type { RawInput } from "@openward/model";
import { ByteWriter, ZIGZAG_MAX } from "@openward/timeseries";
import type { DataKey } from "../keys/ports.ts";
import { FORM, HEAD, KINDS } from "./format.ts";

const OUTGROWN_BYTES = 256 * 1024;

/** Messages of one patient while a batch is gathered, not yet encrypted. Used again and again. */
export class RawSlice {
  out = new ByteWriter(512);
  keys: readonly DataKey[] = [];
  messages = 0;
  readonly #texts = new Map<string, number>();
  #base = 0;

  begin(keys: readonly DataKey[], base: number): void {
    // One that was unusually large does not keep its memory for ever.
    if (this.out.bytes.length > OUTGROWN_BYTES) this.out = new ByteWriter(512);
    this.out.length = 0;
    this.out.u8(FORM.plain);
    this.keys = keys;
    this.messages = 0;
    this.#texts.clear();
    this.#base = base;
  }

  add({ kind, deviceId, format, body, receivedAt, stampedAt, clockOffsetMs, isWill }: RawInput): void {
    const { out } = this;
    const distance = receivedAt - this.#base;
    const isWhole = Number.isInteger(receivedAt) && Math.abs(distance) < ZIGZAG_MAX / 2;
    const isStamped = stampedAt !== receivedAt;
    let head: number = KINDS.indexOf(kind);
    if (isWill) head |= HEAD.will;
    if (isStamped) head |= HEAD.stamped;
    if (clockOffsetMs !== 0) head |= HEAD.offset;
    if (!isWhole) head |= HEAD.fraction;
    out.u8(head);
    this.#text(deviceId);
    this.#text(format);
    if (isWhole) out.zigzag(distance);
    else out.f64(receivedAt);
    if (isStamped) out.f64(stampedAt);
    if (clockOffsetMs !== 0) out.f64(clockOffsetMs);
    out.varint(body.length);
    out.raw(body);
    this.messages++;
  }

  #text(text: string): void {
    const known = this.#texts.get(text);
    this.out.varint(known ?? this.#texts.size);
    if (known !== undefined) return;
    this.#texts.set(text, this.#texts.size);
    const bytes = bytesOf(text);
    this.out.varint(bytes.length);
    this.out.raw(bytes);
  }
}

// The same devices speak in every batch.
const utf8 = new TextEncoder();
const known = new Map<string, Uint8Array>();

function bytesOf(text: string): Uint8Array {
  let bytes = known.get(text);
  if (!bytes) {
    if (known.size >= 20_000) known.clear();
    bytes = utf8.encode(text);
    if (text.length <= 64) known.set(text, bytes);
  }
  return bytes;
}
