import type { Runtime, Timer } from "@openward/runtime";
import type { Backlog, Entry } from "../keep/backlog.ts";
import { createAside } from "./aside.ts";
import { createBackoff } from "./backoff.ts";
import { linesOf } from "./lines.ts";
import { createQueue } from "./queue.ts";
import type { Outcome, Uplink } from "./uplink.ts";

export interface ForwardLimits {
  /** Messages and bytes of one request. */
  readonly messages: number;
  readonly bytes: number;
  /** What is live waits in memory up to here; what is more lies on the disk alone, and is backlog. */
  readonly liveMessages: number;
  readonly liveBytes: number;
  /** Older than this it is no news, and goes behind what is. A call for help stays in front. */
  readonly liveMs: number;
  /** A request of backlog is made so large that it takes about as long. */
  readonly backlogMs: number;
  /** After trouble: first and longest pause. */
  readonly retryFirstMs: number;
  readonly retryMaxMs: number;
  /** What was refused for its device alone is tried again after so long. */
  readonly asideMs: number;
}

export const defaultForwardLimits: ForwardLimits = {
  messages: 500,
  bytes: 1_000_000,
  liveMessages: 2_000,
  liveBytes: 8_000_000,
  liveMs: 10_000,
  backlogMs: 300,
  retryFirstMs: 250,
  retryMaxMs: 30_000,
  asideMs: 15 * 60_000,
};

export interface LinkState {
  readonly isUp: boolean;
  /** ms UTC; null: since the start it was never otherwise. */
  readonly since: number | null;
  readonly reason: string | null;
}

export interface ForwardState {
  readonly link: LinkState;
  /** When the server last confirmed something, ms UTC. */
  readonly confirmedAt: number | null;
  readonly confirmed: number;
  readonly quarantined: number;
  /** Refused by the server, and kept: of each code, how many. */
  readonly aside: Readonly<Record<string, number>>;
}

export interface Forwarder {
  /** A message that was just kept. */
  take(entry: Entry): void;
  /** What was refused may be taken now: who may send for whom has changed. */
  retryAside(): void;
  readonly state: ForwardState;
  /** Nothing more is sent; resolves when what is under way has ended. */
  stop(): Promise<void>;
}

type Lane = "live" | "backlog";

/** A line that is down is asked so often for a call for help. */
const CALL_MS = 1_000;

/**
 * Two lanes over one line: what has just come, at once, and behind it, one request at a time and with a pause as long as it
 * took, what lies on the disk, oldest first. Nothing is done before the server has confirmed it.
 */
