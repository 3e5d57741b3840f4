import { connect, type Socket } from "node:net";

/**
 * A bare MQTT 3.1.1 publisher for load: no client library, so that the generator is not what is measured.
 * QoS 1 with a fixed window; the owner learns of each ack by the tag it gave.
 */
export interface Publisher<Tag> {
  /** How many may be sent now without exceeding the window. */
  free(): number;
  /** Queues one QoS 1 PUBLISH; `flush` sends what is queued in one write. */
  publish(payload: Buffer, tag: Tag): void;
  flush(): void;
  /** What was sent and not acknowledged. */
  unacknowledged(): Tag[];
  destroy(): void;
}

export interface PublisherOptions<Tag> {
  readonly port: number;
  readonly deviceId: string;
  readonly token: string;
  readonly topic: string;
  readonly window: number;
  readonly onConnected: () => void;
  readonly onAck: (tag: Tag) => void;
  readonly onClosed: (error: Error | null) => void;
}

const READ_BYTES = 4096;
const NOTHING: Buffer = Buffer.alloc(0);

/** Where the packet at `at` ends; Infinity where its length is not here. */
function endOf(data: Buffer, at: number): number {
  return at + 1 < data.length ? at + 2 + (data[at + 1] as number) : Number.POSITIVE_INFINITY;
}

export function createPublisher<Tag>(options: PublisherOptions<Tag>): Publisher<Tag> {
  const socket: Socket = connect({
    port: options.port,
    host: "127.0.0.1",
    noDelay: true,
    // Acks are read into the same memory again and again, and past the stream's own machinery.
    onread: {
      buffer: Buffer.allocUnsafe(READ_BYTES),
      callback(length, buffer) {
        take(buffer as Buffer, length);
        return true;
      },
    },
  });
  const waiting = new Map<number, Tag>();
  const topic = Buffer.from(options.topic);
  let queued: Buffer[] = [];
  let nextId = 1;
  let isConnected = false;
  let rest = NOTHING;
  let failure: Error | null = null;

  socket.on("connect", () => socket.write(connectPacket(options.deviceId, options.token)));
  socket.on("error", (error) => {
    failure = error;
  });
  socket.on("close", () => options.onClosed(failure));

  function take(chunk: Buffer, length: number): void {
    let data = chunk.subarray(0, length);
    if (rest.length > 0) data = Buffer.concat([rest, data]);
    let at = 0;
    // CONNACK, PUBACK and PINGRESP have one-byte lengths.
    for (let end = endOf(data, at); end <= data.length; at = end, end = endOf(data, at)) {
      const kind = (data[at] ?? 0) >> 4;
      if (kind === 2) {
        const code = data[at + 3];
        if (code !== 0) {
          failure = new Error(`CONNACK ${code} for ${options.deviceId}`);
          socket.destroy();
          return;
        }
        isConnected = true;
        options.onConnected();
      } else if (kind === 4) {
        const id = data.readUInt16BE(at + 2);
        const tag = waiting.get(id);
        if (tag !== undefined) {
          waiting.delete(id);
          options.onAck(tag);
        }
      }
    }
    rest = at < data.length ? Buffer.from(data.subarray(at)) : NOTHING;
  }

  return {
    free: () => (isConnected ? options.window - waiting.size : 0),
    publish(payload, tag) {
      while (waiting.has(nextId)) nextId = (nextId % 65535) + 1;
      const id = nextId;
      nextId = (nextId % 65535) + 1;
      waiting.set(id, tag);
      const length = 2 + topic.length + 2 + payload.length;
      const packet = Buffer.allocUnsafe(1 + lengthBytes(length) + length);
      packet[0] = 0x32;
      let at = writeLength(packet, 1, length);
      at = packet.writeUInt16BE(topic.length, at);
      at += topic.copy(packet, at);
      at = packet.writeUInt16BE(id, at);
      payload.copy(packet, at);
      queued.push(packet);
    },
    flush() {
      if (queued.length === 0) return;
      socket.write(queued.length === 1 ? (queued[0] as Buffer) : Buffer.concat(queued));
      queued = [];
    },
    unacknowledged: () => [...waiting.values()],
    destroy: () => socket.destroy(),
  };
}

/** A CONNECT of MQTT 3.1.1 with clean session, no keep-alive, the device's id as client id and user name. */
export function connectPacket(deviceId: string, token: string): Buffer {
  const field = (text: string) => {
    const bytes = Buffer.from(text);
    const head = Buffer.alloc(2);
    head.writeUInt16BE(bytes.length);
    return Buffer.concat([head, bytes]);
  };
  const body = Buffer.concat([
    field("MQTT"),
    Buffer.from([4, 0b11000010, 0, 0]),
    field(deviceId),
    field(deviceId),
    field(token),
  ]);
  const head = Buffer.alloc(1 + lengthBytes(body.length));
  head[0] = 0x10;
  writeLength(head, 1, body.length);
  return Buffer.concat([head, body]);
}

function lengthBytes(length: number): number {
  return length < 128 ? 1 : length < 16384 ? 2 : length < 2097152 ? 3 : 4;
}

function writeLength(into: Buffer, at: number, length: number): number {
  let rest = length;
  let position = at;
  do {
    const more = rest >= 128;
    into[position++] = (rest % 128) | (more ? 0x80 : 0);
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return position;
}
