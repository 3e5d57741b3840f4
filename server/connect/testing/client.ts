import { type Duplex, duplexPair } from "node:stream";
import { manualRuntime } from "@openward/runtime/manual";
import { generate, type IConnectPacket, type Packet, parser } from "mqtt-packet";
import { createGuesses } from "../../limits/index.ts";
import type { MqttEndpoint, MqttLimits } from "../mqtt/index.ts";
import { createMqttEndpoint } from "../mqtt/index.ts";
import { fakeAccess, fakeIngest } from "./fakes.ts";

/** What a test sees of a packet from the server; mqtt-packet's own union has a type for each. */
export interface Seen {
  readonly cmd: string;
  readonly messageId?: number;
  readonly reasonCode?: number;
  readonly returnCode?: number;
  readonly sessionPresent?: boolean;
  readonly granted?: readonly number[];
  readonly topic?: string;
  readonly payload?: Buffer;
  readonly qos?: number;
  readonly dup?: boolean;
  readonly properties?: Readonly<Record<string, unknown>>;
}

/** A client of a test: packets and bytes in, packets out, nothing done by itself. */
export interface TestClient {
  readonly seen: Seen[];
  readonly isClosed: boolean;
  readonly stream: Duplex;
  send(packet: Packet): void;
  raw(bytes: Uint8Array): void;
  /** Runs the event loop until a packet of this kind is there, and takes it. */
  next(cmd: string): Promise<Seen>;
  closed(): Promise<void>;
  publish(topic: string, body: string, qos?: 0 | 1 | 2, messageId?: number, more?: object): void;
}

export async function until(test: () => boolean, what: string): Promise<void> {
  for (let turn = 0; turn < 5_000; turn++) {
    if (test()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`waited in vain: ${what}`);
}

/** Long enough for everything that is under way to arrive. */
export async function quiet(turns = 30): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}

export function testClient(stream: Duplex, version: 4 | 5): TestClient {
  const seen: Seen[] = [];
  let isClosed = false;
  const reader = parser({ protocolVersion: version });
  reader.on("packet", (packet: Packet) => seen.push(packet as Seen));
  // A test that waits for another packet then says what there was.
  reader.on("error", () => seen.push({ cmd: "garbage" }));
  stream.on("data", (chunk: Buffer) => reader.parse(chunk));
  stream.on("error", () => {});
  const close = () => {
    isClosed = true;
  };
  stream.on("end", close);
  stream.on("close", close);
  const client: TestClient = {
    seen,
    stream,
    get isClosed() {
      return isClosed;
    },
    send: (packet) => void stream.write(generate(packet, { protocolVersion: version })),
    raw: (bytes) => void stream.write(bytes),
    async next(cmd) {
      const has = () => seen.findIndex((packet) => packet.cmd === cmd);
      await until(() => has() >= 0, `${cmd}; there were ${seen.map((packet) => packet.cmd).join(", ") || "none"}`);
      return seen.splice(has(), 1)[0] as Seen;
    },
    closed: () => until(() => isClosed, "the end of the connection"),
    publish(topic, body, qos = 1, messageId = 1, more = {}) {
      client.send({ cmd: "publish", topic, payload: body, qos, dup: false, retain: false, messageId, ...more });
    },
  };
  return client;
}

/** An endpoint on a clock of the test's own, and clients on streams in memory. */
export function testBench(limits: Partial<MqttLimits> = {}) {
  const ingest = fakeIngest();
  const access = fakeAccess();
  const runtime = manualRuntime();
  const warnings: [object, string][] = [];
  const log = { info() {}, warn: (facts: object, text: string) => void warnings.push([facts, text]), error() {} };
  const endpoint: MqttEndpoint = createMqttEndpoint({
    ingest,
    access,
    runtime,
    log,
    limits,
    guesses: createGuesses(runtime),
  });

  function open(version: 4 | 5): TestClient {
    const [ours, theirs] = duplexPair();
    endpoint.handleStream(ours, "192.0.2.1");
    return testClient(theirs, version);
  }

  async function connect(version: 4 | 5, options: Partial<IConnectPacket> = {}) {
    const client = open(version);
    client.send(connectPacket(version, options));
    const connack = await client.next("connack");
    return { client, connack };
  }
  return { ingest, access, runtime, endpoint, open, connect, warnings };
}

export function connectPacket(version: 4 | 5, options: Partial<IConnectPacket> = {}): IConnectPacket {
  return {
    cmd: "connect",
    protocolId: "MQTT",
    protocolVersion: version,
    clientId: "c1",
    clean: true,
    keepalive: 60,
    username: "d1",
    password: Buffer.from("secret"),
    ...options,
  } as IConnectPacket;
}