export function createForwarder({
  backlog,
  uplink,
  runtime,
  limits = defaultForwardLimits,
  onLink = () => {},
  maySend = () => true,
  log,
}: {
  backlog: Backlog;
  uplink: Uplink;
  runtime: Runtime;
  limits?: ForwardLimits;
  onLink?: (state: LinkState) => void;
  /** What is known of whom the gateway may send for; the server has the last word. */
  maySend?: (deviceId: string) => boolean;
  log: { info(facts: object, text: string): void; warn(facts: object, text: string): void };
}): Forwarder {
  const { clock, timers, random } = runtime;
  const backoff = createBackoff(random, { firstMs: limits.retryFirstMs, maxMs: limits.retryMaxMs });
  const live = createQueue();
  const urgent = createQueue();
  const aside = createAside();
  const busy: Record<Lane, boolean> = { live: false, backlog: false };
  let link: LinkState = { isUp: true, since: null, reason: null };
  let confirmedAt: number | null = null;
  let confirmed = 0;
  let quarantined = 0;
  let backlogMessages = 16;
  let pause: Timer | undefined;
  let call: Timer | undefined;
  let retryAt = Number.NEGATIVE_INFINITY;
  let askedAt = Number.NEGATIVE_INFINITY;
  let backlogTimer: Timer | undefined;
  let asideTimer: Timer | undefined;
  let isStopped = false;
  let onIdle: (() => void) | undefined;

  const mayAsk = () => clock.monotonic() >= retryAt;

  function setLink(isUp: boolean, reason: string | null): void {
    if (link.isUp === isUp && link.since !== null) {
      link = { ...link, reason };
      return;
    }
    if (link.isUp !== isUp || link.since === null) {
      link = { isUp, since: clock.now(), reason };
      if (isUp) log.info({}, "the line to the server is there");
      else log.warn({ reason }, "the line to the server is down; what comes is kept");
      onLink(link);
    }
  }

  function restLater(afterMs: number): void {
    retryAt = clock.monotonic() + afterMs;
    pause?.cancel();
    pause = timers.after(afterMs, () => {
      // A timer may ring a moment before the clock is there: nobody would come again.
      retryAt = Number.NEGATIVE_INFINITY;
      pump();
    });
  }

  /** What is no news any more goes behind, and so does the oldest of more than memory is for. */
  function trim(): void {
    const fresh = clock.now() - limits.liveMs;
    const old: Entry[] = [];
    for (let first = live.first; first; first = live.first) {
      const isLive = first.message.keptAt >= fresh;
      if (isLive && live.length <= limits.liveMessages && live.bytes <= limits.liveBytes) break;
      old.push(live.shift() as Entry);
    }
    while (urgent.length > limits.liveMessages) old.push(urgent.pop() as Entry);
    backlog.giveBack(old);
  }

  function nextLive(): Entry[] {
    const batch: Entry[] = [];
    let bytes = 0;
    for (const queue of [urgent, live]) {
      for (let first = queue.first; first && batch.length < limits.messages; first = queue.first) {
        if (batch.length > 0 && bytes + first.size > limits.bytes) return batch;
        bytes += first.size;
        batch.push(queue.shift() as Entry);
      }
    }
    return batch;
  }

  function pump(): void {
    if (isStopped) return;
    trim();
    // A call for help does not sit out a pause; once a second is often enough to ask.
    const isCalled = urgent.length > 0 && clock.monotonic() - askedAt >= CALL_MS;
    if (!busy.live && live.length + urgent.length > 0 && (mayAsk() || isCalled)) void sendLive();
    else if (!busy.live && urgent.length > 0) callAgain();
    pumpBacklog();
  }

  function callAgain(): void {
    call ??= timers.after(CALL_MS, () => {
      call = undefined;
      pump();
    });
  }

  function pumpBacklog(): void {
    if (isStopped || busy.backlog || backlogTimer || !mayAsk()) return;
    // With nothing live the backlog itself finds out whether the line is back.
    if (!link.isUp && busy.live) return;
    void sendBacklog();
  }

  async function sendLive(): Promise<void> {
    busy.live = true;
    const batch = nextLive();
    const outcome = await send(batch);
    if (outcome === "later") {
      for (const entry of batch.toReversed()) (entry.message.isUrgent ? urgent : live).unshift(entry);
    }
    busy.live = false;
    idle();
    pump();
  }

  async function sendBacklog(): Promise<void> {
    busy.backlog = true;
    let tookMs = 0;
    let sent = 0;
    try {
      const batch = await backlog.take(backlogMessages, limits.bytes);
      sent = batch.length;
      if (sent > 0 && !isStopped) {
        const began = clock.monotonic();
        const outcome = await send(batch);
        tookMs = clock.monotonic() - began;
        if (outcome === "later") backlog.giveBack(batch);
        else backlogMessages = sized(tookMs);
      } else backlog.giveBack(batch);
    } catch (error) {
      log.warn({ reason: (error as Error).message }, "the backlog could not be read");
      tookMs = limits.retryFirstMs;
      sent = 1;
    }
    busy.backlog = false;
    idle();
    if (isStopped || sent === 0) return;
    // As long as it took: what is live has half of the line, and of the server, to itself.
    backlogTimer = timers.after(Math.max(1, tookMs), () => {
      backlogTimer = undefined;
      pumpBacklog();
    });
  }

  function sized(tookMs: number): number {
    const factor = tookMs < limits.backlogMs / 2 ? 2 : tookMs > limits.backlogMs ? 0.5 : 1;
    return Math.max(1, Math.min(limits.messages, Math.floor(backlogMessages * factor)));
  }

  /** @returns "settled" when each of them is confirmed or set aside */
  async function send(batch: readonly Entry[]): Promise<"settled" | "later"> {
    // One that the server would refuse makes it refuse all that are sent with it.
    const mine = batch.filter(({ message }) => maySend(message.deviceId));
    for (const entry of batch) if (!maySend(entry.message.deviceId)) setAside(entry, "TOPIC_FORBIDDEN");
    if (mine.length === 0) return "settled";
    askedAt = clock.monotonic();
    const outcome = await uplink.send(linesOf(mine.map(({ message }) => message)));
    return settle(mine, outcome);
  }

  async function settle(batch: readonly Entry[], outcome: Outcome): Promise<"settled" | "later"> {
    switch (outcome.kind) {
      case "taken":
        backoff.reset();
        retryAt = Number.NEGATIVE_INFINITY;
        confirmedAt = clock.now();
        confirmed += batch.length;
        quarantined += outcome.quarantined;
        setLink(true, null);
        await backlog.done(batch);
        return "settled";
      case "trouble":
        // Too fast is no trouble of the line.
        if (outcome.afterMs === undefined) setLink(false, outcome.reason);
        restLater(Math.max(outcome.afterMs ?? 0, backoff.next()));
        return "later";
      case "denied":
        setLink(false, outcome.reason);
        restLater(backoff.next());
        return "later";
      case "refused":
        setLink(true, null);
        return settleRefused(batch, outcome);
    }
  }

  /** Nothing was kept, for the sake of one of them: it is found, and the others do not wait for it. */
  async function settleRefused(
    batch: readonly Entry[],
    refusal: Extract<Outcome, { kind: "refused" }>,
  ): Promise<"settled" | "later"> {
    const [only] = batch;
    if (only && batch.length === 1) {
      log.warn({ deviceId: only.message.deviceId, code: refusal.code }, "the server refuses a message; it is kept");
      setAside(only, refusal.code);
      return "settled";
    }
    const middle = Math.ceil(batch.length / 2);
    for (const half of [batch.slice(0, middle), batch.slice(middle)]) {
      // What cannot be sent now is given back: it is backlog, whatever lane it came on.
      if (!isStopped && mayAsk() && (await send(half)) === "settled") continue;
      backlog.giveBack(half);
    }
    return "settled";
  }

  /** It stays on the disk and is counted, and the others go on. */
  function setAside(entry: Entry, code: string): void {
    aside.add(entry, code);
    asideTimer ??= timers.after(limits.asideMs, () => {
      asideTimer = undefined;
      retryAside();
    });
  }

  function retryAside(): void {
    backlog.giveBack(aside.takeAll());
    pump();
  }

  function idle(): void {
    if (isStopped && !busy.live && !busy.backlog) onIdle?.();
  }

  // Without anything live the line is tried all the same, for the sake of the backlog.
  timers.after(0, pump);

  return {
    take(entry) {
      (entry.message.isUrgent ? urgent : live).push(entry);
      pump();
    },
    retryAside,
    get state() {
      return { link, confirmedAt, confirmed, quarantined, aside: aside.counts() };
    },
    stop() {
      isStopped = true;
      pause?.cancel();
      call?.cancel();
      backlogTimer?.cancel();
      asideTimer?.cancel();
      if (!busy.live && !busy.backlog) return Promise.resolve();
      return new Promise((resolve) => {
        onIdle = resolve;
      });
    },
  };
}
