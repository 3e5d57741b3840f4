import { RefusedInput } from "@openward/errors";
import type { Runtime } from "@openward/runtime";
import { connect, type MqttClient } from "mqtt";

export type MessageKind = "readings" | "waveform" | "event" | "status";

export interface Outgoing {
  readonly kind: MessageKind;
  readonly body: Uint8Array;
  readonly contentType: "application/json" | "application/cbor";
}

/** What became of a message. Quarantined: the server has it, but could place none of it (MQTT 5 only). */
export type Outcome =
  | { readonly state: "acknowledged" }
  | { readonly state: "quarantined"; readonly reasonCode: number; readonly reason: string }
  /** The buffer was full while the server was away, and this was the oldest of what can be spared; or it was closed. */
  | { readonly state: "dropped" };

export type ConnectionState =
  | { readonly state: "online" }
  | { readonly state: "offline"; readonly reason: string; readonly isRefused: boolean };

export interface ConnectionOptions {
  /** mqtt:, mqtts:, ws: or wss: */
  readonly url: string;
  readonly deviceId: string;
  readonly token: string;
  readonly runtime: Runtime;
  /** 4 is MQTT 3.1.1; 5 tells what was quarantined. */
  readonly protocolVersion?: 4 | 5;
  /** How much is kept while the server is away. */
  readonly bufferBytesMax?: number;
  /** Messages under way at once; the server's receive maximum holds too. */
  readonly inFlightMax?: number;
  readonly onState?: (state: ConnectionState) => void;
}

/** A device's line to the server: QoS 1, kept until acknowledged, made again when it breaks. */
export interface Connection {
  /** Never rejects; resolves once the server has acknowledged the message, or it had to be given up. */
  publish(message: Outgoing): Promise<Outcome>;
  readonly isOnline: boolean;
  /** Messages not yet acknowledged. */
  readonly pending: number;
  /** Messages given up because the buffer was full. */
  readonly dropped: number;
  /** Break the connection without a DISCONNECT, as a lost radio link does, and stay away. */
  breakFor(ms: number): void;
  /** Resolves when at most `count` messages are not acknowledged. */
  drained(count: number): Promise<void>;
  /** Stop. What is not acknowledged by then is given up: await `drained(0)` first where it matters. */
  close(): Promise<void>;
}

interface Entry {
  readonly message: Outgoing;
  readonly settle: (outcome: Outcome) => void;
  sentAt: number;
}

const BACKOFF_MS_MIN = 500;
const BACKOFF_MS_MAX = 15_000;
const ACK_TIMEOUT_MS = 20_000;
const CHECK_EVERY_MS = 5_000;
/** CONNACK: 4 and 5 of MQTT 3.1.1, 0x86, 0x87 and 0x8c of MQTT 5. */
const SIGN_IN_REFUSED = new Set([4, 5, 0x86, 0x87, 0x8c]);

