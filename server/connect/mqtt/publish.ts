import { bodyFormat } from "@openward/codecs";
import { describeRefusal, type RefusalCode } from "@openward/errors";
import { hashOf } from "../delivery.ts";
import { placeTopic, type Route } from "../topic.ts";
import { settle } from "./acknowledge.ts";
import type { Connection } from "./connection.ts";
import { headerEnd } from "./framing.ts";
import { REASON } from "./packets.ts";
import type { Session } from "./session.ts";
import { Uplink } from "./uplink.ts";

/** One PUBLISH, between `start` and `end`. Source: MQTT 3.1.1 and 5.0, section 3.3. */
export function onPublish(connection: Connection, bytes: Buffer, start: number, end: number, now: number): void {
  const { shared, version } = connection;
  const first = bytes[start] as number;
  const qos = (first >> 1) & 3;
  let at = headerEnd(bytes, start);
  if (qos === 3 || end - at < 2) {
    connection.end(REASON.malformedPacket, "QoS or length of a PUBLISH");
    return;
  }
  const topicEnd = at + 2 + bytes.readUInt16BE(at);
  at += 2;
  if (topicEnd + (qos > 0 ? 2 : 0) > end) {
    connection.end(REASON.malformedPacket, "topic");
    return;
  }
  const topicAt = at;
  at = topicEnd;
  let packetId = 0;
  if (qos > 0) {
    packetId = bytes.readUInt16BE(at);
    at += 2;
    if (packetId === 0) {
      connection.end(REASON.protocolError, "packet id 0");
      return;
    }
  }
  let contentType: string | undefined;
  let alias = 0;
  if (version === 5) {
    if ((first & 1) === 1) {
      connection.end(REASON.retainNotSupported, "nothing is retained here");
      return;
    }
    const properties = at < end && bytes[at] === 0 ? NO_PROPERTIES : readProperties(connection, bytes, start, at, end);
    if (!properties) {
      connection.end(REASON.malformedPacket, "properties of a PUBLISH");
      return;
    }
    at = properties === NO_PROPERTIES ? at + 1 : properties.end;
    contentType = properties.contentType;
    alias = properties.alias;
  }
  const topic = topicOf(connection, bytes, topicAt, topicEnd, alias);
  if (topic === undefined) return;
  const route = routeFor(connection, topic, qos, packetId);
  if (!route) return;
  const session = connection.session as Session;
  // A view of the bytes that came: the socket makes new ones for every read.
  const body = bytes.subarray(at, end);
  if (qos === 2 && isKnown(connection, session, packetId, body, now)) return;
  if (qos > 0 && !mayWait(connection, session)) return;

  const format = route.codec ?? bodyFormat(contentType, body) ?? bodyFormat(undefined, body) ?? "json";
  const to = { deviceId: route.deviceId, organisationId: session.device.organisationId, kind: route.kind, format };
  const uplink = new Uplink(connection, session, qos, packetId, to, body, now, (first & 8) !== 0);
  shared.counters.messages++;
  const { gate, limits } = shared;
  gate.messages++;
  gate.bytes += body.length;
  connection.inFlight++;
  if (qos > 0) enqueue(connection, uplink);
  if (qos === 2) {
    session.incoming ??= new Map();
    session.incoming.set(packetId, uplink);
  }
  accept(uplink);
  const most = version === 5 ? 2 * limits.receiveMaximum : limits.receiveMaximum;
  if (connection.inFlight >= most) connection.block();
  if (gate.messages >= limits.waitingMessages || gate.bytes >= limits.waitingBytes) {
    connection.block();
    gate.waiting.add(connection);
  }
}

function accept(uplink: Uplink): void {
  try {
    uplink.connection.shared.ingest.accept(uplink).then(
      (receipt) => settle(uplink, receipt, undefined),
      (error: unknown) => settle(uplink, undefined, error),
    );
  } catch (error) {
    settle(uplink, undefined, error);
  }
}

interface PublishProperties {
  readonly end: number;
  readonly contentType: string | undefined;
  readonly alias: number;
}

const NO_PROPERTIES: PublishProperties = { end: -1, contentType: undefined, alias: 0 };

/** The library reads the properties; where they end is read here, and must be inside the packet. */
function readProperties(
  connection: Connection,
  bytes: Buffer,
  start: number,
  at: number,
  end: number,
): PublishProperties | undefined {
  let length = 0;
  let i = at;
  for (let scale = 1; ; scale *= 128) {
    if (i >= end || i > at + 3) return undefined;
    const byte = bytes[i++] as number;
    length += (byte & 127) * scale;
    if (byte < 128) break;
  }
  if (i + length > end) return undefined;
  const packet = connection.shared.readers[5].read(bytes.subarray(start, end));
  if (packet?.cmd !== "publish") return undefined;
  const { contentType, topicAlias, subscriptionIdentifier } = packet.properties ?? {};
  if (subscriptionIdentifier !== undefined || (contentType !== undefined && typeof contentType !== "string"))
    return undefined;
  // 0 is no alias, and not allowed as one: -1 is out of every range.
  const alias = topicAlias === undefined ? 0 : typeof topicAlias === "number" && topicAlias > 0 ? topicAlias : -1;
  return { end: i + length, contentType, alias };
}

