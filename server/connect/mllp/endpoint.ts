import type { Socket } from "node:net";
import type { Runtime } from "@openward/runtime";
import { certificateOf } from "../certificate.ts";
import type { DeviceAccess, Ingest, SignedInDevice } from "../ports.ts";
import { Connection } from "./connection.ts";
import { defaultMllpLimits, type MllpLimits } from "./limits.ts";
import type { Log, MllpCounters, Shared } from "./shared.ts";

const SWEEP_MS = 1_000;

export interface MllpEndpoint {
  /** Over TLS: who it is, its client certificate says. */
  handleSecure(socket: Socket): void;
  /** On loopback, for the gateway that the operator's settings name. Whoever comes from elsewhere is refused. */
  handlePlain(socket: Socket, gateway: string): void;
  stats(): MllpCounters & { connections: number; waiting: number };
  /** Takes nothing more, lets the commits that run be acknowledged, closes. */
  stop(): Promise<void>;
}

/** HL7 v2 over MLLP: README.md beside this file says what is answered when. */
export function createMllpEndpoint({
  ingest,
  access,
  runtime,
  log,
  limits: given,
  mayComeInTheClear = () => false,
}: {
  ingest: Ingest;
  access: DeviceAccess;
  runtime: Runtime;
  log: Log;
  limits?: Partial<MllpLimits>;
  /** Beside this machine itself, whom the operator's settings name: at a bedside, on a network of its own. */
  mayComeInTheClear?: (address: string) => boolean;
}): MllpEndpoint {
  const limits: MllpLimits = { ...defaultMllpLimits, ...given };
  const connections = new Set<Connection>();
  const ofDevice = new Map<string, Set<Connection>>();
  /** Devices without a connection, who are not away yet: since when, and of which organisation. */
  const leaving = new Map<string, { readonly since: number; readonly organisationId: string }>();
  let isStopping = false;

  const shared: Shared = {
    ingest,
    access,
    runtime,
    limits,
    log,
    gate: { messages: 0, bytes: 0 },
    waiting: new Set(),
    counters: {
      messages: 0,
      acknowledged: 0,
      quarantined: 0,
      rejected: 0,
      failed: 0,
      refused: 0,
      signInsRefused: 0,
      partialBytes: 0,
    },
    left(connection) {
      connections.delete(connection);
      const { deviceId, organisationId } = connection.device;
      const others = ofDevice.get(deviceId);
      others?.delete(connection);
      if (others && others.size > 0) return;
      ofDevice.delete(deviceId);
      if (!isStopping) leaving.set(deviceId, { since: runtime.clock.monotonic(), organisationId });
    },
    wake() {
      const now = [...shared.waiting];
      shared.waiting.clear();
      for (const connection of now) {
        connection.resume();
        if (connection.isPaused) shared.waiting.add(connection);
      }
    },
  };

  function admit(socket: Socket, device: SignedInDevice | undefined, who: string): void {
    if (!device || isStopping) {
      if (!device) {
        shared.counters.signInsRefused++;
        log.warn({ who, address: socket.remoteAddress ?? "" }, "a sender of HL7 was refused");
      }
      socket.on("error", () => {});
      socket.destroy();
      return;
    }
    socket.setNoDelay(true);
    // A sender that vanished without a word is found by the transport.
    socket.setKeepAlive(true, 60_000);
    const connection = new Connection(shared, socket, device);
    connections.add(connection);
    const others = ofDevice.get(device.deviceId) ?? new Set();
    others.add(connection);
    ofDevice.set(device.deviceId, others);
    if (others.size === 1 && !leaving.delete(device.deviceId)) {
      ingest.connection(device.deviceId, device.organisationId, true);
    }
    if (others.size > limits.connectionsPerDevice) first(others)?.drop();
    if (connections.size > limits.connections) first(connections)?.drop();
  }

  const sweeper = runtime.timers.every(SWEEP_MS, () => {
    const now = runtime.clock.monotonic();
    for (const connection of connections) connection.look(now);
    for (const [deviceId, { since, organisationId }] of leaving) {
      if (now - since < limits.awayMs) continue;
      leaving.delete(deviceId);
      ingest.connection(deviceId, organisationId, false);
    }
  });
  const stopListening = access.onRevoked((deviceId) => {
    for (const connection of [...(ofDevice.get(deviceId) ?? [])]) {
      if (!access.isActive(deviceId, connection.device.credentialId)) connection.drop();
    }
  });

  return {
    handleSecure(socket) {
      const certificate = certificateOf(socket);
      const device = certificate && access.signInByCertificate(certificate);
      admit(socket, device, certificate?.deviceId ?? "no certificate");
    },
    handlePlain(socket, gateway) {
      const address = socket.remoteAddress?.replace(/^::ffff:/, "");
      const isLocal = isLoopback(address) || (address !== undefined && mayComeInTheClear(address));
      admit(socket, isLocal ? access.signInBySetting?.(gateway) : undefined, isLocal ? gateway : "not of this machine");
    },
    stats: () => ({ ...shared.counters, connections: connections.size, waiting: shared.gate.messages }),
    stop() {
      isStopping = true;
      stopListening();
      sweeper.cancel();
      for (const connection of connections) connection.end();
      return new Promise((resolve) => {
        const started = runtime.clock.monotonic();
        const check = runtime.timers.every(20, () => {
          const isLate = runtime.clock.monotonic() - started >= limits.stopMs;
          if (shared.gate.messages > 0 && !isLate) return;
          check.cancel();
          for (const connection of [...connections]) connection.drop();
          resolve();
        });
      });
    },
  };
}

function first<T>(all: ReadonlySet<T>): T | undefined {
  for (const one of all) return one;
  return undefined;
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(?:::ffff:)?127\.|^::1$/.test(address);
}
