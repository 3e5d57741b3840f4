import type { Duplex } from "node:stream";
import type { Runtime } from "@openward/runtime";
import { createWebSocketStream, type WebSocket } from "ws";
import { certificateOf } from "../certificate.ts";
import type { DeviceAccess, FeedDoor, Guesses, Ingest, SignedInDevice } from "../ports.ts";
import { Connection } from "./connection.ts";
import { type Delivery, publishDown } from "./downlink.ts";
import { defaultMqttLimits, type MqttLimits } from "./limits.ts";
import { createPacketReader, REASON } from "./packets.ts";
import { createRedeliveries } from "./redelivery.ts";
import { createSessions } from "./session.ts";
import type { Log, MqttCounters, Shared } from "./shared.ts";
import { createTwins } from "./twins.ts";
import { createWills } from "./wills.ts";

const SWEEP_MS = 1_000;
const PING_MS = 30_000;

export interface MqttEndpoint {
  /**
   * A connected TCP or TLS socket, or any duplex stream of MQTT bytes.
   *
   * @param options.isInTheClear others can read along: whoever shows a token here is refused
   */
  handleStream(stream: Duplex, address?: string, options?: { isInTheClear?: boolean }): void;
  /**
   * An open WebSocket of the subprotocol "mqtt". Its server should allow messages of `packetBytes` and a little more.
   *
   * @param options.transport what the WebSocket runs on: watched until sign-in, for a frame is buffered before we see it
   */
  handleWebSocket(socket: WebSocket, options?: { address?: string; transport?: Duplex }): void;
  /**
   * A message down, to whoever listens: the device itself, and a gateway that has it in its charge.
   *
   * @param topic `devices/{deviceId}/commands` or below
   * @param options.expiresAt ms UTC after which it is not delivered any more
   */
  publish(deviceId: string, topic: string, payload: Uint8Array, qos: 0 | 1, options?: { expiresAt?: number }): Delivery;
  stats(): MqttCounters & { connections: number; beforeSignIn: number; sessions: number; waiting: number };
  /** Takes nothing more, lets the commits that run be acknowledged, tells every client, closes. */
  stop(): Promise<void>;
}

