/** Acks younger than this may be lost with the connection that they were written to, in ticks of a second. */
export const ACK_LOST_TICKS = 10;
/** How long a client may take to come back and send again. */
const REMEMBER_TICKS = 600;
/** What a client had under way when the server died is not known: its first messages after a start may be repeats. */
const AFTER_START_TICKS = 120;
const AFTER_START_MESSAGES = 200;

/** What a client may send again over a new connection. */
export interface Repeats {
  /** May the message of this key be a second copy? Each can be that once. */
  takes(key: string): boolean;
}

/**
 * Tells re-deliveries from new messages that use a packet id again. By the standard a re-delivery has DUP set, but not
 * every client does so (mqtt.js does not); and no client sends again what was acknowledged on a connection that lives.
 * So a message without DUP may be a repeat only when the connection before broke before its ack was safely there.
 *
 * A client is a device and its client id; a key is the delivery key of a message.
 */
export interface Redeliveries {
  /** A connection of the client begins. */
  begin(client: string, tick: number): Repeats;
  /** A connection broke, with these messages not acknowledged, or only just. */
  broke(client: string, keys: ReadonlySet<string>, tick: number): void;
  sweep(tick: number): void;
  readonly size: number;
}

export const NO_REPEATS: Repeats = { takes: () => false };

/** @param clientsMax of so many clients it is remembered; who broke first is forgotten first */
export function createRedeliveries(clientsMax: number): Redeliveries {
  const open = new Map<string, { readonly keys: Set<string>; readonly tick: number }>();
  let seenSinceStart: Set<string> | null = new Set();

  return {
    begin(client, tick) {
      const broken = open.get(client);
      open.delete(client);
      const isFirst = seenSinceStart !== null && !seenSinceStart.has(client);
      seenSinceStart?.add(client);
      if (broken) return { takes: (key) => broken.keys.delete(key) };
      return isFirst && tick <= AFTER_START_TICKS ? firstMessages() : NO_REPEATS;
    },
    broke(client, keys, tick) {
      if (keys.size === 0) return;
      open.delete(client);
      open.set(client, { keys: new Set(keys), tick });
      if (open.size > clientsMax) for (const first of open.keys().take(1)) open.delete(first);
    },
    sweep(tick) {
      if (tick > AFTER_START_TICKS) seenSinceStart = null;
      for (const [client, { tick: since }] of open) {
        if (tick - since <= REMEMBER_TICKS) break;
        open.delete(client);
      }
    },
    get size() {
      return open.size;
    },
  };
}

function firstMessages(): Repeats {
  const seen = new Set<string>();
  return {
    takes(key) {
      if (seen.size >= AFTER_START_MESSAGES || seen.has(key)) return false;
      seen.add(key);
      return true;
    },
  };
}
