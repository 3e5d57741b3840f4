import type { Feed, FeedProgress, OutboxPlace } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import { backoffMs } from "./backoff.ts";
import type { Batch, Follower } from "./follow.ts";
import type { HomeFacts } from "./home-assistant/facts.ts";
import { createHome, type Home } from "./home-assistant/home.ts";
import { type Message, messageOf } from "./messages.ts";
import type { Outbox } from "./ports.ts";

/** A cursor that is written a little late tells something twice after a crash, and misses nothing. */
const SAVE_EVERY_MS = 1_000;
const NOBODY_MS = 30_000;
const IDLE_MS = 3_600_000;
/** A device that comes and goes at once is told of once. */
const SETTLE_MS = 200;
/** A busy house commits hundreds of times a second: who is at the end looks again after this, not at each. */
const LOOK_EVERY_MS = 50;

/** Where messages go. */
export interface Sink {
  /** Resolves when the other side has taken it, or does not want it. Rejects when the line is gone. */
  publish(message: Message): Promise<void>;
  /** Is anybody there for this topic? */
  wants(topic: string): boolean;
}

export interface ToldByMqttDeps {
  readonly runtime: Pick<Runtime, "clock" | "timers" | "random">;
  readonly outbox: Pick<Outbox, "onMore">;
  readonly follower: Pick<Follower, "next" | "took">;
  readonly record: (feed: Feed, batch: Batch) => Promise<void>;
  readonly save: (feed: Feed, progress: Partial<FeedProgress>) => Promise<void>;
  readonly facts: HomeFacts;
  readonly version: string;
  readonly onTrouble: (error: unknown, doing: string) => void;
}

