import type { Asking } from "@openward/model";
import { createSubscriptionLedger } from "./ledger.ts";
import { createManagement } from "./manage.ts";
import { createOwners } from "./owners.ts";
import type { SubscriptionsDeps } from "./ports.ts";
import { createSubscriptionRows, type Kept } from "./rows.ts";
import { type Running, runSubscription } from "./running.ts";
import { createSockets } from "./sockets.ts";
import { createBindingTokens } from "./tokens.ts";

export type { Face, SubscriptionMail, SubscriptionsDeps } from "./ports.ts";

/** What another process does, an erasure above all, is heard of so soon. */
const RELOAD_EVERY_MS = 5_000;
const DAY_MS = 86_400_000;

/** FHIR Subscriptions: each event numbered as it happens, and brought to who asked to be told. */
export function createSubscriptions(deps: SubscriptionsDeps) {
  const { runtime, tables, log } = deps;
  const { clock, timers } = runtime;
  const rows = createSubscriptionRows({ tables, now: () => clock.now() });
  const owners = createOwners({ tables, clock, viewOf: deps.viewOf });
  const ledger = createSubscriptionLedger({ record: deps.record, clock });
  const tokens = createBindingTokens(runtime.random, () => clock.now());
  const running = new Map<string, Running>();
  const onTrouble = (error: unknown, doing: string) => log.warn({ reason: (error as Error).message }, doing);
  const common = { ...deps, rows, askingOf: owners.askingOf, record: ledger.leaving, onTrouble };
  const sockets = createSockets({
    timers,
    now: () => clock.now(),
    tokens,
    find: (id) => running.get(id),
    pump: common,
  });

  function begin(kept: Kept): Running {
    const { subscription } = kept;
    const { id } = subscription;
    return runSubscription(kept, {
      ...common,
      stirSockets: () => sockets.stir(id),
      onOff() {
        log.warn({ subscriptionId: id }, "a subscription is off: its receiver takes nothing");
        later();
      },
      onGap: (from, to) =>
        log.error({ subscriptionId: id, from, to }, "a subscription was not told of what is not kept any more"),
      async end(reason) {
        await rows.end(subscription, "system", reason);
        log.info({ subscriptionId: id, reason }, "a subscription has ended");
        later();
      },
    });
  }

  // One after the other: what is read later is newer.
  let reading: Promise<void> = Promise.resolve();
  let isStopped = false;

  async function follow(): Promise<void> {
    if (isStopped) return;
    const all = new Map((await rows.all()).map((kept) => [kept.subscription.id, kept]));
    for (const [id, one] of running) {
      const kept = all.get(id);
      if (kept && kept.subscription.status !== "off") continue;
      running.delete(id);
      if (!kept) ledger.forget(id);
      sockets.end(id, 4403, "the subscription has ended");
      await one.stop();
    }
    for (const [id, kept] of all)
      if (!running.has(id) && kept.subscription.status !== "off" && !isStopped) running.set(id, begin(kept));
  }
  const changed = (): Promise<void> => {
    reading = reading.then(follow, follow);
    return reading;
  };
  const later = () => void changed().catch((error: unknown) => onTrouble(error, "reading subscriptions"));

  /** It was written anew: what runs does as it said before. */
  async function restart(id: string): Promise<void> {
    const stopOne = async () => {
      const one = running.get(id);
      running.delete(id);
      sockets.end(id, 1012, "the subscription was changed");
      await one?.stop();
    };
    reading = reading.then(stopOne, stopOne);
    await changed();
  }

  const stirAll = () => {
    for (const one of running.values()) one.stir();
  };
  const stops: (() => void)[] = [];
  return {
    ...createManagement({ given: deps, rows, tokens, owners, changed, restart }),
    webSocket: sockets.route,
    /** Whom somebody sees has changed. */
    look: stirAll,
    async start(): Promise<void> {
      await changed();
      const reload = timers.every(RELOAD_EVERY_MS, later);
      const drop = timers.every(DAY_MS, () => {
        rows.drop(clock.now() - deps.days * DAY_MS).catch((error: unknown) => onTrouble(error, "letting events go"));
      });
      stops.push(
        () => reload.cancel(),
        () => drop.cancel(),
        deps.onEnded(() => {
          owners.forget();
          stirAll();
        }),
      );
    },
    async stop(): Promise<void> {
      isStopped = true;
      for (const stop of stops) stop();
      await reading.catch(() => {});
      await Promise.all([...running.values()].map((one) => one.stop()));
      running.clear();
    },
  };
}

export type Subscriptions = ReturnType<typeof createSubscriptions>;
export type { Asking };
