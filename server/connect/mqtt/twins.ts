import type { Connection } from "./connection.ts";

/** Both connections of a pair must have spoken so long after the newer one signed in: the older one is no leftover. */
const GRACE_TICKS = 5;
/** Takeovers of one session that go back and forth between addresses, so many within so long. */
const TAKEOVERS = 3;
const TAKEOVERS_WITHIN_TICKS = 300;
/** So long without a sign of a second one, and there is none. */
const OVER_AFTER_TICKS = 60;

/** One identity that is used by two at once: a copied token or certificate, or a device that was set up twice. */
export interface Twins {
  arrived(connection: Connection, tick: number): void;
  left(connection: Connection): void;
  /** A client id signs in again while its connection is open. From one address that is a reconnect. */
  tookOver(connection: Connection, before: Connection, tick: number): void;
  sweep(tick: number): void;
}

interface Identity {
  readonly organisationId: string;
  /** With the tick of their sign-in. */
  readonly connections: Map<Connection, number>;
  /** Ticks of takeovers from another address. */
  takeovers: number[];
  isTwin: boolean;
  /** When two were seen last. */
  seenTick: number;
}

/** @param tell a device has a twin, or has none any more */
export function createTwins(tell: (deviceId: string, organisationId: string, hasTwin: boolean) => void): Twins {
  const identities = new Map<string, Identity>();
  /** Those of whom something is to be found out. */
  const looked = new Set<string>();

  function of({ device }: Connection): [string, Identity] {
    const { deviceId, organisationId } = device as NonNullable<Connection["device"]>;
    let identity = identities.get(deviceId);
    if (!identity) {
      identity = { organisationId, connections: new Map(), takeovers: [], isTwin: false, seenTick: 0 };
      identities.set(deviceId, identity);
    }
    return [deviceId, identity];
  }

  function look(deviceId: string, identity: Identity, tick: number): void {
    const { connections } = identity;
    identity.takeovers = identity.takeovers.filter((at) => tick - at < TAKEOVERS_WITHIN_TICKS);
    const from = Math.max(...connections.values()) + GRACE_TICKS;
    let alive = 0;
    for (const connection of connections.keys()) if (connection.heardTick >= from) alive++;
    const isSeen = alive > 1 || identity.takeovers.length >= TAKEOVERS;
    if (isSeen || (identity.isTwin && connections.size > 1)) identity.seenTick = tick;
    if (isSeen && !identity.isTwin) {
      identity.isTwin = true;
      tell(deviceId, identity.organisationId, true);
    } else if (identity.isTwin && tick - identity.seenTick >= OVER_AFTER_TICKS) {
      identity.isTwin = false;
      tell(deviceId, identity.organisationId, false);
    }
    if (identity.isTwin || connections.size > 1 || identity.takeovers.length > 0) return;
    looked.delete(deviceId);
    if (connections.size === 0) identities.delete(deviceId);
  }

  return {
    arrived(connection, tick) {
      const [deviceId, identity] = of(connection);
      identity.connections.set(connection, tick);
      if (identity.connections.size > 1) looked.add(deviceId);
    },
    left(connection) {
      const [deviceId, identity] = of(connection);
      identity.connections.delete(connection);
      if (identity.connections.size === 0 && !looked.has(deviceId)) identities.delete(deviceId);
    },
    tookOver(connection, before, tick) {
      if (connection.address === before.address) return;
      const [deviceId, identity] = of(connection);
      identity.takeovers.push(tick);
      looked.add(deviceId);
    },
    sweep(tick) {
      for (const deviceId of looked) {
        const identity = identities.get(deviceId);
        if (identity) look(deviceId, identity, tick);
      }
    },
  };
}
