import type { Duplex } from "node:stream";
import type { DeviceCertificate, SignedInDevice } from "../ports.ts";
import type { Route } from "../topic.ts";
import { onPubrel, writeAcks } from "./acknowledge.ts";
import { acceptConnect } from "./connect.ts";
import { deliverQueued, onPuback } from "./downlink.ts";
import type { FeedClient } from "./feed.ts";
import { appendPartial, headerEnd, INCOMPLETE, MALFORMED, type Partial, packetSize, startPartial } from "./framing.ts";
import { disconnect, PINGRESP, REASON } from "./packets.ts";
import { onPublish } from "./publish.ts";
import { ACK_LOST_TICKS, NO_REPEATS, type Repeats } from "./redelivery.ts";
import type { Session } from "./session.ts";
import type { Shared } from "./shared.ts";
import { onSubscribe, onUnsubscribe } from "./subscribe.ts";
import type { Uplink } from "./uplink.ts";
import type { Will } from "./wills.ts";

/** The flags that the first byte of a packet from a client must have, by packet type; PUBLISH has its own. */
const FLAGS: Readonly<Record<number, number>> = { 1: 0, 4: 0, 5: 0, 6: 2, 7: 0, 8: 2, 10: 2, 12: 0, 14: 0, 15: 0 };

interface LateAck {
  readonly key: string;
  readonly tick: number;
}

/** One client: bytes in, packets to their handlers, acks out in order, and the brakes. Idle, it holds next to nothing. */
export class Connection {
  readonly shared: Shared;
  readonly stream: Duplex;
  readonly address: string;
  readonly isWebSocket: boolean;
  /** 4 or 5; 0 before sign-in. */
  version = 0;
  device: SignedInDevice | null = null;
  session: Session | null = null;
  will: Will | null = null;
  /** It is no device: it reads a feed. */
  feed: FeedClient | null = null;
  /** Sweeps without a byte after which it is closed; 0: never. */
  keepAliveTicks = 0;
  heardTick: number;
  /** Others can read along. */
  isInTheClear = false;
  /** By which the client has proven who it is, before a packet was sent. */
  certificate: DeviceCertificate | undefined;
  isClosed = false;
  isDirty = false;
  /** Messages whose commit runs. */
  inFlight = 0;
  /** Acks that wait for their turn: a list through Uplink.next. */
  firstAck: Uplink | null = null;
  lastAck: Uplink | null = null;
  pendingAcks = 0;
  repeats = 0;
  /** What the client may send again that it sent over the connection before. */
  again: Repeats = NO_REPEATS;
  /** Acknowledged in the last moments: if the line breaks, the client may not know. */
  private lateAcks: LateAck[] | null = null;
  private hasSaidGoodbye = false;
  /** The topic of the message before, and where it goes: most devices have one. */
  lastTopic = "";
  lastRoute: Route | null = null;
  aliases: Map<number, string> | null = null;
  /** MQTT 5: what the client said about itself. */
  wantsReasons = true;
  sendMaximum: number;
  clientPacketBytes = Number.POSITIVE_INFINITY;
  isBlocked = false;
  private isChoked = false;
  private held: Buffer | null = null;
  private partial: Partial | null = null;

  constructor(shared: Shared, stream: Duplex, address: string, isWebSocket: boolean) {
    this.shared = shared;
    this.stream = stream;
    this.address = address;
    this.isWebSocket = isWebSocket;
    this.heardTick = shared.tick;
    this.sendMaximum = shared.limits.sendMaximum;
    stream.on("data", (chunk: Buffer) => this.read(chunk));
    stream.on("error", () => this.drop());
    stream.on("close", () => this.drop());
    // A stream that may stay half open would keep its device "connected".
    stream.on("end", () => this.finish());
  }

  private read(chunk: Buffer): void {
    if (this.isClosed) return;
    // Before sign-in the clock runs from the first moment, however the bytes drip.
    if (this.version !== 0) this.heardTick = this.shared.tick;
    if (this.held || this.isBlocked) this.held = this.held ? Buffer.concat([this.held, chunk]) : chunk;
    else this.processCorked(chunk);
  }

  /** What many small packets are answered leaves together. */
  private processCorked(bytes: Buffer): void {
    this.stream.cork();
    this.process(bytes);
    this.stream.uncork();
  }

