import type { Random } from "@openward/runtime";
import { IV_BYTES } from "./cipher.ts";

const COUNT = 2 ** 32;

/**
 * Initialisation vectors that never come twice: eight random bytes, drawn at the start and again after 2^32 vectors, and
 * a counter of four. Nothing is read from a disk for it, so that a store restored from its backup repeats none
 * (docs/adr/0015-keys-and-erasure.md).
 */
export function createIvs(random: Random): (into: Uint8Array, at: number) => void {
  let prefix = random.bytes(8);
  let count = 0;
  return (into, at) => {
    if (count === COUNT) {
      prefix = random.bytes(8);
      count = 0;
    }
    for (let i = 0; i < 8; i++) into[at + i] = prefix[i] as number;
    for (let i = 8, rest = count; i < IV_BYTES; i++, rest >>>= 8) into[at + i] = rest & 255;
    count++;
  };
}
