import type { Runtime } from "@openward/runtime";
import type { DeviceAccess, FeedDoor, Guesses, Ingest } from "../ports.ts";
import type { Connection } from "./connection.ts";
import type { MqttLimits } from "./limits.ts";
import type { PacketReader } from "./packets.ts";
import type { Redeliveries } from "./redelivery.ts";
import type { Sessions } from "./session.ts";
import type { Gate } from "./uplink.ts";
import type { Wills } from "./wills.ts";

/** The part of a pino logger that is used here; facts carry ids and codes, never values or raw messages. */
export interface Log {
  info(facts: object, text: string): void;
  warn(facts: object, text: string): void;
  error(facts: object, text: string): void;
}

/** What every connection of one endpoint shares. */
export interface Shared {
  readonly ingest: Ingest;
  readonly access: DeviceAccess;
  readonly runtime: Runtime;
  readonly limits: MqttLimits;
  readonly log: Log;
  readonly guesses: Guesses | undefined;
  readonly feeds: FeedDoor | undefined;
  readonly sessions: Sessions;
  readonly wills: Wills;
  readonly redeliveries: Redeliveries;
  readonly gate: Gate;
  readonly readers: { readonly 4: PacketReader; readonly 5: PacketReader };
  readonly connections: Set<Connection>;
  /** In the order in which they came. */
  readonly beforeSignIn: Set<Connection>;
  readonly counters: MqttCounters;
  /** One per second. */
  tick: number;
  partialBytes: number;
  isStopping: boolean;
  /** Its acks, or its reading on, are looked at once everything of this turn has settled. */
  markDirty(connection: Connection): void;
  /** A connection signed in or went; the first and the last of a device are told to ingest. */
  arrived(connection: Connection): void;
  left(connection: Connection): void;
  /** The client id of an open connection signed in again. */
  tookOver(connection: Connection, before: Connection): void;
}

/** Since the start; for /metrics. */
export interface MqttCounters {
  messages: number;
  acknowledged: number;
  /** Whole messages in quarantine. */
  quarantined: number;
  /** Commits that failed: no ack. */
  failed: number;
  /** Topics refused, protocol errors, limits. */
  refused: number;
  signInsRefused: number;
}
