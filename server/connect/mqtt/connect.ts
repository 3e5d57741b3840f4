import { bodyFormat } from "@openward/codecs";
import { describeRefusal } from "@openward/errors";
import type { IConnackPacket, IConnectPacket } from "mqtt-packet";
import type { SignedInDevice } from "../ports.ts";
import { DEVICE_ID, placeTopic } from "../topic.ts";
import type { Connection } from "./connection.ts";
import { resumeDownlink } from "./downlink.ts";
import { acceptFeed } from "./feed.ts";
import { connack, REASON, single } from "./packets.ts";
import type { Session } from "./session.ts";
import type { Will } from "./wills.ts";

const CLIENT_ID_BYTES = 256;

/** The first packet: who it is, which session goes on, what will be said if the line breaks. */
export function acceptConnect(connection: Connection, frame: Buffer): void {
  const { shared } = connection;
  const packet = shared.readers[4].read(frame);
  if (packet?.cmd !== "connect") {
    connection.end(REASON.malformedPacket, null);
    return;
  }
  const version = packet.protocolVersion ?? 0;
  const isOurs = packet.protocolId === "MQTT" && (version === 4 || version === 5) && !("bridgeMode" in packet);
  if (!isOurs) {
    refuse(connection, 4, REASON.unsupportedVersion, null);
    return;
  }
  const no = (reasonCode: number, reason: string) => refuse(connection, version, reasonCode, reason);

  const { properties: given = {} } = packet;
  const { sessionExpiryInterval: expiry, receiveMaximum, maximumPacketSize } = given;
  if (
    !single(expiry) ||
    !single(receiveMaximum) ||
    !single(maximumPacketSize) ||
    receiveMaximum === 0 ||
    maximumPacketSize === 0
  ) {
    no(REASON.protocolError, "PROTOCOL_ERROR: properties of CONNECT");
    return;
  }
  if (given.authenticationMethod !== undefined) {
    no(REASON.badAuthenticationMethod, "user name and password only");
    return;
  }
  const clientId = packet.clientId;
  const isAnonymousSession = clientId === "" && version === 4 && !packet.clean;
  if (Buffer.byteLength(clientId) > CLIENT_ID_BYTES || clientId.includes("\0") || isAnonymousSession) {
    no(REASON.clientIdInvalid, `client id: at most ${CLIENT_ID_BYTES} bytes; empty only with a clean session`);
    return;
  }
  if (acceptFeed(connection, packet, version, no)) return;
  const device = signIn(connection, packet, no);
  if (!device) return;
  const will = willOf(connection, packet, device, version);
  if (will && "refusal" in will) {
    no(will.refusal, will.reason);
    return;
  }
  if (shared.connections.size >= shared.limits.connections) {
    no(REASON.quotaExceeded, "too many connections");
    return;
  }
  begin(connection, packet, version, device, will);
}

function signIn(
  connection: Connection,
  packet: IConnectPacket,
  no: (reasonCode: number, reason: string) => void,
): SignedInDevice | undefined {
  const { access, guesses, counters } = connection.shared;
  const { username = "", password } = packet;
  if (connection.isInTheClear) {
    counters.signInsRefused++;
    no(REASON.notAuthorised, describeRefusal("TLS_REQUIRED", { expected: "MQTT over TLS" }));
    return undefined;
  }
  const { certificate } = connection;
  if (certificate && !password?.length) {
    // A user name is not needed then; another one than the certificate's is somebody else's.
    const isOwn = username === "" || username === certificate.deviceId;
    const device = isOwn ? access.signInByCertificate(certificate) : undefined;
    if (device) return device;
    counters.signInsRefused++;
    no(REASON.notAuthorised, describeRefusal("DEVICE_SIGN_IN", { at: "certificate" }));
    return undefined;
  }
  if (username === "" || !password?.length) {
    counters.signInsRefused++;
    no(REASON.notAuthorised, "user name (device id) and password (token), or a client certificate, are needed");
    return undefined;
  }
  // A token is too long to be guessed: the right one is let in whatever others have tried, wrong ones are only slowed down.
  const device = DEVICE_ID.test(username) ? access.signIn(username, password.toString()) : undefined;
  if (device) return device;
  counters.signInsRefused++;
  const guess = { what: "device token", account: username.slice(0, 64), address: connection.address };
  if (guesses && guesses.waitMs(guess) > 0) no(REASON.connectionRateExceeded, describeRefusal("RATE_LIMITED"));
  else {
    guesses?.failed(guess);
    no(REASON.badUserNameOrPassword, describeRefusal("DEVICE_SIGN_IN"));
  }
  return undefined;
}

