import { OutsideTrouble } from "@openward/errors";
import type {
  Asking,
  DeviceEvent,
  NewEvent,
  Notification,
  NumberedEvent,
  OutboxPlace,
  PlacedChange,
  Subscription,
  SubscriptionProgress,
} from "@openward/model";
import { type ManualRuntime, manualRuntime, seededRandom } from "@openward/runtime/manual";
import type { Outcome } from "../deliver.ts";
import type { Kept } from "../rows.ts";
import { runSubscription } from "../running.ts";

const T0 = Date.UTC(2026, 10, 28);

export const subscription: Subscription = {
  id: "01930000-0000-7000-8000-00000000000a",
  organisationId: "o",
  owner: { kind: "token", id: "t" },
  topic: "events",
  filters: [],
  until: null,
  text: "{}",
  version: 1,
  createdAt: T0,
  updatedAt: T0,
  status: "requested",
  error: null,
  channel: "rest-hook",
  endpoint: "https://receiver.example/",
  content: "id-only",
  attaches: false,
  heartbeatMs: null,
  timeoutMs: 15_000,
  maxCount: 10,
};

/** What one notification brought. */
export interface Brought {
  readonly at: number;
  readonly type: Notification["type"];
  readonly status: string;
  readonly total: number;
  readonly events: readonly { readonly number: number; readonly reference: string | null }[];
}

export type Answering = (nth: number, brought: Brought) => Outcome | "lost";

/**
 * One subscription at work on a clock that is moved by hand: what happens is numbered by the real follower and brought by the real
 * sender; only the database and the wire are ours. `kill` leaves everything as it stands, as a process that ends does.
 */
