import type { Connection } from "./connection.ts";
import { deliverQueued } from "./downlink.ts";
import { REASON, subscriptionAck } from "./packets.ts";
import type { Session } from "./session.ts";
import { parseFilter } from "./subscriptions.ts";

const FILTERS_PER_PACKET = 64;

/** SUBSCRIBE: each filter gets its own answer. */
export function onSubscribe(connection: Connection, frame: Buffer): void {
  const { shared, version } = connection;
  const packet = shared.readers[version === 5 ? 5 : 4].read(frame);
  if (packet?.cmd !== "subscribe" || !packet.messageId || packet.messageId < 1 || packet.subscriptions.length === 0) {
    connection.end(REASON.malformedPacket, "SUBSCRIBE");
    return;
  }
  if (packet.subscriptions.length > FILTERS_PER_PACKET) {
    connection.end(REASON.quotaExceeded, `at most ${FILTERS_PER_PACKET} filters in a packet`);
    return;
  }
  const session = connection.session as Session;
  const hasIdentifier = packet.properties?.subscriptionIdentifier !== undefined;
  const codes = packet.subscriptions.map(({ topic, qos }) => {
    const code = hasIdentifier ? REASON.subscriptionIdsNotSupported : subscribe(connection, session, topic, qos);
    return version === 5 || code < 0x80 ? code : 0x80;
  });
  connection.send(subscriptionAck(0x90, version, packet.messageId, codes));
  deliverQueued(connection);
}

function subscribe(connection: Connection, session: Session, filter: string, qos: number): number {
  const { limits, sessions } = connection.shared;
  const subscription = parseFilter(filter, qos, session.device, limits);
  if (typeof subscription === "number") return subscription;
  session.subscriptions ??= new Map();
  if (!session.subscriptions.has(filter) && session.subscriptions.size >= limits.subscriptionsPerSession) {
    return REASON.quotaExceeded;
  }
  session.subscriptions.set(filter, subscription);
  sessions.listen(session, subscription.deviceId);
  return subscription.qos;
}

/** UNSUBSCRIBE. */
export function onUnsubscribe(connection: Connection, frame: Buffer): void {
  const { shared, version } = connection;
  const packet = shared.readers[version === 5 ? 5 : 4].read(frame);
  if (
    packet?.cmd !== "unsubscribe" ||
    !packet.messageId ||
    packet.messageId < 1 ||
    packet.unsubscriptions.length === 0
  ) {
    connection.end(REASON.malformedPacket, "UNSUBSCRIBE");
    return;
  }
  const session = connection.session as Session;
  const codes = packet.unsubscriptions.map((filter) => unsubscribe(connection, session, filter));
  connection.send(subscriptionAck(0xb0, version, packet.messageId, version === 5 ? codes : []));
}

function unsubscribe(connection: Connection, session: Session, filter: string): number {
  const subscription = session.subscriptions?.get(filter);
  if (!subscription) return REASON.noSubscriptionExisted;
  session.subscriptions?.delete(filter);
  const { deviceId } = subscription;
  const stillListens = session.subscriptions?.values().some((other) => other.deviceId === deviceId);
  if (!stillListens) connection.shared.sessions.unlisten(session, deviceId);
  return REASON.success;
}