function willOf(
  connection: Connection,
  packet: IConnectPacket,
  device: SignedInDevice,
  version: number,
): Will | { refusal: number; reason: string } | null {
  const { will } = packet;
  if (!will) return null;
  const { limits } = connection.shared;
  if ((will.qos ?? 0) > 2) return { refusal: REASON.malformedPacket, reason: "QoS of the will" };
  if (version === 5 && will.retain) return { refusal: REASON.retainNotSupported, reason: "nothing is retained here" };
  if (will.payload.length > limits.willBytes) {
    return { refusal: REASON.packetTooLarge, reason: `will: at most ${limits.willBytes} bytes` };
  }
  const placed = placeTopic(will.topic, device, limits);
  if ("refusal" in placed) {
    return {
      refusal: REASON.notAuthorised,
      reason: describeRefusal(placed.refusal, { at: "will", expected: placed.expected }),
    };
  }
  const { willDelayInterval, contentType } = will.properties ?? {};
  const body = Buffer.from(will.payload);
  const type = typeof contentType === "string" ? contentType : undefined;
  return {
    deviceId: placed.deviceId,
    organisationId: device.organisationId,
    kind: placed.kind,
    format: placed.codec ?? bodyFormat(type, body) ?? bodyFormat(undefined, body) ?? "json",
    body,
    delayS: typeof willDelayInterval === "number" ? willDelayInterval : 0,
  };
}

function begin(
  connection: Connection,
  packet: IConnectPacket,
  version: number,
  device: SignedInDevice,
  will: Will | null,
): void {
  const { shared } = connection;
  const { limits, wills } = shared;
  const given = packet.properties ?? {};
  const clientId = packet.clientId === "" ? shared.runtime.ids.uuid() : packet.clientId;
  shared.beforeSignIn.delete(connection);
  connection.version = version;
  connection.heardTick = shared.tick;
  connection.device = device;
  connection.will = will;
  // Counted before the old one goes, so that a device that merely reconnects is never reported as gone.
  shared.arrived(connection);

  const asked = version === 5 ? (given.sessionExpiryInterval ?? 0) : packet.clean ? 0 : limits.sessionExpiryMaxS;
  const { session, isPresent } = takeSession(connection, device, clientId, packet.clean === true);
  session.expiryS = Math.min(asked, limits.sessionExpiryMaxS);
  session.device = device;
  session.connection = connection;
  connection.session = session;
  connection.again = shared.redeliveries.begin(session.key, shared.tick);
  wills.cancel(session);

  let keepAliveS = packet.keepalive ?? 0;
  const properties: NonNullable<IConnackPacket["properties"]> = {};
  if (version === 5) {
    connection.wantsReasons = given.requestProblemInformation !== false;
    connection.sendMaximum = Math.min(given.receiveMaximum ?? 65_535, limits.receiveMaximum);
    connection.clientPacketBytes = given.maximumPacketSize ?? Number.POSITIVE_INFINITY;
    properties.receiveMaximum = limits.receiveMaximum;
    properties.maximumPacketSize = limits.packetBytes;
    properties.topicAliasMaximum = limits.topicAliases;
    properties.retainAvailable = false;
    properties.subscriptionIdentifiersAvailable = false;
    properties.sharedSubscriptionAvailable = false;
    if (asked > session.expiryS) properties.sessionExpiryInterval = session.expiryS;
    if (packet.clientId === "") properties.assignedClientIdentifier = clientId;
    if (keepAliveS === 0 || keepAliveS > limits.keepAliveMaxS) {
      keepAliveS = limits.keepAliveMaxS;
      properties.serverKeepAlive = keepAliveS;
    }
  }
  // One and a half times, and never early for the coarseness of the sweep.
  connection.keepAliveTicks = keepAliveS === 0 ? 0 : Math.ceil(keepAliveS * 1.5) + 1;
  connection.send(connack(version, REASON.success, isPresent, properties));
  if (isPresent) resumeDownlink(connection);
}

/** The session that goes on, or a new one; whoever held it is told and closed. */
function takeSession(
  connection: Connection,
  device: SignedInDevice,
  clientId: string,
  isClean: boolean,
): { session: Session; isPresent: boolean } {
  const { sessions } = connection.shared;
  const known = sessions.find(device.deviceId, clientId);
  const holder = known?.connection;
  if (!known) return { session: sessions.create(device, clientId), isPresent: false };
  if (holder) connection.shared.tookOver(connection, holder);
  if (!isClean && (known.expiryS > 0 || !holder)) {
    sessions.resume(known);
    known.connection = connection;
    holder?.end(REASON.sessionTakenOver, "the client id is in use by another connection");
    return { session: known, isPresent: true };
  }
  holder?.end(REASON.sessionTakenOver, "the client id is in use by another connection");
  sessions.end(known);
  return { session: sessions.create(device, clientId), isPresent: false };
}

function refuse(connection: Connection, version: number, reasonCode: number, reason: string | null): void {
  const properties = reason ? { reasonString: reason.slice(0, 240) } : {};
  connection.stream.write(connack(version, reasonCode, false, properties));
  connection.shared.counters.refused++;
  connection.finish();
}
