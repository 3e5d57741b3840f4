import { mayUse } from "../topic.ts";
import type { Connection } from "./connection.ts";
import { publishPacket } from "./packets.ts";
import type { Downlink, Session } from "./session.ts";
import type { Shared } from "./shared.ts";
import { matches } from "./subscriptions.ts";

/** What became of a message down: counts of sessions. All zero: nobody of that device listens. */
export interface Delivery {
  /** Written to a connection. */
  sent: number;
  /** Kept for a session that is away or busy. */
  queued: number;
  /** Not kept: the queue is full, the client reads too slowly for QoS 0, or its packets must be smaller. */
  refused: number;
}

/** Hand a message to every session that listens to this device and may. */
export function publishDown(shared: Shared, deviceId: string, message: Downlink): Delivery {
  const delivery: Delivery = { sent: 0, queued: 0, refused: 0 };
  const topic = message.topic.split("/");
  for (const session of shared.sessions.listeners(deviceId) ?? []) {
    // Asked again at every delivery: a gateway's charge or a device's access may have ended since it subscribed.
    const { device } = session;
    if (!mayUse(device, deviceId) || !shared.access.isActive(device.deviceId, device.credentialId)) continue;
    let qos = -1;
    for (const subscription of session.subscriptions?.values() ?? []) {
      if (matches(subscription.levels, topic)) qos = Math.max(qos, Math.min(subscription.qos, message.qos));
    }
    if (qos < 0) continue;
    delivery[deliver(shared, session, qos === message.qos ? message : { ...message, qos: 0 })]++;
  }
  return delivery;
}

function deliver(shared: Shared, session: Session, message: Downlink): keyof Delivery {
  const { connection } = session;
  if (connection && message.qos === 0)
    return connection.canSend && write(connection, message, 0, false) ? "sent" : "refused";
  if (!connection && message.qos === 0) return "refused";
  const isFree =
    connection?.canSend && !session.queue?.length && (session.inFlight?.size ?? 0) < connection.sendMaximum;
  if (connection && isFree) return sendNext(connection, session, message) ? "sent" : "refused";
  if (!connection && session.expiryS === 0) return "refused";
  const { queuedPerSession, queuedBytesPerSession } = shared.limits;
  session.queue ??= [];
  const bytes = message.payload.length + message.topic.length;
  if (session.queue.length >= queuedPerSession || session.queuedBytes + bytes > queuedBytesPerSession) return "refused";
  session.queue.push(message);
  session.queuedBytes += bytes;
  return "queued";
}

function sendNext(connection: Connection, session: Session, message: Downlink): boolean {
  const packetId = session.nextPacketId();
  session.inFlight ??= new Map();
  session.inFlight.set(packetId, message);
  if (write(connection, message, packetId, false)) return true;
  session.inFlight.delete(packetId);
  return false;
}

function write(connection: Connection, message: Downlink, packetId: number, dup: boolean): boolean {
  const now = connection.shared.runtime.clock.now();
  const leftS = message.expiresAt === null ? undefined : Math.ceil((message.expiresAt - now) / 1000);
  if (leftS !== undefined && leftS <= 0) return false;
  const packet = publishPacket(connection.version, { ...message, dup, packetId, expiresInS: leftS });
  if (packet.length > connection.clientPacketBytes) return false;
  connection.send(packet);
  return true;
}

/** As much of the queue as the client has room for; what has expired is left out. */
export function deliverQueued(connection: Connection): void {
  const { session } = connection;
  if (!session?.queue) return;
  while (session.queue.length > 0 && connection.canSend && (session.inFlight?.size ?? 0) < connection.sendMaximum) {
    const message = session.queue.shift() as Downlink;
    session.queuedBytes -= message.payload.length + message.topic.length;
    sendNext(connection, session, message);
  }
  if (session.queue.length === 0) session.queue = null;
}

/** The session goes on: what was sent and not acknowledged goes again, first and marked. */
export function resumeDownlink(connection: Connection): void {
  const { session } = connection;
  for (const [packetId, message] of session?.inFlight ?? []) {
    if (!write(connection, message, packetId, true)) session?.inFlight?.delete(packetId);
  }
  deliverQueued(connection);
}

/** The client has it. */
export function onPuback(connection: Connection, packetId: number): void {
  const { session } = connection;
  session?.inFlight?.delete(packetId);
  if (session?.inFlight?.size === 0) session.inFlight = null;
  deliverQueued(connection);
}
