import { hashOf } from "../delivery.ts";
import type { SignedInDevice } from "../ports.ts";
import type { Connection } from "./connection.ts";
import type { MqttLimits } from "./limits.ts";
import type { Subscription } from "./subscriptions.ts";
import type { Uplink } from "./uplink.ts";

/** A message down that waits for its turn or for its PUBACK. */
export interface Downlink {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1;
  /** ms UTC after which it must not be delivered any more; null: never. */
  readonly expiresAt: number | null;
}

/** What outlives a connection. Most devices use little of it, so its parts are made when first used. */
export class Session {
  readonly key: string;
  /** The same for the same client id, over sessions and restarts: the first part of delivery keys. */
  readonly id: string;
  device: SignedInDevice;
  connection: Connection | null = null;
  /** Seconds it outlives its connection; 0: ends with it. */
  expiryS = 0;
  /** Sweep at which it ends, while it has no connection. */
  expiresTick = Number.POSITIVE_INFINITY;
  subscriptions: Map<string, Subscription> | null = null;
  /** QoS 2 ids: the message while its commit runs, then the hash of its body until the client releases it. */
  incoming: Map<number, Uplink | string> | null = null;
  queue: Downlink[] | null = null;
  queuedBytes = 0;
  inFlight: Map<number, Downlink> | null = null;
  private lastPacketId = 0;

  constructor(key: string, clientId: string, device: SignedInDevice) {
    this.key = key;
    this.id = hashOf(Buffer.from(clientId));
    this.device = device;
  }

  nextPacketId(): number {
    do this.lastPacketId = (this.lastPacketId % 65_535) + 1;
    while (this.inFlight?.has(this.lastPacketId));
    return this.lastPacketId;
  }
}

/** Sessions by device and client id: client ids of two devices have nothing to do with each other. */
export interface Sessions {
  find(deviceId: string, clientId: string): Session | undefined;
  create(device: SignedInDevice, clientId: string): Session;
  /** Its connection has gone: it ends, or waits for the next. */
  leave(session: Session, tick: number): void;
  /** It has a connection again. */
  resume(session: Session): void;
  end(session: Session): void;
  ofDevice(deviceId: string): readonly Session[];
  /** Sessions that may hear what goes down to this device. */
  listeners(deviceId: string): ReadonlySet<Session> | undefined;
  listen(session: Session, deviceId: string): void;
  unlisten(session: Session, deviceId: string): void;
  sweep(tick: number): void;
  readonly size: number;
}

export function createSessions({ limits, onEnd }: { limits: MqttLimits; onEnd: (session: Session) => void }): Sessions {
  const byKey = new Map<string, Session>();
  const byDevice = new Map<string, Session[]>();
  const listening = new Map<string, Set<Session>>();
  const offline = new Set<Session>();
  const keyOf = (deviceId: string, clientId: string) => `${deviceId}\n${clientId}`;

  function unlisten(session: Session, deviceId: string): void {
    const listeners = listening.get(deviceId);
    listeners?.delete(session);
    if (listeners?.size === 0) listening.delete(deviceId);
  }

  function end(session: Session): void {
    if (byKey.get(session.key) !== session) return;
    byKey.delete(session.key);
    offline.delete(session);
    const { deviceId } = session.device;
    const others = byDevice.get(deviceId)?.filter((other) => other !== session) ?? [];
    if (others.length > 0) byDevice.set(deviceId, others);
    else byDevice.delete(deviceId);
    for (const { deviceId: heard } of session.subscriptions?.values() ?? []) unlisten(session, heard);
    onEnd(session);
  }

  return {
    find: (deviceId, clientId) => byKey.get(keyOf(deviceId, clientId)),
    create(device, clientId) {
      const session = new Session(keyOf(device.deviceId, clientId), clientId, device);
      byKey.set(session.key, session);
      const others = byDevice.get(device.deviceId);
      byDevice.set(device.deviceId, others ? [...others, session] : [session]);
      return session;
    },
    leave(session, tick) {
      session.connection = null;
      if (session.expiryS <= 0) {
        end(session);
        return;
      }
      session.expiresTick = tick + session.expiryS;
      offline.delete(session);
      offline.add(session);
      if (offline.size > limits.offlineSessions) for (const first of [...offline].slice(0, 1)) end(first);
    },
    resume(session) {
      offline.delete(session);
      session.expiresTick = Number.POSITIVE_INFINITY;
    },
    end,
    ofDevice: (deviceId) => byDevice.get(deviceId) ?? [],
    listeners: (deviceId) => listening.get(deviceId),
    listen(session, deviceId) {
      const listeners = listening.get(deviceId);
      if (listeners) listeners.add(session);
      else listening.set(deviceId, new Set([session]));
    },
    unlisten,
    sweep(tick) {
      for (const session of offline) if (session.expiresTick <= tick) end(session);
    },
    get size() {
      return byKey.size;
    },
  };
}
