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

export function createPublisher<Tag>(options: PublisherOptions<Tag>): Publisher<Tag> {
  const socket: Socket = connect({ port: options.port, host: "127.0.0.1", noDelay: true });
  const waiting = new Map<number, Tag>();
  const topic = Buffer.from(options.topic);
  let queued: Buffer[] = [];
  let nextId = 1;
  let isConnected = false;
  let rest: Buffer = Buffer.alloc(0);
  let failure: Error | null = null;

  socket.on("connect", () => socket.write(connectPacket(options.deviceId, options.token)));
  socket.on("error", (error) => {
    failure = error;
  });
  socket.on("close", () => options.onClosed(failure));
  socket.on("data", (chunk) => {
    let data: Buffer = rest.length > 0 ? Buffer.concat([rest, chunk as Buffer]) : (chunk as Buffer);
    // CONNACK, PUBACK and PINGRESP have one-byte lengths.
    while (data.length >= 2 && data.length >= 2 + (data[1] ?? 0)) {
      const kind = (data[0] ?? 0) >> 4;
      if (kind === 2) {
        if (data[3] !== 0) {
          failure = new Error(`CONNACK ${data[3]} for ${options.deviceId}`);
          socket.destroy();
          return;
        }
        isConnected = true;
        options.onConnected();
      } else if (kind === 4) {
        const id = data.readUInt16BE(2);
        const tag = waiting.get(id);
        if (tag !== undefined) {
          waiting.delete(id);
          options.onAck(tag);
        }
      }
      data = data.subarray(2 + (data[1] ?? 0));
    }
    rest = data;
  });

  return {
    free: () => (isConnected ? options.window - waiting.size : 0),
    publish(payload, tag) {
      while (waiting.has(nextId)) nextId = (nextId % 65535) + 1;
      const id = nextId;
      nextId = (nextId % 65535) + 1;
      waiting.set(id, tag);
      const length = 2 + topic.length + 2 + payload.length;
      const head = Buffer.alloc(1 + lengthBytes(length) + 2 + topic.length + 2);
      head[0] = 0x32;
      let at = writeLength(head, 1, length);
      at = head.writeUInt16BE(topic.length, at);
      at += topic.copy(head, at);
      head.writeUInt16BE(id, at);
      queued.push(head, payload);
    },
    flush() {
      if (queued.length === 0) return;
      socket.write(Buffer.concat(queued));
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
