/**
 * What domain code may know of the outside world: a clock, timers, randomness and ids.
 * They are handed in, so that a test or a simulation decides what time it is.
 */

/** Time of day in integer milliseconds UTC, and a clock that never jumps. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z; may jump when the operator sets the clock. */
  now(): number;
  /** Milliseconds since an arbitrary start; never goes backwards. */
  monotonic(): number;
}

/** A pending timer; cancelling twice is harmless. */
export interface Timer {
  cancel(): void;
}

/** Timers run on the monotonic clock. */
export interface Timers {
  after(delayMs: number, run: () => void): Timer;
  every(periodMs: number, run: () => void): Timer;
}

/** Randomness; the system's is cryptographic, a test's is seeded. */
export interface Random {
  bytes(length: number): Uint8Array;
  /** Uniform in [0, 1). */
  float(): number;
}

/** Fresh identifiers. */
export interface Ids {
  /** A UUID of version 7: sorts by the time it was made. */
  uuid(): string;
}

export interface Runtime {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly ids: Ids;
}

/** UUID version 7 (RFC 9562) from a time in milliseconds and ten random bytes. */
export function uuidV7(nowMs: number, random: Uint8Array): string {
  const bytes = new Uint8Array(16);
  let rest = nowMs;
  for (let i = 5; i >= 0; i--) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes.set(random.subarray(0, 10), 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return formatUuid(bytes);
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Sixteen bytes as the usual text form. */
export function formatUuid(bytes: Uint8Array): string {
  let hex = "";
  for (let i = 0; i < 16; i++) hex += HEX[bytes[i] ?? 0];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
