import { connect as connectClear, isIP } from "node:net";
import { connect as connectSecure } from "node:tls";
import type { Feed, FeedProgress } from "@openward/model";
import type { MqttClient } from "mqtt";
import { backoffMs, GIVE_UP_MS } from "./backoff.ts";
import { statusTopic } from "./home-assistant/discovery.ts";
import { prefixOf } from "./home-assistant/home.ts";
import type { Message } from "./messages.ts";
import type { Guard } from "./post.ts";
import { type ToldByMqtt, type ToldByMqttDeps, tellByMqtt } from "./told-by-mqtt.ts";
import { wordsOf } from "./webhook.ts";

const CONNECT_MS = 15_000;
/** A broker that takes nothing for so long is asked again from the beginning. */
const PUBLISH_MS = 30_000;
const KEEP_ALIVE_S = 60;

export interface BrokerDeps extends ToldByMqttDeps {
  readonly guard: Guard;
  readonly passwordOf: (feed: Feed) => string | undefined;
  readonly progress: () => FeedProgress;
  readonly giveUp: (feed: Feed) => Promise<void>;
}

/** A connection to somebody's own broker; the address is looked at as it is connected to. */
async function connectTo(feed: Feed, guard: Guard, password: string | undefined): Promise<MqttClient> {
  const { default: mqtt } = await import("mqtt");
  const url = new URL(feed.target.url ?? "");
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const isSecure = url.protocol === "mqtts:";
  const port = Number(url.port || (isSecure ? 8883 : 1883));
  const { username, ca } = feed.target;
  const open = () =>
    isSecure
      ? connectSecure({
          host,
          port,
          lookup: guard.lookup,
          ...(isIP(host) ? {} : { servername: host }),
          ...(ca ? { ca } : {}),
        })
      : connectClear({ host, port, lookup: guard.lookup });
  const client = new mqtt.MqttClient(open as never, {
    // The same each time, so that a broker does not keep two of one feed.
    clientId: `openward-${feed.id.slice(0, 13)}`,
    clean: true,
    protocolVersion: 4,
    reconnectPeriod: 0,
    connectTimeout: CONNECT_MS,
    keepalive: KEEP_ALIVE_S,
    queueQoSZero: false,
    ...(username ? { username } : {}),
    ...(password === undefined ? {} : { password }),
    will: { topic: statusTopic(feed.id), payload: Buffer.from("offline"), qos: 1, retain: true },
  });
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      client.end(true);
      reject(error);
    };
    client.once("error", fail);
    client.once("close", () => fail(new Error("the connection was closed")));
    client.once("connect", () => {
      client.removeAllListeners("close");
      client.removeListener("error", fail);
      resolve(client);
    });
  });
}

/** Brings a feed to somebody's own broker, and is there again when that was away. */
export function startBroker(feed: Feed, deps: BrokerDeps) {
  const { runtime, guard } = deps;
  const { clock, timers, random } = runtime;
  let isStopped = false;
  let isConnected = false;
  let told: ToldByMqtt | undefined;
  let failingSince = deps.progress().failingSince;
  let wake: (() => void) | undefined;

  const wait = (ms: number) =>
    new Promise<void>((resolve) => {
      if (isStopped) return resolve();
      const timer = timers.after(ms, () => resolve());
      wake = () => {
        timer.cancel();
        resolve();
      };
    });

  async function withBroker(client: MqttClient): Promise<void> {
    const gone = new Promise<void>((resolve) => client.once("close", resolve));
    client.on("error", () => client.end(true));
    const publish = async ({ topic, payload, retain }: Message) => {
      const limit = timers.after(PUBLISH_MS, () => client.end(true));
      const lost = gone.then(() => {
        throw new Error("the connection to the broker broke");
      });
      try {
        await Promise.race([client.publishAsync(topic, payload, { qos: 1, retain }), lost]);
      } finally {
        limit.cancel();
        lost.catch(() => {});
      }
    };
    isConnected = true;
    failingSince = null;
    await deps.save(feed, { lastError: null, lastStatus: null, failingSince: null });
    const teller = tellByMqtt(feed, deps.progress(), { publish, wants: () => true }, deps);
    told = teller;
    // Home Assistant says that it has begun: what is not retained is told again.
    if (feed.target.homeAssistant) {
      client.on("message", () => teller.stir());
      await client.subscribeAsync(`${prefixOf(feed)}/status`, { qos: 0 }).catch(() => {});
    }
    await publish({ topic: statusTopic(feed.id), payload: Buffer.from("online"), retain: true });
    const stopped = new Promise<void>((resolve) => {
      wake = resolve;
      if (isStopped) resolve();
    });
    await Promise.race([gone, stopped]);
    isConnected = false;
    const stopping = teller.stop();
    if (client.connected) {
      await Promise.race([
        publish({ topic: statusTopic(feed.id), payload: Buffer.from("offline"), retain: true }).catch(() => {}),
        gone,
      ]);
    }
    client.end(true);
    await stopping;
    told = undefined;
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!isStopped) {
      try {
        const client = await connectTo(feed, guard, deps.passwordOf(feed));
        if (isStopped) return client.end(true) && undefined;
        failures = 0;
        await withBroker(client);
        if (!isStopped) await wait(backoffMs(1, null, random));
      } catch (error) {
        isConnected = false;
        if (isStopped) return;
        failures++;
        failingSince ??= clock.now();
        await deps
          .save(feed, { lastErrorAt: clock.now(), lastError: brokerWords(error), failingSince })
          .catch((trouble: unknown) => deps.onTrouble(trouble, "saving how a broker answers"));
        if (clock.now() - failingSince >= GIVE_UP_MS) {
          await deps.giveUp(feed);
          return;
        }
        await wait(backoffMs(failures, null, random));
      }
    }
  }

  const running = run();
  return {
    get isConnected() {
      return isConnected;
    },
    get hasBacklog() {
      return told?.hasBacklog ?? !isConnected;
    },
    stir: () => told?.stir(),
    async stop(): Promise<void> {
      isStopped = true;
      wake?.();
      await running;
    },
  };
}

/** Takes away what was retained at a broker. Rejects when that cannot be reached. */
export async function clearBroker(
  feed: Feed,
  topics: readonly string[],
  { guard, password }: { guard: Guard; password: string | undefined },
): Promise<void> {
  const client = await connectTo(feed, guard, password);
  try {
    for (const topic of [...topics, statusTopic(feed.id)])
      await client.publishAsync(topic, Buffer.alloc(0), { qos: 1, retain: true });
    await client.endAsync();
  } finally {
    client.end(true);
  }
}

function brokerWords(error: unknown): string {
  const { code } = error as { code?: unknown };
  if (code === 4 || code === 5 || code === 134 || code === 135) return "user name or password refused";
  return wordsOf(error);
}
