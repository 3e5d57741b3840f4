/** What one sender, and all of them together, may cost. */
export interface MllpLimits {
  readonly messageBytes: number;
  /** From the first byte of a message to its last. */
  readonly messageMs: number;
  readonly connections: number;
  /** Of one device; the oldest gives way. */
  readonly connectionsPerDevice: number;
  /** Messages of one connection that wait for their commit; the socket is not read on until one has its answer. */
  readonly waitingPerConnection: number;
  /** Of all connections. */
  readonly waitingMessages: number;
  readonly waitingBytes: number;
  /** Bytes of messages that have not arrived completely, of all connections. */
  readonly partialBytes: number;
  /** Bytes of answers that a sender has not taken; it is not read on until it has. */
  readonly unreadBytes: number;
  /** A sender that connects for every message is there until it has been away so long. */
  readonly awayMs: number;
  /** At stop: how long commits that run may still be acknowledged. */
  readonly stopMs: number;
}

export const defaultMllpLimits: MllpLimits = {
  messageBytes: 1_048_576,
  messageMs: 30_000,
  connections: 2_000,
  connectionsPerDevice: 16,
  waitingPerConnection: 20,
  waitingMessages: 5_000,
  waitingBytes: 67_108_864,
  partialBytes: 134_217_728,
  unreadBytes: 65_536,
  awayMs: 60_000,
  stopMs: 5_000,
};
