import { uuidFromBytes } from "./bytes.ts";

const CAPACITY_MAX = 1 << 20;

/**
 * Sixteen bytes to the text of the UUID, the same string object each time: millions of records name the same few
 * thousand streams, and a string that is known already need not be built, nor hashed again.
 */
export class UuidTable {
  #keys = new Uint32Array(4 * 1024);
  #texts: (string | undefined)[] = new Array(1024);
  #count = 0;

  text(view: DataView, offset: number): string {
    const a = view.getUint32(offset, true);
    const b = view.getUint32(offset + 4, true);
    const c = view.getUint32(offset + 8, true);
    const d = view.getUint32(offset + 12, true);
    const slot = this.#find(a, b, c, d);
    const known = this.#texts[slot];
    if (known !== undefined) return known;
    const text = uuidFromBytes(new Uint8Array(view.buffer, view.byteOffset, view.byteLength), offset);
    this.#put(slot, a, b, c, d, text);
    return text;
  }

  /** Where it stands, or the free place where it would. */
  #find(a: number, b: number, c: number, d: number): number {
    const keys = this.#keys;
    const mask = this.#texts.length - 1;
    // Ids often differ in a few bits only: mixed until each bit moves the place.
    let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35) ^ d;
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
    let slot = (hash ^ (hash >>> 15)) & mask;
    while (this.#texts[slot] !== undefined) {
      const k = slot * 4;
      if (keys[k] === a && keys[k + 1] === b && keys[k + 2] === c && keys[k + 3] === d) return slot;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #put(slot: number, a: number, b: number, c: number, d: number, text: string): void {
    this.#texts[slot] = text;
    this.#keys.set([a, b, c, d], slot * 4);
    if (++this.#count * 2 > this.#texts.length) this.#grow();
  }

  #grow(): void {
    const keys = this.#keys;
    const texts = this.#texts;
    // Beyond a million it starts anew, so that it cannot grow for ever.
    const capacity = texts.length >= CAPACITY_MAX ? 1024 : texts.length * 2;
    this.#keys = new Uint32Array(4 * capacity);
    this.#texts = new Array(capacity);
    this.#count = 0;
    if (capacity < texts.length) return;
    for (const [slot, text] of texts.entries()) {
      if (text === undefined) continue;
      const [a, b, c, d] = keys.subarray(slot * 4, slot * 4 + 4) as unknown as [number, number, number, number];
      const place = this.#find(a, b, c, d);
      this.#texts[place] = text;
      this.#keys.set([a, b, c, d], place * 4);
      this.#count++;
    }
  }
}
