import { hashOf } from "../delivery.ts";
import type { DeviceMessage } from "../ports.ts";
import type { Connection } from "./connection.ts";
import { REASON } from "./packets.ts";
import type { Session } from "./session.ts";

/** A message that waits for its commit, and then for its turn to be acknowledged: one object for both. */
export class Uplink implements DeviceMessage {
  readonly deviceId: string;
  readonly organisationId: string;
  readonly kind: DeviceMessage["kind"];
  readonly format: string;
  readonly body: Buffer;
  readonly receivedAt: number;
  readonly qos: number;
  readonly packetId: number;
  readonly isMarkedAgain: boolean;
  readonly session: Session;
  readonly connection: Connection;
  /** Its ack is known; `hasFailed`: it must not get one. */
  isSettled = false;
  hasFailed = false;
  reasonCode: number = REASON.success;
  reason: string | null = null;
  /** It takes a place of the receive maximum until its ack; a QoS 2 id takes one by itself, until it is released. */
  isCounted: boolean;
  /** Only the answer to a QoS 2 packet that came before. */
  isRepeat = false;
  /** The delivery key, when somebody has asked for it. */
  knownKey: string | null = null;
  #isRedelivery: boolean | undefined;
  /** Behind it, in the order in which packets came. */
  next: Uplink | null = null;
  /** The same QoS 2 packet, sent again while the first waits. */
  again: Uplink | null = null;

  constructor(
    connection: Connection,
    session: Session,
    qos: number,
    packetId: number,
    to: { deviceId: string; organisationId: string; kind: DeviceMessage["kind"]; format: string },
    body: Buffer,
    receivedAt: number,
    isMarkedAgain: boolean,
  ) {
    this.connection = connection;
    this.session = session;
    this.qos = qos;
    this.isCounted = qos === 1;
    this.packetId = packetId;
    this.deviceId = to.deviceId;
    this.organisationId = to.organisationId;
    this.kind = to.kind;
    this.format = to.format;
    this.body = body;
    this.receivedAt = receivedAt;
    this.isMarkedAgain = isMarkedAgain;
  }

  /** Made when asked for: only messages without a time of their own need it. */
  get deliveryKey(): string | null {
    if (this.qos === 0) return null;
    this.knownKey ??= `${this.session.id}:${this.packetId}:${this.bodyHash}`;
    return this.knownKey;
  }

  get isRedelivery(): boolean {
    const key = this.deliveryKey;
    this.#isRedelivery ??= key !== null && (this.connection.again.takes(key) || this.isMarkedAgain);
    return this.#isRedelivery;
  }

  get bodyHash(): string {
    return hashOf(this.body);
  }
}

/** How much waits for its commit, over all connections; connections that met a full gate wait for room. */
export interface Gate {
  messages: number;
  bytes: number;
  readonly waiting: Set<Connection>;
}