/** MQTT 3.1.1 and 5 for devices: README.md beside this file says what is answered when. */
export function createMqttEndpoint({
  ingest,
  access,
  runtime,
  log,
  limits: given,
  guesses,
  feeds,
}: {
  ingest: Ingest;
  access: DeviceAccess;
  runtime: Runtime;
  log: Log;
  limits?: Partial<MqttLimits>;
  /** Shared with HTTP, so that guessing is counted once. Left out: nobody is stopped. */
  guesses?: Guesses;
  /** Left out: nobody reads a feed here. */
  feeds?: FeedDoor;
}): MqttEndpoint {
  const limits: MqttLimits = { ...defaultMqttLimits, ...given };
  const ofDevice = new Map<string, Connection[]>();
  let dirty: Connection[] = [];

  const twins = createTwins((deviceId, organisationId, hasTwin) => {
    if (hasTwin) log.warn({ deviceId }, "two at once use the identity of this device");
    ingest.twin?.(deviceId, organisationId, hasTwin);
  });
  const wills = createWills({
    ingest,
    limits,
    now: () => runtime.clock.now(),
    isActive: (deviceId) => access.isActive(deviceId),
    warn: (facts, text) => log.warn(facts, text),
  });
  const shared: Shared = {
    ingest,
    access,
    runtime,
    limits,
    log,
    guesses,
    feeds,
    wills,
    sessions: createSessions({ limits, onEnd: (session) => wills.hasten(session) }),
    gate: { messages: 0, bytes: 0, waiting: new Set() },
    redeliveries: createRedeliveries(limits.offlineSessions),
    readers: { 4: createPacketReader(4), 5: createPacketReader(5) },
    connections: new Set(),
    beforeSignIn: new Set(),
    counters: { messages: 0, acknowledged: 0, quarantined: 0, failed: 0, refused: 0, signInsRefused: 0 },
    tick: 0,
    partialBytes: 0,
    isStopping: false,
    markDirty(connection) {
      if (connection.isDirty) return;
      connection.isDirty = true;
      // After all promises of this turn: the messages of one commit are acknowledged with one write per connection.
      if (dirty.length === 0) process.nextTick(flush);
      dirty.push(connection);
    },
    arrived(connection) {
      const { deviceId, organisationId } = connection.device as NonNullable<Connection["device"]>;
      shared.connections.add(connection);
      twins.arrived(connection, shared.tick);
      const others = ofDevice.get(deviceId);
      if (!others) {
        ofDevice.set(deviceId, [connection]);
        ingest.connection(deviceId, organisationId, true);
        return;
      }
      others.push(connection);
      if (others.length > limits.connectionsPerDevice) {
        others[0]?.end(REASON.quotaExceeded, `at most ${limits.connectionsPerDevice} connections of a device`);
      }
    },
    tookOver: (connection, before) => twins.tookOver(connection, before, shared.tick),
    left(connection) {
      shared.connections.delete(connection);
      if (!connection.device) return;
      const { deviceId, organisationId } = connection.device;
      twins.left(connection);
      const others = ofDevice.get(deviceId) ?? [];
      const at = others.indexOf(connection);
      if (at >= 0) others.splice(at, 1);
      if (others.length > 0) return;
      ofDevice.delete(deviceId);
      if (!shared.isStopping) ingest.connection(deviceId, organisationId, false);
    },
  };

  function flush(): void {
    const now = dirty;
    dirty = [];
    for (const connection of now) connection.flush();
  }

  function sweep(): void {
    shared.tick++;
    for (const connection of shared.beforeSignIn) {
      if ((shared.tick - connection.heardTick) * SWEEP_MS <= limits.connectMs) break;
      connection.drop();
    }
    for (const connection of shared.connections) {
      const { keepAliveTicks } = connection;
      if (keepAliveTicks === 0 || shared.tick - connection.heardTick <= keepAliveTicks || !connection.mayTimeOut)
        continue;
      connection.end(REASON.keepAliveTimeout, "silent for more than one and a half times the keep-alive");
    }
    shared.sessions.sweep(shared.tick);
    shared.redeliveries.sweep(shared.tick);
    wills.sweep(shared.tick);
    twins.sweep(shared.tick);
  }

  const sweeper = runtime.timers.every(SWEEP_MS, sweep);
  const stopListening = access.onRevoked((deviceId) => {
    const isOver = (device: SignedInDevice | null) => !access.isActive(deviceId, device?.credentialId);
    for (const connection of [...(ofDevice.get(deviceId) ?? [])].filter(({ device }) => isOver(device))) {
      connection.will = null;
      connection.end(REASON.administrative, "access has ended");
    }
    for (const session of [...shared.sessions.ofDevice(deviceId)].filter(({ device }) => isOver(device))) {
      wills.drop(session);
      shared.sessions.end(session);
    }
  });

  function handle(stream: Duplex, address: string, isWebSocket: boolean): Connection | undefined {
    if (shared.isStopping) {
      stream.on("error", () => {});
      stream.destroy();
      return undefined;
    }
    const { beforeSignIn } = shared;
    const connection = new Connection(shared, stream, address, isWebSocket);
    beforeSignIn.add(connection);
    // A client signs in at once: who has waited longest is the one who does not mean to.
    if (beforeSignIn.size > limits.unauthenticated) oldest(beforeSignIn, () => true)?.drop();
    if (isWebSocket) {
      const ofSockets = (connection: Connection) => connection.isWebSocket;
      let count = 0;
      for (const connection of beforeSignIn) if (connection.isWebSocket) count++;
      if (count > limits.unauthenticatedWebSockets) oldest(beforeSignIn, ofSockets)?.drop();
    }
    return connection;
  }

  return {
    handleStream(stream, address, { isInTheClear = false } = {}) {
      if (isSocket(stream)) {
        stream.setNoDelay(true);
        // A device that vanished without a word, and whose keep-alive is 0, is found by the transport.
        stream.setKeepAlive(true, 60_000);
      }
      const connection = handle(stream, address ?? (isSocket(stream) ? (stream.remoteAddress ?? "") : ""), false);
      if (!connection) return;
      connection.isInTheClear = isInTheClear;
      connection.certificate = certificateOf(stream);
    },
    handleWebSocket(socket, { address = "", transport } = {}) {
      if (socket.protocol !== "mqtt") return socket.close(1002, "subprotocol mqtt");
      socket.on("message", (_data, isBinary) => {
        // MQTT 5.0 section 6: only binary frames.
        if (!isBinary) socket.close(1003, "binary frames only");
      });
      const stream = createWebSocketStream(socket);
      // A peer that vanished is found by its missing pong: a proxy keeps the connection to us open.
      let isAnswering = true;
      socket.on("pong", () => {
        isAnswering = true;
      });
      const pings = runtime.timers.every(PING_MS, () => {
        if (!isAnswering) return socket.terminate();
        isAnswering = false;
        socket.ping();
      });
      stream.once("close", () => pings.cancel());
      const connection = handle(stream, address, true);
      if (connection && transport) connection.certificate = certificateOf(transport);
      if (connection && transport) boundUntilSignIn(connection, transport, limits.connectPacketBytes * 8);
    },
    publish(deviceId, topic, payload, qos, { expiresAt } = {}) {
      const branch = `devices/${deviceId}/commands`;
      if (topic !== branch && !topic.startsWith(`${branch}/`)) throw new Error(`nothing goes down on ${topic}`);
      return publishDown(shared, deviceId, { topic, payload: Buffer.from(payload), qos, expiresAt: expiresAt ?? null });
    },
    stats: () => ({
      ...shared.counters,
      connections: shared.connections.size,
      beforeSignIn: shared.beforeSignIn.size,
      sessions: shared.sessions.size,
      waiting: shared.gate.messages,
    }),
    stop() {
      shared.isStopping = true;
      stopListening();
      sweeper.cancel();
      for (const connection of shared.beforeSignIn) connection.drop();
      for (const connection of [...shared.connections]) {
        connection.block();
        if (connection.inFlight === 0) connection.end(REASON.serverShuttingDown, "the server stops");
      }
      return new Promise((resolve) => {
        const started = runtime.clock.monotonic();
        const check = runtime.timers.every(20, () => {
          const isLate = runtime.clock.monotonic() - started >= limits.stopMs;
          if (shared.connections.size > 0 && !isLate) return;
          check.cancel();
          for (const connection of shared.connections) connection.drop();
          resolve();
        });
      });
    },
  };
}

function oldest(
  connections: ReadonlySet<Connection>,
  test: (connection: Connection) => boolean,
): Connection | undefined {
  for (const connection of connections) if (test(connection)) return connection;
  return undefined;
}

type Tunable = Duplex & {
  setNoDelay(on: boolean): void;
  setKeepAlive(on: boolean, delayMs: number): void;
  remoteAddress?: string;
};

/** A frame may be of the size of the largest packet; nobody needs as much to say who it is. */
function boundUntilSignIn(connection: Connection, transport: Duplex, bytes: number): void {
  let left = bytes;
  const count = (chunk: Buffer) => {
    if (connection.version !== 0) {
      transport.off("data", count);
      return;
    }
    left -= chunk.length;
    if (left < 0) connection.drop();
  };
  transport.on("data", count);
}

function isSocket(stream: Duplex): stream is Tunable {
  return "setKeepAlive" in stream && "setNoDelay" in stream;
}
