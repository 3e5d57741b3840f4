/** One value of a device, as it came in: the bytes of a format of packages/codecs, and when. */
export interface KeptValue {
  /** "gatt/2a37", "openward/readings", "hl7v2/pcd01". */
  readonly codec: string;
  /** ms UTC, by the gateway's clock. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** What is kept and forwarded as one: values of one device that need one another, in the order in which they came. */
export interface KeptMessage {
  /** UUID of version 7. The server knows the message by it, however often it comes. */
  readonly id: string;
  readonly deviceId: string;
  /** ms UTC, by the gateway's clock: when the last of it came. */
  readonly keptAt: number;
  readonly values: readonly KeptValue[];
  /** Somebody may be calling for help in it: it waits for nothing. */
  readonly isUrgent: boolean;
  /** It names a device that is not in the gateway's charge; `deviceId` is the gateway's. */
  readonly isUnknown: boolean;
  /** A last will. */
  readonly isWill: boolean;
  /** By which its device's transport delivers it again; null: by nothing. */
  readonly deliveryKey: string | null;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

interface Head {
  readonly id: string;
  readonly device: string;
  readonly at: number;
  readonly values: readonly { readonly codec: string; readonly at: number; readonly length: number }[];
  readonly flags: number;
  readonly key?: string;
}

const URGENT = 1;
const UNKNOWN = 2;
const WILL = 4;

/** length of the head (u32, little-endian), the head in JSON, the bytes of the values one behind the other. */
export function encodeMessage(message: KeptMessage): Uint8Array {
  const { id, deviceId: device, keptAt: at, values, isUrgent, isUnknown, isWill, deliveryKey } = message;
  const flags = (isUrgent ? URGENT : 0) | (isUnknown ? UNKNOWN : 0) | (isWill ? WILL : 0);
  const told = values.map(({ codec, at: when, bytes }) => ({ codec, at: when, length: bytes.length }));
  const key = deliveryKey === null ? {} : { key: deliveryKey };
  const head = Buffer.from(JSON.stringify({ id, device, at, values: told, flags, ...key } satisfies Head));
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32LE(head.length);
  return Buffer.concat([length, head, ...values.map(({ bytes }) => bytes)]);
}

/**
 * @param bytes of a record whose checksum is right
 * @throws Error where they are of another version of this program
 */
export function decodeMessage(bytes: Uint8Array): KeptMessage {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const begin = 4 + whole.readUInt32LE(0);
  const head = JSON.parse(utf8.decode(whole.subarray(4, begin))) as Head;
  let from = begin;
  const values = head.values.map(({ codec, at, length }) => {
    from += length;
    if (from > whole.length) throw new Error("the values of a kept message are not all there");
    return { codec, at, bytes: whole.subarray(from - length, from) };
  });
  return {
    id: head.id,
    deviceId: head.device,
    keptAt: head.at,
    values,
    isUrgent: (head.flags & URGENT) !== 0,
    isUnknown: (head.flags & UNKNOWN) !== 0,
    isWill: (head.flags & WILL) !== 0,
    deliveryKey: head.key ?? null,
  };
}
