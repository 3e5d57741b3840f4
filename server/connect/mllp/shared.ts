import type { Runtime } from "@openward/runtime";
import type { DeviceAccess, Ingest } from "../ports.ts";
import type { Connection } from "./connection.ts";
import type { MllpLimits } from "./limits.ts";

/** The part of a pino logger that is used here; facts carry ids and codes, never values or raw messages. */
export interface Log {
  warn(facts: object, text: string): void;
}

/** Since the start; `partialBytes` is what waits now. */
export interface MllpCounters {
  messages: number;
  acknowledged: number;
  /** Whole messages in quarantine. */
  quarantined: number;
  /** Messages of a type, version or profile that is not taken. */
  rejected: number;
  /** Commits that failed: no answer. */
  failed: number;
  /** Limits, and bytes that are no MLLP. */
  refused: number;
  signInsRefused: number;
  partialBytes: number;
}

/** What every connection of one endpoint shares. */
export interface Shared {
  readonly ingest: Ingest;
  readonly access: DeviceAccess;
  readonly runtime: Runtime;
  readonly limits: MllpLimits;
  readonly log: Log;
  /** Messages that wait for their commit. */
  readonly gate: { messages: number; bytes: number };
  /** Connections that are not read on until there is room. */
  readonly waiting: Set<Connection>;
  readonly counters: MllpCounters;
  left(connection: Connection): void;
  /** There is room again. */
  wake(): void;
}
