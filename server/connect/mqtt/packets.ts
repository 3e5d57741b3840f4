import { generate, type IConnackPacket, type IConnectPacket, type Packet, type Parser, parser } from "mqtt-packet";

/** Reason codes of MQTT 5, section 2.4, that are used here. */
export const REASON = {
  success: 0x00,
  grantedQos1: 0x01,
  disconnectWithWill: 0x04,
  noSubscriptionExisted: 0x11,
  unspecified: 0x80,
  malformedPacket: 0x81,
  protocolError: 0x82,
  unsupportedVersion: 0x84,
  clientIdInvalid: 0x85,
  badUserNameOrPassword: 0x86,
  notAuthorised: 0x87,
  serverBusy: 0x89,
  badAuthenticationMethod: 0x8c,
  serverShuttingDown: 0x8b,
  keepAliveTimeout: 0x8d,
  sessionTakenOver: 0x8e,
  topicFilterInvalid: 0x8f,
  topicNameInvalid: 0x90,
  packetIdNotFound: 0x92,
  receiveMaximumExceeded: 0x93,
  topicAliasInvalid: 0x94,
  packetTooLarge: 0x95,
  quotaExceeded: 0x97,
  administrative: 0x98,
  payloadFormatInvalid: 0x99,
  retainNotSupported: 0x9a,
  sharedNotSupported: 0x9e,
  connectionRateExceeded: 0x9f,
  subscriptionIdsNotSupported: 0xa1,
} as const;

/** Return codes of CONNACK in 3.1.1, section 3.2.2.3. */
const RETURN_CODE: Readonly<Record<number, number>> = {
  [REASON.success]: 0,
  [REASON.unsupportedVersion]: 1,
  [REASON.clientIdInvalid]: 2,
  [REASON.quotaExceeded]: 3,
  [REASON.badUserNameOrPassword]: 4,
};

/** One complete packet through mqtt-packet; undefined when it is not one. */
export interface PacketReader {
  read(frame: Buffer): Packet | undefined;
}

/** Frames are complete, so nothing is left in the parser between them and every connection can share it. */
export function createPacketReader(protocolVersion: 4 | 5): PacketReader {
  let shared: Parser | undefined;
  let found: Packet | undefined;
  let failed = false;
  const make = () => {
    const made = parser({ protocolVersion } as Parameters<typeof parser>[0]);
    made.on("packet", (packet: Packet) => {
      found = packet;
    });
    made.on("error", () => {
      failed = true;
    });
    return made;
  };
  return {
    read(frame) {
      found = undefined;
      failed = false;
      shared ??= make();
      let rest = 0;
      try {
        rest = shared.parse(frame);
      } catch {
        failed = true;
      }
      // The listener above has set it, which the compiler cannot see.
      const packet = found as Packet | undefined;
      found = undefined;
      // A parser that refused may hold half a state, and one that read CONNECT holds its password.
      if (failed || rest !== 0 || !packet || packet.cmd === "connect") shared = undefined;
      return failed || rest !== 0 ? undefined : packet;
    },
  };
}

/** CONNACK in the words of either version; `reason` is for MQTT 5 clients. */
export function connack(
  version: number,
  reasonCode: number,
  sessionPresent: boolean,
  properties: IConnackPacket["properties"] = {},
): Buffer {
  if (version === 5) {
    return generate({ cmd: "connack", reasonCode, sessionPresent, properties }, { protocolVersion: 5 });
  }
  return Buffer.of(0x20, 2, sessionPresent ? 1 : 0, RETURN_CODE[reasonCode] ?? 5);
}

const REASON_STRING = 0x1f;

/** Reason code and string as the end of an MQTT 5 packet. */
function reasonTail(reasonCode: number, reason: string | null): Buffer {
  if (!reason) return Buffer.of(reasonCode, 0);
  const text = Buffer.from(reason.slice(0, 240));
  // The property's id, its two bytes of length, and the text: the whole may pass 127 bytes and need a second byte.
  const size = text.length + 3;
  const head = size < 128 ? [reasonCode, size] : [reasonCode, (size & 127) | 128, size >> 7];
  return Buffer.concat([Buffer.from([...head, REASON_STRING, text.length >> 8, text.length & 255]), text]);
}

export function disconnect(reasonCode: number, reason: string | null): Buffer {
  return withHeader(0xe0, reasonTail(reasonCode, reason));
}

/** PUBACK, PUBREC or PUBCOMP of MQTT 5 with something to say; plain ones are four bytes and written in place. */
export function ackWithReason(first: number, packetId: number, reasonCode: number, reason: string | null): Buffer {
  return withHeader(first, Buffer.concat([Buffer.of(packetId >> 8, packetId & 255), reasonTail(reasonCode, reason)]));
}

/** SUBACK (0x90) or UNSUBACK (0xb0). */
export function subscriptionAck(first: number, version: number, packetId: number, codes: readonly number[]): Buffer {
  const properties = version === 5 ? [0] : [];
  return withHeader(first, Buffer.from([packetId >> 8, packetId & 255, ...properties, ...codes]));
}

function withHeader(first: number, body: Buffer): Buffer {
  const head = [first];
  let length = body.length;
  do {
    head.push(length > 127 ? (length & 127) | 128 : length);
    length >>= 7;
  } while (length > 0);
  return Buffer.concat([Buffer.from(head), body]);
}

export const PINGRESP = Buffer.of(0xd0, 0);

/** A message down to the device. */
export function publishPacket(
  version: number,
  message: {
    topic: string;
    payload: Buffer;
    qos: 0 | 1;
    dup: boolean;
    packetId: number;
    expiresInS?: number | undefined;
  },
): Buffer {
  const { topic, payload, qos, dup, packetId, expiresInS } = message;
  return generate(
    {
      cmd: "publish",
      topic,
      payload,
      qos,
      dup,
      retain: false,
      ...(qos > 0 ? { messageId: packetId } : {}),
      ...(version === 5 && expiresInS !== undefined ? { properties: { messageExpiryInterval: expiresInS } } : {}),
    },
    { protocolVersion: version as 4 | 5 },
  );
}

/** A property that mqtt-packet gives as an array came twice, which MQTT 5 forbids. */
export function single(value: unknown): value is number | string | undefined {
  return value === undefined || typeof value === "number" || typeof value === "string";
}

export type ConnectPacket = IConnectPacket;
