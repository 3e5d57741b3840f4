// The devices, in a process of their own: what they cost is not the server's.
import { openHttpSocket } from "../load/http-socket.ts";
import { createPublisher, type Publisher } from "../load/publisher.ts";
import type { Credential } from "./pipeline.ts";

export interface Sending {
  readonly over: "http" | "mqtt";
  /** Connections are kept from one sending to the next. */
  readonly port: number;
  readonly devices: readonly Credential[];
  /** Of all devices together. */
  readonly messages: number;
  /** Two readings each, a second apart. */
  readonly items: number;
  /** Of the first item, ms UTC: the same for all devices. */
  readonly from: number;
}

export interface Sent {
  readonly ms: number;
}

/** Messages of a device that wait for their acks (MQTT). */
const WINDOW = 10;

process.on("message", (sending: Sending) => {
  const send = sending.over === "http" ? sendHttp : sendMqtt;
  send(sending, bodiesOf(sending)).then(
    (ms) => process.send?.({ ms } satisfies Sent),
    (error: Error) => process.send?.({ error: error.message }),
  );
});

/** The messages of each device. */
function bodiesOf({ devices, messages, items, from }: Sending): Buffer[][] {
  const each = Math.round(messages / devices.length);
  return devices.map((_, device) =>
    Array.from({ length: each }, (_, message) => {
      const texts = Array.from({ length: items }, (_, item) => {
        const n = message * items + item;
        return `{"at":${from + n * 1000},"values":{"heart-rate":${60 + ((n + device) % 40)},"spo2":${90 + (n % 10)}}}`;
      });
      return Buffer.from(items === 1 ? (texts[0] as string) : `[${texts.join(",")}]`);
    }),
  );
}

type HttpSocket = Awaited<ReturnType<typeof openHttpSocket>>;
const sockets = new Map<number, HttpSocket[]>();

async function sendHttp({ port, devices }: Sending, bodies: readonly Buffer[][]): Promise<number> {
  const kept = sockets.get(port) ?? (await Promise.all(devices.map(() => openHttpSocket(port))));
  sockets.set(port, kept);
  const began = performance.now();
  await Promise.all(
    devices.map(async ({ deviceId, token }, i) => {
      const basic = Buffer.from(`${deviceId}:${token}`).toString("base64");
      const head = `POST /ingest/devices/${deviceId}/readings HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Basic ${basic}\r\ncontent-type: application/json\r\n`;
      for (const body of bodies[i] ?? []) {
        const answer = await (kept[i] as HttpSocket).send(`${head}content-length: ${body.length}\r\n\r\n`, body);
        if (answer.status !== 200) throw new Error(`answered ${answer.status}: ${answer.body}`);
      }
    }),
  );
  return performance.now() - began;
}

interface Connected {
  readonly publisher: Publisher<number>;
  onAck: () => void;
}

const publishers = new Map<number, Connected[]>();

async function sendMqtt({ port, devices }: Sending, bodies: readonly Buffer[][]): Promise<number> {
  const kept = publishers.get(port) ?? (await Promise.all(devices.map((device) => connected(port, device))));
  publishers.set(port, kept);
  const began = performance.now();
  await Promise.all(kept.map((one, i) => published(one, bodies[i] ?? [])));
  return performance.now() - began;
}

function connected(port: number, device: Credential): Promise<Connected> {
  return new Promise((resolve, reject) => {
    const self: Connected = {
      publisher: createPublisher<number>({
        ...{ port, ...device, topic: `devices/${device.deviceId}/readings`, window: WINDOW },
        onConnected: () => resolve(self),
        onAck: () => self.onAck(),
        onClosed: (error) => reject(error ?? new Error("the server closed a connection")),
      }),
      onAck: () => {},
    };
  });
}

function published(one: Connected, bodies: readonly Buffer[]): Promise<void> {
  const { publisher } = one;
  return new Promise((resolve) => {
    let sent = 0;
    let acknowledged = 0;
    const refill = () => {
      for (let body = bodies[sent]; body && publisher.free() > 0; body = bodies[sent]) {
        publisher.publish(body, sent);
        sent++;
      }
      publisher.flush();
    };
    one.onAck = () => {
      if (++acknowledged === bodies.length) resolve();
      else refill();
    };
    refill();
  });
}