/** @throws RefusedInput FIELD_INVALID for an address that is not one of MQTT */
export function createConnection(options: ConnectionOptions): Connection {
  const { deviceId, token, runtime, protocolVersion = 5 } = options;
  const { bufferBytesMax = 2_000_000, inFlightMax = 16 } = options;
  const { clock, timers, random } = runtime;
  const url = checkedUrl(options.url);
  const topics = `devices/${deviceId}/`;

  let client: MqttClient | null = null;
  let isOnline = false;
  let isClosed = false;
  let window = inFlightMax;
  let backoffMs = BACKOFF_MS_MIN;
  let retry: { cancel(): void } | null = null;
  let awayUntil = 0;
  let dropped = 0;
  let waitingBytes = 0;
  let lastError: { reason: string; isRefused: boolean } | null = null;
  let waiting: Entry[] = [];
  const underWay = new Set<Entry>();
  const drains: { count: number; resolve: () => void }[] = [];

  const pending = () => waiting.length + underWay.size;
  const settled = () => {
    for (let i = drains.length - 1; i >= 0; i--) {
      if (pending() > drains[i]!.count) continue;
      drains[i]!.resolve();
      drains.splice(i, 1);
    }
  };

  const open = () => {
    retry = null;
    if (isClosed || client) return;
    const mine = connect(url, {
      clientId: deviceId,
      username: deviceId,
      password: token,
      protocolVersion,
      clean: true,
      keepalive: 30,
      connectTimeout: 10_000,
      // Coming back is done here, with a growing wait and a buffer that has a bound.
      reconnectPeriod: 0,
      will: { topic: `${topics}status`, payload: Buffer.from('{"state":"offline"}'), qos: 1, retain: false },
    });
    client = mine;
    mine.on("connect", (connack) => {
      if (client !== mine) return;
      isOnline = true;
      backoffMs = BACKOFF_MS_MIN;
      window = Math.min(inFlightMax, connack.properties?.receiveMaximum ?? 65_535);
      lastError = null;
      options.onState?.({ state: "online" });
      send();
    });
    mine.on("error", (error) => {
      const code = "code" in error ? error.code : undefined;
      const isRefused = typeof code === "number" && SIGN_IN_REFUSED.has(code);
      lastError = { reason: error.message || String(code ?? "connection failed"), isRefused };
    });
    mine.on("close", () => lost(mine));
  };

  const lost = (which: MqttClient) => {
    if (client !== which) return;
    client = null;
    const wasOnline = isOnline;
    isOnline = false;
    which.removeAllListeners();
    // The library may still report an error of the socket that it is closing.
    which.on("error", () => {});
    which.end(true);
    // Not acknowledged: sent again, in the old order, before what came later.
    waiting = [...underWay, ...waiting];
    for (const entry of underWay) waitingBytes += entry.message.body.length;
    underWay.clear();
    if (isClosed) return;
    makeRoom();
    const { reason, isRefused } = lastError ?? { reason: "the connection broke", isRefused: false };
    lastError = null;
    options.onState?.({ state: "offline", reason, isRefused });
    const away = awayUntil - clock.monotonic();
    const wait = Math.max(
      away,
      wasOnline ? BACKOFF_MS_MIN * random.float() : backoffMs * (0.75 + 0.5 * random.float()),
    );
    backoffMs = Math.min(BACKOFF_MS_MAX, backoffMs * 2);
    retry = timers.after(wait, open);
  };

  const send = () => {
    while (isOnline && client && underWay.size < window) {
      const entry = waiting.shift();
      if (!entry) break;
      waitingBytes -= entry.message.body.length;
      underWay.add(entry);
      entry.sentAt = clock.monotonic();
      transmit(client, entry);
    }
  };

  const transmit = (through: MqttClient, entry: Entry) => {
    const { kind, body, contentType } = entry.message;
    const properties = protocolVersion === 5 ? { properties: { contentType } } : {};
    through.publish(
      topics + kind,
      Buffer.from(body.buffer, body.byteOffset, body.byteLength),
      { qos: 1, ...properties },
      (error, packet) => {
        // After a loss the entry belongs to the next connection.
        if (client !== through || !underWay.has(entry)) return;
        const reasonCode = error && "code" in error && typeof error.code === "number" ? error.code : 0;
        if (error && reasonCode === 0) return;
        underWay.delete(entry);
        if (reasonCode >= 0x80) {
          const told = (packet as { properties?: { reasonString?: string } } | undefined)?.properties?.reasonString;
          entry.settle({ state: "quarantined", reasonCode, reason: told ?? error?.message ?? "" });
        } else entry.settle({ state: "acknowledged" });
        settled();
        send();
      },
    );
  };

  const makeRoom = () => {
    while (waitingBytes > bufferBytesMax && waiting.length > 1) {
      // Waveforms are spared least: the numbers and events of the time away tell more, and are far smaller.
      let at = waiting.findIndex((e) => e.message.kind === "waveform");
      if (at < 0) at = waiting.findIndex((e) => e.message.kind === "readings");
      const [victim] = waiting.splice(Math.max(0, at), 1);
      if (!victim) return;
      waitingBytes -= victim.message.body.length;
      dropped++;
      victim.settle({ state: "dropped" });
    }
    settled();
  };

  const check = timers.every(CHECK_EVERY_MS, () => {
    const oldest = underWay.values().next().value;
    if (!client || !oldest || clock.monotonic() - oldest.sentAt < ACK_TIMEOUT_MS) return;
    lastError = { reason: "no acknowledgement", isRefused: false };
    client.stream.destroy();
  });

  open();

  return {
    publish: (message) =>
      new Promise((settle) => {
        if (isClosed) {
          settle({ state: "dropped" });
          return;
        }
        waiting.push({ message, settle, sentAt: 0 });
        waitingBytes += message.body.length;
        send();
        makeRoom();
      }),
    get isOnline() {
      return isOnline;
    },
    get pending() {
      return pending();
    },
    get dropped() {
      return dropped;
    },
    breakFor(ms) {
      awayUntil = clock.monotonic() + ms;
      client?.stream.destroy();
    },
    drained: (count) =>
      new Promise((resolve) => {
        if (pending() <= count) resolve();
        else drains.push({ count, resolve });
      }),
    async close() {
      if (isClosed) return;
      isClosed = true;
      check.cancel();
      retry?.cancel();
      const last = client;
      client = null;
      for (const entry of [...underWay, ...waiting]) entry.settle({ state: "dropped" });
      underWay.clear();
      waiting = [];
      settled();
      if (!last) return;
      const wasOnline = isOnline;
      isOnline = false;
      last.removeAllListeners();
      last.on("error", () => {});
      await last.endAsync(!wasOnline);
    },
  };

  function checkedUrl(text: string): string {
    const found = URL.canParse(text) ? new URL(text) : null;
    const known = ["mqtt:", "mqtts:", "ws:", "wss:"];
    if (!found || !known.includes(found.protocol) || found.hostname === "") {
      throw new RefusedInput("FIELD_INVALID", {
        at: "url",
        expected: "an address as mqtt://127.0.0.1:1883",
        received: text,
      });
    }
    if (!/^[A-Za-z0-9._-]{1,64}$/.test(deviceId)) {
      throw new RefusedInput("FIELD_INVALID", {
        at: "deviceId",
        expected: "1 to 64 of A-Z a-z 0-9 . _ -",
        received: deviceId,
      });
    }
    if (token === "") throw new RefusedInput("FIELD_INVALID", { at: "token", expected: "the device's token" });
    return text;
  }
}