/** What one feed is told over MQTT, by our listener or to a broker outside, from where its receiver is. */
export function tellByMqtt(feed: Feed, progress: FeedProgress, sink: Sink, deps: ToldByMqttDeps) {
  const { runtime, outbox, follower, record, save, facts } = deps;
  const { clock, timers, random } = runtime;
  const home: Home | undefined =
    feed.target.homeAssistant && feed.patientId !== null
      ? createHome(feed, { facts, version: deps.version, clock })
      : undefined;
  const published = new Set(progress.published);
  let place = progress.place;
  let reachedAt = progress.reachedAt;
  let delivered = progress.delivered;
  let savedAt = Number.NEGATIVE_INFINITY;
  let isSaved = true;
  let isStopped = false;
  let isMore = true;
  let isHomeDue = home !== undefined;
  let hasBacklog = false;
  let jumps = 0;
  let wake: (() => void) | undefined;

  const stir = () => {
    isMore = true;
    wake?.();
  };
  const stops = [
    outbox.onMore(stir),
    facts.onDevices((patientId) => {
      if (patientId !== feed.patientId || !home) return;
      timers.after(SETTLE_MS, () => {
        isHomeDue = true;
        stir();
      });
    }),
  ];

  const wait = (ms: number, until: "time" | "more") =>
    new Promise<void>((resolve) => {
      if (isStopped || (until === "more" && isMore)) return resolve();
      const timer = timers.after(ms, () => done());
      const done = () => {
        timer.cancel();
        wake = undefined;
        resolve();
      };
      // Who stops is not waited for, whatever it is.
      wake = until === "more" ? done : () => (isStopped ? done() : undefined);
    });

  const put = async (messages: readonly Message[]) => {
    await Promise.all(messages.filter(({ topic }) => sink.wants(topic)).map((message) => sink.publish(message)));
  };

  /** Devices that are there, and nothing of those that are not any more. */
  async function tellHome(): Promise<void> {
    if (!home) return;
    isHomeDue = false;
    const batch = await follower.next(feed, place, reachedAt);
    const view = batch?.view;
    const { discovery, states } = view ? await home.all(view) : { discovery: [], states: [] };
    const topics = new Set(discovery.map(({ topic }) => topic));
    const gone = [...published].filter((topic) => !topics.has(topic));
    // Written before it is there: what was retained elsewhere must be found again, to be taken away.
    for (const topic of topics) published.add(topic);
    await save(feed, { published: [...published] });
    if (batch && (discovery.length > 0 || states.length > 0))
      await record(feed, { ...batch, told: toldOfHome(feed, discovery) });
    await put(gone.map((topic) => ({ topic, payload: Buffer.alloc(0), retain: true })));
    await put(discovery);
    await put(states);
    for (const topic of gone) published.delete(topic);
    if (gone.length > 0) await save(feed, { published: [...published] });
  }

  async function tell(batch: Batch): Promise<void> {
    const wanted = batch.told.filter((one) => sink.wants(messageOf(feed.id, one).topic));
    const shown: Message[] = [];
    for (const one of home ? batch.told : []) {
      const { messages, isNew } = home?.statesOf(one) ?? { messages: [], isNew: false };
      shown.push(...messages);
      if (isNew || (one.event.type === "access" && one.event.patient === feed.patientId)) isHomeDue = true;
      if (one.event.type === "amended" && one.deviceId !== null)
        shown.push(...(home?.amended(batch.view, one.deviceId) ?? []));
    }
    if (wanted.length > 0 || shown.length > 0) await record(feed, batch);
    if (isStopped) return;
    await put([...wanted.map((one) => messageOf(feed.id, one)), ...shown]);
    delivered += wanted.length;
    follower.took(feed, batch);
  }

  async function note(isDue: boolean): Promise<void> {
    if (isSaved || (!isDue && clock.monotonic() - savedAt < SAVE_EVERY_MS)) return;
    savedAt = clock.monotonic();
    isSaved = true;
    await save(feed, { place, reachedAt, delivered, lastSuccessAt: clock.now(), lastError: null, failingSince: null });
  }

  async function step(): Promise<void> {
    isMore = false;
    if (isHomeDue) await tellHome();
    const began = jumps;
    const batch = await follower.next(feed, place, reachedAt);
    if (!batch) {
      if (published.size > 0) await tellHome();
      return wait(NOBODY_MS, "more");
    }
    hasBacklog = !batch.isAtEnd;
    await tell(batch);
    // Somebody wants it from elsewhere on meanwhile.
    if (began !== jumps || isStopped) return;
    isSaved &&= batch.told.length === 0 && clock.now() - reachedAt < IDLE_MS;
    place = batch.upTo;
    reachedAt = batch.at;
    await note(false);
    if (!batch.isAtEnd || isHomeDue) return;
    await wait(LOOK_EVERY_MS, "time");
    if (!isSaved) await wait(SAVE_EVERY_MS, "more");
    if (isMore) return;
    await note(true);
    await wait(IDLE_MS, "more");
  }

  async function run(): Promise<void> {
    let trouble = 0;
    while (!isStopped) {
      try {
        await step();
        trouble = 0;
      } catch (error) {
        if (isStopped) return;
        trouble++;
        deps.onTrouble(error, "telling a feed over MQTT");
        await wait(backoffMs(Math.min(trouble, 4), null, random), "time");
      }
    }
  }

  const running = run();
  return {
    get hasBacklog() {
      return hasBacklog;
    },
    get place(): OutboxPlace {
      return place;
    },
    /** Everything once more from there. */
    jump(to: OutboxPlace, at: number): void {
      jumps++;
      place = to;
      reachedAt = at;
      isSaved = false;
      stir();
    },
    /** Somebody wants what they did not want before. */
    stir(): void {
      isHomeDue = home !== undefined;
      stir();
    },
    async stop(): Promise<void> {
      isStopped = true;
      for (const stop of stops) stop();
      wake?.();
      await running;
      await note(true).catch((error: unknown) => deps.onTrouble(error, "saving how far a feed is"));
    },
  };
}

export type ToldByMqtt = ReturnType<typeof tellByMqtt>;

/** For the log: that devices and newest values of the patient leave. */
function toldOfHome(feed: Feed, discovery: readonly Message[]): Batch["told"] {
  return discovery.slice(0, 1).map(({ topic }) => ({
    event: { id: topic, type: "device", patient: feed.patientId },
    patientId: feed.patientId,
    signal: null,
    deviceId: null,
    stream: null,
  }));
}
