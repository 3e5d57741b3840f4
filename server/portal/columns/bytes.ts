import type { Lease } from "./output-memory.ts";

/** Bytes that grow; what was taken belongs to who took it. */
export class Bytes {
  protected bytes: Uint8Array;
  protected at = 0;
  /** As long as it is written into. */
  #lease: Lease | undefined;

  /** @param place how many bytes to begin with, or where */
  constructor(place: number | Lease = 4096) {
    if (typeof place === "number") {
      this.bytes = Buffer.allocUnsafeSlow(Math.max(place, 64));
    } else {
      this.bytes = place.bytes;
      this.#lease = place;
    }
  }

  get length(): number {
    return this.at;
  }

  take(): Uint8Array {
    const taken = this.bytes.subarray(0, this.at);
    if (this.#lease) this.#lease.used += this.at;
    this.bytes = this.bytes.subarray(this.at);
    this.at = 0;
    return taken;
  }

  protected room(more: number): void {
    if (this.at + more <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max((this.at + more) * 2, 4096));
    grown.set(this.bytes.subarray(0, this.at));
    if (this.#lease) this.#lease.used += this.at;
    this.#lease = undefined;
    this.bytes = grown;
  }

  protected byte(value: number): void {
    this.room(1);
    this.bytes[this.at++] = value;
  }

  protected raw(bytes: Uint8Array): void {
    this.room(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }
}