  private process(bytes: Buffer): void {
    const now = this.shared.runtime.clock.now();
    let at = 0;
    if (this.partial) {
      at = this.complete(bytes, now);
      if (at < 0) return;
    }
    while (at < bytes.length && !this.isClosed) {
      if (this.isBlocked) {
        this.held = bytes.subarray(at);
        return;
      }
      const size = packetSize(bytes, at, bytes.length);
      if (!this.admit(bytes[at] as number, size)) return;
      if (size === INCOMPLETE || at + size > bytes.length) {
        this.partial = startPartial();
        this.shared.partialBytes += this.partial.bytes.length;
        this.complete(bytes.subarray(at), now);
        return;
      }
      this.packet(bytes, at, at + size, now);
      at += size;
    }
  }

  /** Go on with the packet that arrives in pieces. Returns where the next one begins, or -1. */
  private complete(bytes: Buffer, now: number): number {
    const { shared } = this;
    const partial = this.partial as Partial;
    let at = 0;
    while (partial.size === INCOMPLETE) {
      if (at >= bytes.length) return -1;
      shared.partialBytes += appendPartial(partial, bytes, at++, 1);
      partial.size = packetSize(partial.bytes, 0, partial.length);
      if (!this.admit(partial.bytes[0] as number, partial.size)) return -1;
    }
    const wanted = Math.min(partial.size - partial.length, bytes.length - at);
    shared.partialBytes += appendPartial(partial, bytes, at, wanted);
    if (partial.length < partial.size) {
      if (shared.partialBytes > shared.limits.partialBytes)
        this.end(REASON.quotaExceeded, "too much has arrived in part");
      return -1;
    }
    this.forgetPartial();
    this.packet(partial.bytes, 0, partial.size, now);
    return at + wanted;
  }

  /** What is declared is judged before it is buffered, and before sign-in nothing but CONNECT is. */
  private admit(first: number, size: number): boolean {
    const { limits } = this.shared;
    if (this.version === 0 && first !== 0x10) this.end(REASON.protocolError, null);
    else if (size === MALFORMED) this.end(REASON.malformedPacket, "the length has more than four bytes");
    else if (size > (this.version === 0 ? limits.connectPacketBytes : limits.packetBytes)) {
      this.end(REASON.packetTooLarge, `PACKET_TOO_LARGE: at most ${limits.packetBytes} bytes`);
    }
    return !this.isClosed;
  }

  private packet(bytes: Buffer, start: number, end: number, now: number): void {
    const first = bytes[start] as number;
    const type = first >> 4;
    if (this.version === 0) {
      acceptConnect(this, bytes.subarray(start, end));
      return;
    }
    if (this.feed) {
      this.feed.packet(bytes.subarray(start, end));
      return;
    }
    if (type === 3) {
      onPublish(this, bytes, start, end, now);
      return;
    }
    const body = headerEnd(bytes, start);
    const packetId = end - body >= 2 ? bytes.readUInt16BE(body) : 0;
    if (FLAGS[type] !== (first & 15)) {
      this.end(REASON.malformedPacket, "flags or packet type");
      return;
    }
    switch (type) {
      case 4:
        onPuback(this, packetId);
        return;
      case 6:
        onPubrel(this, packetId);
        return;
      case 8:
        onSubscribe(this, bytes.subarray(start, end));
        return;
      case 10:
        onUnsubscribe(this, bytes.subarray(start, end));
        return;
      case 12:
        this.send(PINGRESP);
        return;
      case 14:
        this.onDisconnect(bytes.subarray(start, end));
        return;
      default:
        this.end(REASON.protocolError, "a packet that a client does not send here");
        return;
    }
  }

  private onDisconnect(frame: Buffer): void {
    let keepsWill = false;
    if (this.version === 5 && frame.length > 2) {
      const packet = this.shared.readers[5].read(frame);
      if (packet?.cmd !== "disconnect") {
        this.end(REASON.malformedPacket, null);
        return;
      }
      keepsWill = packet.reasonCode === REASON.disconnectWithWill;
      const expiryS = packet.properties?.sessionExpiryInterval;
      if (typeof expiryS === "number" && this.session) {
        if (this.session.expiryS === 0 && expiryS > 0) {
          this.end(REASON.protocolError, "session expiry");
          return;
        }
        this.session.expiryS = Math.min(expiryS, this.shared.limits.sessionExpiryMaxS);
      }
    }
    if (!keepsWill) this.will = null;
    this.hasSaidGoodbye = true;
    this.finish();
  }

  /** Acks of everything that has settled since, in one write; then read on if the brakes allow. */
  flush(): void {
    this.isDirty = false;
    if (this.isClosed) return;
    if (!writeAcks(this)) {
      this.shared.counters.failed++;
      this.end(REASON.serverBusy, "STORE_UNAVAILABLE: not durable, not acknowledged; connect and send again");
      return;
    }
    if (this.shared.isStopping && this.inFlight === 0) {
      this.end(REASON.serverShuttingDown, "the server stops");
      return;
    }
    if (this.isBlocked) this.release();
  }