export function house(options: {
  readonly answer: Answering;
  readonly seed?: number;
  readonly subscription?: Partial<Subscription>;
  /** A fault in the sender, that a test must find. */
  readonly planted?: (events: readonly NumberedEvent[]) => readonly NumberedEvent[];
  /** So often the database fails: before it did what was asked, or after. */
  readonly trouble?: number;
  /** When the oldest that is still held was written. */
  readonly heldSince?: number;
}) {
  const seed = options.seed ?? 20261128;
  const runtime: ManualRuntime = manualRuntime(T0, seed);
  const chance = seededRandom(seed + 1);
  const changes: PlacedChange[] = [];
  const log: NumberedEvent[] = [];
  const brought: Brought[] = [];
  const mails: { readonly at: number; readonly isFirst: boolean; readonly events: number }[] = [];
  const troubles: string[] = [];
  const statuses: string[] = [];
  const listeners = new Set<() => void>();
  let stored: Kept = {
    subscription: { ...subscription, ...options.subscription },
    progress: {
      place: { position: 0, number: 0 },
      reachedAt: T0,
      events: 0,
      delivered: 0,
      failingSince: null,
      lastSuccessAt: null,
    },
    application: null,
    headers: null,
  };
  let ended: string | undefined;
  let isAllowed = true;
  let hidden = new Set<string>();

  const asking = { principal: { id: "t" }, view: { patientIds: () => [], recordsOf: () => [] } } as unknown as Asking;
  /** The database may fail before it did what was asked, or after it. */
  const asked = async <T>(work: () => T): Promise<T> => {
    const dice = chance.float();
    const often = options.trouble ?? 0;
    if (dice < often / 2) throw new OutsideTrouble("DATABASE_UNREACHABLE", true);
    const done = work();
    if (dice < often) throw new OutsideTrouble("DATABASE_UNREACHABLE", true);
    return done;
  };
  const rows = {
    append: (
      _: Subscription,
      before: SubscriptionProgress,
      events: readonly NewEvent[],
      place: OutboxPlace,
      at: number,
    ) =>
      asked(() => {
        if (before.events !== stored.progress.events) throw new Error("numbered by another");
        for (const event of events) log.push({ number: log.length + 1, event });
        stored = { ...stored, progress: { ...stored.progress, place, reachedAt: at, events: log.length } };
      }),
    one: async () => stored,
    events: (_: Subscription, from: number, upTo: number) =>
      asked(() =>
        log
          .slice(from - 1, upTo)
          .map((one) => (hidden.has(one.event?.patientId ?? "") ? { number: one.number, event: null } : one)),
      ),
    oldest: async () => (log.length > 0 ? 1 : null),
    taken: (_: Subscription, delivered: number) =>
      asked(() => {
        const at = runtime.clock.now();
        stored = {
          ...stored,
          progress: {
            ...stored.progress,
            delivered: Math.max(delivered, stored.progress.delivered),
            lastSuccessAt: at,
            failingSince: null,
          },
        };
      }),
    failing: (_: Subscription, since: number) =>
      asked(() => {
        stored = { ...stored, progress: { ...stored.progress, failingSince: since } };
      }),
    setStatus: (_: Subscription, status: Subscription["status"], error: string | null) =>
      asked(() => {
        if (statuses.at(-1) !== status) statuses.push(status);
        stored = { ...stored, subscription: { ...stored.subscription, status, error } };
      }),
  };

  /** A process with its own memory; what a dead one still says reaches nobody. */
  function start() {
    let isAlive = true;
    const outbox = {
      heldSince: async () => options.heldSince ?? null,
      read: async (after: OutboxPlace) => ({
        changes: changes.slice(after.position, after.position + 7),
        upTo: { position: Math.min(changes.length, after.position + 7), number: 0 },
        at: runtime.clock.now(),
        isAtEnd: changes.length <= after.position + 7,
      }),
      onMore(listener: () => void) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    };
    const running = runSubscription(stored, {
      runtime,
      rows,
      outbox: outbox as never,
      mail: {
        async send(_to, what) {
          mails.push({ at: runtime.clock.now() - T0, ...what });
        },
      },
      vault: {} as never,
      version: "0",
      askingOf: async () => (isAllowed ? asking : undefined),
      face: {
        eventsOf: async (_, __, some) =>
          some.flatMap(({ change }) => (change.kind === "event" ? [eventOf(change.event)] : [])),
        notification: async (_, __, notification) => JSON.stringify(toldIn(notification, options.planted)),
      },
      async post(_url, _headers, body) {
        if (!isAlive) return new Promise(() => {});
        const told = { at: runtime.clock.now(), ...JSON.parse(body) } as Brought;
        const outcome = options.answer(brought.length, told);
        brought.push(outcome === "taken" || outcome === "lost" ? told : { ...told, events: [] });
        // It has it, and the answer never comes back.
        if (outcome === "lost") throw Object.assign(new Error("reset"), { code: "ECONNRESET" });
        if (outcome === "taken") return { status: 200, retryAfterMs: null };
        if (outcome === "gone") return { status: 410, retryAfterMs: null };
        const status = Number(/answered (\d+)/.exec(outcome.error)?.[1]);
        if (!Number.isFinite(status)) throw Object.assign(new Error(outcome.error), { name: "TimeoutError" });
        return { status, retryAfterMs: outcome.retryAfterMs };
      },
      record: async () => {},
      onOff: () => {},
      onGap: () => {},
      async end(reason) {
        ended = reason;
      },
      stirSockets: () => {},
      onTrouble: (_error, doing) => void troubles.push(doing),
    });
    return {
      running,
      kill() {
        isAlive = false;
        listeners.clear();
        void running.stop();
      },
    };
  }
  let process = start();

  const settle = async () => {
    for (let i = 0; i < 12; i++) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    runtime,
    log,
    brought,
    mails,
    statuses,
    troubles,
    settle,
    state: () => stored,
    ended: () => ended,
    happen(patientId: string, name: string) {
      const event = { id: name, patientId, event: "sos-button", at: runtime.clock.now() } as unknown as DeviceEvent;
      changes.push({ place: { position: changes.length + 1, number: 0 }, change: { kind: "event", event } });
      for (const listener of listeners) listener();
    },
    withdraw(patientId: string) {
      hidden = new Set([...hidden, patientId]);
    },
    endAccess() {
      isAllowed = false;
      process.running.stir();
    },
    async pass(ms: number, stepMs = 1_000) {
      for (let left = ms; left > 0; left -= stepMs) {
        runtime.advance(Math.min(stepMs, left));
        await settle();
      }
    },
    async kill() {
      process.kill();
      await settle();
      process = start();
      await settle();
    },
    stop: () => process.running.stop(),
  };
}

const eventOf = ({ id, patientId, at }: DeviceEvent): NewEvent => ({
  reference: `Communication/${id}`,
  method: "POST",
  patientId,
  at,
});

function toldIn(
  { type, status, total, events }: Notification,
  planted: (events: readonly NumberedEvent[]) => readonly NumberedEvent[] = (all) => all,
) {
  return {
    type,
    status,
    total,
    events: planted(events).map(({ number, event }) => ({ number, reference: event?.reference ?? null })),
  };
}

/** What is wrong with what a receiver got: a number that never came, one that came before one before it, another thing under it. */
export function faultsOf(log: readonly NumberedEvent[], brought: readonly Brought[]): string[] {
  const faults: string[] = [];
  const seen = new Map<number, string | null>();
  let last = 0;
  for (const { number, reference } of brought.flatMap(({ events }) => events)) {
    const before = seen.get(number);
    if (before !== undefined && before !== reference) faults.push(`${number} was two things`);
    if (before === undefined && number !== last + 1) faults.push(`${number} came behind ${last}`);
    if (before === undefined) last = number;
    seen.set(number, reference);
  }
  for (const { number, event } of log) {
    if (!seen.has(number)) faults.push(`${number} never came`);
    else if (event && seen.get(number) !== event.reference) faults.push(`${number} was another thing`);
  }
  return faults;
}