function topicOf(connection: Connection, bytes: Buffer, at: number, end: number, alias: number): string | undefined {
  // Topics are ASCII here; a byte above it becomes a character that no route has.
  const topic = end > at ? bytes.toString("latin1", at, end) : "";
  if (alias === 0) return topic;
  if (alias < 0 || alias > connection.shared.limits.topicAliases) {
    connection.end(REASON.topicAliasInvalid, "topic alias");
    return undefined;
  }
  if (topic === "") {
    const known = connection.aliases?.get(alias);
    if (known === undefined) connection.end(REASON.protocolError, "an alias that was not set");
    return known;
  }
  // A topic that is too long is refused for itself; it is not remembered.
  if (topic.length <= connection.shared.limits.topicBytes) {
    connection.aliases ??= new Map();
    connection.aliases.set(alias, topic);
  }
  return topic;
}

function routeFor(connection: Connection, topic: string, qos: number, packetId: number): Route | undefined {
  const { access, limits } = connection.shared;
  const device = (connection.session as Session).device;
  let route = connection.lastRoute;
  if (route === null || topic !== connection.lastTopic) {
    const placed = placeTopic(topic, device, limits);
    if ("refusal" in placed) {
      const code = placed.refusal === "TOPIC_FORBIDDEN" ? REASON.notAuthorised : REASON.topicNameInvalid;
      refuse(connection, qos, packetId, code, placed.refusal, placed.expected);
      return undefined;
    }
    route = placed;
    connection.lastTopic = topic;
    connection.lastRoute = route;
  }
  if (!access.isActive(device.deviceId, device.credentialId)) {
    connection.end(REASON.administrative, "access has ended");
    return undefined;
  }
  // A gateway's charge may end, and a device in it may be revoked, while the gateway stays.
  if (route.deviceId !== device.deviceId && !(device.inCharge.has(route.deviceId) && access.isActive(route.deviceId))) {
    connection.lastRoute = null;
    refuse(connection, qos, packetId, REASON.notAuthorised, "TOPIC_FORBIDDEN", "a device in charge");
    return undefined;
  }
  return route;
}

/** 3.1.1 has no word for it but the end of the connection; nor has MQTT 5 for QoS 0. */
function refuse(
  connection: Connection,
  qos: number,
  packetId: number,
  code: number,
  refusal: RefusalCode,
  expected: string,
): void {
  const reason = describeRefusal(refusal, { expected });
  if (connection.version !== 5 || qos === 0) {
    connection.end(code, reason);
    return;
  }
  if (!mayWait(connection, connection.session as Session)) return;
  connection.shared.counters.refused++;
  const answer = standIn(connection, qos, packetId);
  answer.isSettled = true;
  answer.isCounted = true;
  answer.reasonCode = code;
  answer.reason = reason;
  enqueue(connection, answer);
  connection.shared.markDirty(connection);
}

/** Room for one more that is not acknowledged; over the limit the client has broken its word. */
function mayWait(connection: Connection, session: Session): boolean {
  const { limits } = connection.shared;
  const unreleased = session.incoming?.size ?? 0;
  if (connection.version === 5) {
    if (connection.pendingAcks + unreleased < limits.receiveMaximum) return true;
  } else if (unreleased < limits.unreleased) return true;
  connection.end(REASON.receiveMaximumExceeded, `at most ${limits.receiveMaximum} unacknowledged`);
  return false;
}

/**
 * A QoS 2 packet that came before: its first copy is the message, this one only gets the answer. Another body under an id
 * that was not released is a message of a client that has lost its memory: acknowledged unread, it would be lost.
 */
function isKnown(connection: Connection, session: Session, packetId: number, body: Buffer, now: number): boolean {
  const first = session.incoming?.get(packetId);
  if (first === undefined) return false;
  if ((typeof first === "string" ? first : first.bodyHash) !== hashOf(body)) return false;
  if (connection.repeats >= 2 * connection.shared.limits.receiveMaximum) {
    connection.end(REASON.receiveMaximumExceeded, "the same packets again and again");
    return true;
  }
  connection.repeats++;
  const answer = standIn(connection, 2, packetId, now);
  answer.isRepeat = true;
  enqueue(connection, answer);
  if (typeof first === "string") {
    answer.isSettled = true;
    connection.shared.markDirty(connection);
  } else {
    let last = first;
    while (last.again) last = last.again;
    last.again = answer;
  }
  return true;
}

const NOWHERE = { deviceId: "", organisationId: "", kind: "raw", format: "" } as const;
const NOTHING = Buffer.alloc(0);

/** An entry in the order of acks that is no message. */
function standIn(connection: Connection, qos: number, packetId: number, now = 0): Uplink {
  return new Uplink(connection, connection.session as Session, qos, packetId, NOWHERE, NOTHING, now, false);
}

function enqueue(connection: Connection, uplink: Uplink): void {
  if (connection.lastAck) connection.lastAck.next = uplink;
  else connection.firstAck = uplink;
  connection.lastAck = uplink;
  if (uplink.isCounted) connection.pendingAcks++;
}
