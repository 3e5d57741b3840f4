/** An hour of readings a second as JSON, with room for its next column: the longest answers of screens. */
const BYTES = 524_288;
const IDLE_MAX = 8;

/** Memory that one answer is written into. */
export interface Lease {
  readonly bytes: Uint8Array;
  /** So much of it was written. */
  used: number;
}

/**
 * Memory of answers, to be used again: the first touch of a page costs more than writing what goes into it. It is wiped when
 * it comes back, so that nothing of a patient stays in it.
 */
export function createOutputMemory() {
  const idle: Uint8Array[] = [];
  return {
    take: (): Lease => ({ bytes: idle.pop() ?? Buffer.allocUnsafeSlow(BYTES), used: 0 }),
    /** When the answer has been handed to the operating system, and not before. */
    give({ bytes, used }: Lease): void {
      bytes.fill(0, 0, used);
      if (idle.length < IDLE_MAX) idle.push(bytes);
    },
  };
}
