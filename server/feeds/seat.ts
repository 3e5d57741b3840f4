import type { Feed, FeedProgress, OutboxPlace } from "@openward/model";
import type { Timer } from "@openward/runtime";
import type { Cursors } from "./cursor.ts";
import { isBefore } from "./cursor.ts";
import { statusTopic } from "./home-assistant/discovery.ts";
import { prefixOf } from "./home-assistant/home.ts";
import { type Message, matches, replayTopic, rootOf } from "./messages.ts";
import type { Outbox } from "./ports.ts";
import { type ToldByMqtt, type ToldByMqttDeps, tellByMqtt } from "./told-by-mqtt.ts";

/** A client of our MQTT listener that signed in as a feed. */
export interface Reader {
  /** @param token comes back with its acknowledgement; of QoS 0 at once */
  send(message: Message, qos: 0 | 1, token: number): void;
  close(why: "taken over" | "ended" | "stopped"): void;
  /** So many may be on the way to it. */
  readonly room: number;
}

/** What such a client may do. */
export interface Sitting {
  /** @returns the QoS that is granted; null: that is not this feed's */
  subscribe(filter: string, qos: 0 | 1): 0 | 1 | null;
  /** @returns whether it was there */
  unsubscribe(filter: string): boolean;
  /** @returns why not; null: done */
  publish(topic: string, payload: Uint8Array): Promise<string | null>;
  acknowledged(token: number): void;
  left(): void;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const FILTERS_MAX = 32;
const AT_ONCE = 20;
/** Clients that subscribe to several things do so one after the other. */
const SETTLE_MS = 300;
const PLAIN_LEVEL = /^[^+#\0]*$/;

/** One feed's place at our MQTT listener: one client at a time, which goes on where the last one acknowledged. */
export function createSeat(
  feed: Feed,
  deps: ToldByMqttDeps & {
    readonly replay: Pick<Outbox, "end" | "placeAt" | "timeOf">;
    readonly progress: () => FeedProgress;
    readonly cursors: Cursors;
  },
) {
  const { runtime } = deps;
  let sitting: { readonly reader: Reader; leave(why?: "taken over" | "ended" | "stopped"): Promise<void> } | undefined;
  let told: ToldByMqtt | undefined;
  const discovers = feed.target.homeAssistant === true;

  /** Filters inside the feed's own topics; with Home Assistant also where it discovers, and where it says that it is there. */
  function isOwn(filter: string): boolean {
    const levels = filter.split("/");
    if (
      !levels.every(
        (level, i) => level === "+" || (level === "#" && i === levels.length - 1) || PLAIN_LEVEL.test(level),
      )
    )
      return false;
    const root = rootOf(feed.id).split("/");
    if (root.every((level, i) => levels[i] === level) && levels.length > root.length) return true;
    if (!discovers) return false;
    const prefix = prefixOf(feed).split("/");
    return prefix.every((level, i) => levels[i] === level) && levels.length > prefix.length;
  }

  async function replayFrom(text: string): Promise<string | null> {
    let from: unknown;
    try {
      from = (JSON.parse(text) as { from?: unknown }).from;
    } catch {
      from = text.trim();
    }
    try {
      const now = runtime.clock.now();
      const end = await deps.replay.end();
      let place: OutboxPlace;
      let at = now;
      if (from === "now") place = end;
      else if (typeof from === "number") [place, at] = [await deps.replay.placeAt(from), from];
      else if (typeof from === "string" && /^\d{4}-\d\d-\d\dT/.test(from) && !Number.isNaN(Date.parse(from)))
        [place, at] = [await deps.replay.placeAt(Date.parse(from)), Date.parse(from)];
      else {
        place = deps.cursors.placeOf(feed.id, String(from));
        at = (await deps.replay.timeOf(place)) ?? feed.createdAt;
      }
      if (isBefore(end, place)) return "a cursor of the past";
      told?.jump(place, Math.min(at, now));
      return null;
    } catch {
      return 'JSON {"from": a cursor of this feed, an RFC 3339 time, or "now"}';
    }
  }

  return {
    get isTaken() {
      return sitting !== undefined;
    },
    get hasBacklog() {
      return told?.hasBacklog ?? false;
    },
    stir: () => told?.stir(),

    /** Who sat here before is sent away. */
    sit(reader: Reader): Sitting {
      const before = sitting;
      const filters = new Map<string, { readonly levels: readonly string[]; readonly qos: 0 | 1 }>();
      const waiting = new Map<number, Waiting>();
      const queue: (() => void)[] = [];
      let token = 0;
      let isGone = false;
      let teller: ToldByMqtt | undefined;

      const qosFor = (topic: string): 0 | 1 | -1 => {
        const levels = topic.split("/");
        let qos: 0 | 1 | -1 = -1;
        for (const filter of filters.values()) if (matches(filter.levels, levels) && filter.qos > qos) qos = filter.qos;
        return qos;
      };
      const settle = (of: number) => {
        const one = waiting.get(of);
        waiting.delete(of);
        one?.resolve();
        queue.shift()?.();
      };
      const publish = async (message: Message): Promise<void> => {
        // No more on the way than a client has room for.
        if (waiting.size >= Math.min(AT_ONCE, reader.room)) await new Promise<void>((resolve) => queue.push(resolve));
        const qos = qosFor(message.topic);
        if (isGone) throw new Error("the reader is gone");
        if (qos < 0) return queue.shift()?.();
        const own = ++token;
        return new Promise<void>((resolve, reject) => {
          waiting.set(own, { resolve, reject });
          reader.send(message, qos === 0 ? 0 : 1, own);
        });
      };
      const own = {
        reader,
        async leave(why?: "taken over" | "ended" | "stopped") {
          if (isGone) return;
          isGone = true;
          settling?.cancel();
          if (sitting === own) sitting = undefined;
          for (const { reject } of waiting.values()) reject(new Error("the reader is gone"));
          for (const next of queue.splice(0)) next();
          if (why) reader.close(why);
          await teller?.stop();
          if (told === teller) told = undefined;
        },
      };
      sitting = own;
      const free = before?.leave("taken over") ?? Promise.resolve();
      let begun: Promise<void> | undefined;
      let settling: Timer | undefined;
      // Not before it is known what is wanted: what no filter matches is passed over, and its place goes on.
      const begin = (): Promise<void> => {
        settling?.cancel();
        begun ??= free.then(() => {
          if (isGone) return;
          const sink = { publish, wants: (topic: string) => qosFor(topic) >= 0 };
          teller = tellByMqtt(feed, deps.progress(), sink, deps);
          told = teller;
        });
        begun.catch((error: unknown) => deps.onTrouble(error, "beginning to tell a feed over MQTT"));
        return begun;
      };

      return {
        subscribe(filter, qos) {
          if (filter.length > 512 || !isOwn(filter) || (filters.size >= FILTERS_MAX && !filters.has(filter)))
            return null;
          filters.set(filter, { levels: filter.split("/"), qos });
          if (qosFor(statusTopic(feed.id)) >= 0)
            publish({ topic: statusTopic(feed.id), payload: Buffer.from("online"), retain: true }).catch(() => {});
          settling?.cancel();
          if (begun) teller?.stir();
          else settling = runtime.timers.after(SETTLE_MS, () => void begin());
          return qos;
        },
        unsubscribe: (filter) => filters.delete(filter),
        async publish(topic, payload) {
          // Home Assistant says that it has begun: it knows nothing any more.
          if (discovers && topic === `${prefixOf(feed)}/status`) {
            teller?.stir();
            return null;
          }
          if (topic === replayTopic(feed.id) && filters.size === 0) return "a subscription before it";
          await begin();
          if (topic === replayTopic(feed.id)) return replayFrom(Buffer.from(payload).toString("utf8"));
          return replayTopic(feed.id);
        },
        acknowledged: settle,
        left: () => void own.leave().catch((error: unknown) => deps.onTrouble(error, "ending a feed over MQTT")),
      };
    },

    async end(why: "ended" | "stopped"): Promise<void> {
      await sitting?.leave(why);
    },
  };
}

export type Seat = ReturnType<typeof createSeat>;
