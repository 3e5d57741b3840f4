import { describeRefusal } from "@openward/errors";
import { generate, type IConnackPacket, type IConnectPacket } from "mqtt-packet";
import type { FeedReader, FeedSitting } from "../ports.ts";
import type { Connection } from "./connection.ts";
import { ackWithReason, connack, PINGRESP, REASON, subscriptionAck } from "./packets.ts";

/** The user name of whoever reads a feed; a colon is in no device's id. */
export const FEED_USER = /^feed:([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;
const FILTERS_PER_PACKET = 64;
const PAYLOAD_BYTES_MAX = 4_096;
/** A client that acknowledges nothing has room for no more than this. */
const LEAST_ROOM = 1;

/** A client that reads a feed: it gets what the feed tells, and says from where on it wants it again. */
export class FeedClient {
  private readonly connection: Connection;
  private readonly sitting: FeedSitting;
  private readonly packetIds = new Map<number, number>();
  private readonly held: number[] = [];
  private lastPacketId = 0;

  constructor(connection: Connection, sit: (reader: FeedReader) => FeedSitting) {
    this.connection = connection;
    this.sitting = sit({
      room: connection.sendMaximum,
      send: (message, qos, token) => this.send(message, qos, token),
      close(why) {
        const code = why === "taken over" ? REASON.sessionTakenOver : REASON.administrative;
        connection.end(why === "stopped" ? REASON.serverShuttingDown : code, CLOSING[why]);
      },
    });
  }

  private send({ topic, payload, retain }: Parameters<FeedReader["send"]>[0], qos: 0 | 1, token: number): void {
    const { connection } = this;
    const messageId = qos === 1 ? this.nextPacketId() : 0;
    const packet = generate(
      { cmd: "publish", topic, payload, qos, dup: false, retain, ...(qos === 1 ? { messageId } : {}) },
      { protocolVersion: connection.version as 4 | 5 }, // signed in
    );
    // What the client cannot take at all is not sent again and again.
    if (packet.length > connection.clientPacketBytes) {
      queueMicrotask(() => this.sitting.acknowledged(token));
      return;
    }
    if (qos === 1) this.packetIds.set(messageId, token);
    connection.send(packet);
    if (qos === 1) return;
    if (connection.canSend) queueMicrotask(() => this.sitting.acknowledged(token));
    else this.held.push(token);
  }

  private nextPacketId(): number {
    do this.lastPacketId = (this.lastPacketId % 65_535) + 1;
    while (this.packetIds.has(this.lastPacketId));
    return this.lastPacketId;
  }

  /** There is room again for who reads without acknowledging. */
  freed(): void {
    for (const token of this.held.splice(0)) this.sitting.acknowledged(token);
  }

  left(): void {
    this.sitting.left();
  }

  packet(frame: Buffer): void {
    const { connection } = this;
    const { shared, version } = connection;
    const packet = shared.readers[version === 5 ? 5 : 4].read(frame);
    switch (packet?.cmd) {
      case "puback": {
        const token = this.packetIds.get(packet.messageId ?? 0);
        if (token === undefined) return;
        this.packetIds.delete(packet.messageId ?? 0);
        this.sitting.acknowledged(token);
        return;
      }
      case "subscribe": {
        const { subscriptions, messageId = 0 } = packet;
        if (messageId < 1 || subscriptions.length === 0 || subscriptions.length > FILTERS_PER_PACKET) break;
        const codes = subscriptions.map(
          ({ topic, qos }) =>
            this.sitting.subscribe(topic, qos > 0 ? 1 : 0) ?? (version === 5 ? REASON.notAuthorised : 0x80),
        );
        connection.send(subscriptionAck(0x90, version, messageId, codes));
        return;
      }
      case "unsubscribe": {
        const { unsubscriptions, messageId = 0 } = packet;
        if (messageId < 1 || unsubscriptions.length > FILTERS_PER_PACKET) break;
        const codes = unsubscriptions.map((filter) =>
          this.sitting.unsubscribe(filter) ? 0 : REASON.noSubscriptionExisted,
        );
        connection.send(subscriptionAck(0xb0, version, messageId, version === 5 ? codes : []));
        return;
      }
      case "publish":
        if (packet.qos === 2 || packet.payload.length > PAYLOAD_BYTES_MAX) break;
        void this.published(packet.topic, Buffer.from(packet.payload), packet.qos, packet.messageId ?? 0);
        return;
      case "pingreq":
        connection.send(PINGRESP);
        return;
      case "disconnect":
        connection.finish();
        return;
      default:
        break;
    }
    connection.end(REASON.protocolError, "a packet that who reads a feed does not send");
  }

  private async published(topic: string, payload: Buffer, qos: number, packetId: number): Promise<void> {
    const { connection } = this;
    const expected = await this.sitting.publish(topic, payload).catch(() => "try again");
    if (connection.isClosed) return;
    if (expected !== null && connection.version !== 5)
      return connection.end(REASON.topicNameInvalid, describeRefusal("TOPIC_FORBIDDEN", { expected }));
    if (qos === 0) return;
    const reason = expected === null ? null : describeRefusal("FIELD_INVALID", { at: "from", expected });
    const code = expected === null ? REASON.success : REASON.payloadFormatInvalid;
    connection.send(
      connection.version === 5
        ? ackWithReason(0x40, packetId, code, reason)
        : Buffer.of(0x40, 2, packetId >> 8, packetId & 255),
    );
  }
}

const CLOSING = {
  "taken over": "another client reads this feed now",
  ended: "the feed has ended",
  stopped: "the server stops",
} as const;

/** Somebody signs in as a feed. @returns false: they do not mean one */
export function acceptFeed(
  connection: Connection,
  packet: IConnectPacket,
  version: number,
  no: (reasonCode: number, reason: string) => void,
): boolean {
  const { shared } = connection;
  const { feeds, guesses, limits } = shared;
  const { username = "", password } = packet;
  const feedId = FEED_USER.exec(username)?.[1];
  if (!feedId || !feeds) return false;
  if (connection.isInTheClear) {
    no(REASON.notAuthorised, describeRefusal("TLS_REQUIRED", { expected: "MQTT over TLS" }));
    return true;
  }
  const seat = feeds.seatOf(feedId, password?.toString() ?? "");
  if (!seat) {
    shared.counters.signInsRefused++;
    const guess = { what: "feed secret", account: feedId, address: connection.address };
    if (guesses && guesses.waitMs(guess) > 0) no(REASON.connectionRateExceeded, describeRefusal("RATE_LIMITED"));
    else {
      guesses?.failed(guess);
      no(REASON.badUserNameOrPassword, describeRefusal("SIGN_IN_REFUSED"));
    }
    return true;
  }
  if (shared.connections.size >= limits.connections) {
    no(REASON.quotaExceeded, "too many connections");
    return true;
  }
  const given = packet.properties ?? {};
  shared.beforeSignIn.delete(connection);
  shared.connections.add(connection);
  connection.version = version;
  connection.heardTick = shared.tick;
  let keepAliveS = packet.keepalive ?? 0;
  const properties: NonNullable<IConnackPacket["properties"]> = {};
  if (version === 5) {
    connection.sendMaximum = Math.max(LEAST_ROOM, given.receiveMaximum ?? 65_535);
    connection.clientPacketBytes = given.maximumPacketSize ?? Number.POSITIVE_INFINITY;
    properties.maximumQoS = 1;
    properties.maximumPacketSize = limits.packetBytes;
    properties.subscriptionIdentifiersAvailable = false;
    properties.sharedSubscriptionAvailable = false;
    // The place is the feed's own, whatever becomes of sessions.
    properties.sessionExpiryInterval = 0;
    if (packet.clientId === "") properties.assignedClientIdentifier = shared.runtime.ids.uuid();
    if (keepAliveS === 0 || keepAliveS > limits.keepAliveMaxS) {
      keepAliveS = limits.keepAliveMaxS;
      properties.serverKeepAlive = keepAliveS;
    }
  }
  connection.keepAliveTicks = keepAliveS === 0 ? 0 : Math.ceil(keepAliveS * 1.5) + 1;
  connection.send(connack(version, REASON.success, false, properties));
  connection.feed = new FeedClient(connection, (reader) => seat.sit(reader));
  return true;
}