  /** An ack goes out. */
  acknowledged(key: string): void {
    const { tick, limits } = this.shared;
    this.lateAcks ??= [];
    const [oldest] = this.lateAcks;
    if (oldest && (oldest.tick < tick - ACK_LOST_TICKS || this.lateAcks.length >= 2 * limits.receiveMaximum)) {
      this.lateAcks = this.lateAcks.filter((ack) => ack.tick >= tick - ACK_LOST_TICKS).slice(-limits.receiveMaximum);
    }
    this.lateAcks.push({ key, tick });
  }

  /** What the client will send again, as far as we can know. */
  private unsureOf(): ReadonlySet<string> {
    const keys = new Set<string>();
    for (const { key, tick } of this.lateAcks ?? []) if (tick >= this.shared.tick - ACK_LOST_TICKS) keys.add(key);
    for (let entry = this.firstAck; entry; entry = entry.next) if (entry.knownKey !== null) keys.add(entry.knownKey);
    return keys;
  }

  send(bytes: Buffer): void {
    if (this.isClosed || this.stream.write(bytes) || this.isChoked) return;
    // It sends and does not read: what we owe it must not pile up.
    this.isChoked = true;
    this.block();
    this.stream.once("drain", () => {
      this.isChoked = false;
      if (this.isClosed) return;
      this.release();
      deliverQueued(this);
      this.feed?.freed();
    });
  }

  get canSend(): boolean {
    return !this.isClosed && !this.isChoked;
  }

  /** Its silence is its own: it is not we who do not read. */
  get mayTimeOut(): boolean {
    return !this.isBlocked || this.isChoked;
  }

  block(): void {
    if (this.isBlocked) return;
    this.isBlocked = true;
    this.stream.pause();
  }

  private release(): void {
    const { gate, limits, isStopping } = this.shared;
    if (this.isClosed || this.isChoked || isStopping || this.inFlight > limits.receiveMaximum / 2) return;
    if (gate.messages >= limits.waitingMessages || gate.bytes >= limits.waitingBytes) {
      gate.waiting.add(this);
      return;
    }
    this.isBlocked = false;
    const held = this.held;
    this.held = null;
    if (held) this.processCorked(held);
    if (!this.isBlocked && !this.isClosed) this.stream.resume();
  }

  /** Our side ends it: MQTT 5 clients are told why. */
  end(reasonCode: number, reason: string | null): void {
    if (this.isClosed) return;
    if (reasonCode !== REASON.serverShuttingDown) this.shared.counters.refused++;
    if (this.version === 5) this.stream.write(disconnect(reasonCode, reason));
    this.finish();
  }

  /** A last packet, and then the end; a peer that does not take it is cut off. */
  finish(): void {
    if (this.stream.writableEnded) return;
    this.leave();
    this.stream.end();
    const { stream } = this;
    // Reading on lets the peer's own end arrive; what it says is not listened to any more.
    stream.resume();
    const cut = this.shared.runtime.timers.after(2_000, () => stream.destroy());
    stream.once("close", () => cut.cancel());
  }

  /** No word, no waiting. */
  drop(): void {
    this.leave();
    this.stream.destroy();
  }

  /** Out of every list; the will goes out unless it was cleared. Commits that run go on, without an ack. */
  private leave(): void {
    if (this.isClosed && !this.session) return;
    this.isClosed = true;
    const { shared, session, feed } = this;
    if (feed) {
      this.feed = null;
      shared.left(this);
      feed.left();
    }
    shared.beforeSignIn.delete(this);
    shared.gate.waiting.delete(this);
    this.forgetPartial();
    this.held = null;
    // What is not acknowledged is sent again even after a goodbye: nobody has told the client that it arrived.
    if (this.hasSaidGoodbye) this.lateAcks = null;
    if (session) shared.redeliveries.broke(session.key, this.unsureOf(), shared.tick);
    this.firstAck = null;
    this.lastAck = null;
    if (!session) return;
    this.session = null;
    shared.left(this);
    const isCurrent = session.connection === this;
    const isRevoked = !shared.access.isActive(session.device.deviceId, session.device.credentialId);
    const { will } = this;
    this.will = null;
    // Taken over by a connection that goes on with the session: a will that may wait has nothing to tell.
    const isDue = isCurrent || will?.delayS === 0;
    if (will && isDue && !shared.isStopping && !isRevoked) shared.wills.schedule(session, will, shared.tick);
    if (isCurrent) shared.sessions.leave(session, shared.tick);
  }

  private forgetPartial(): void {
    if (!this.partial) return;
    this.shared.partialBytes -= this.partial.bytes.length;
    this.partial = null;
  }
}
