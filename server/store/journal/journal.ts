import { OutsideTrouble } from "@openward/errors";
import type { JournalEntry, RawInput } from "@openward/model";
import type { Runtime, Timer } from "@openward/runtime";
import { createSpool, type Disk } from "@openward/spool";
import { KeyStreams } from "../keys/key-stream.ts";
import type { DataKeys } from "../keys/ports.ts";
import { chainBatches } from "./chain.ts";
import { createCommitter } from "./committer.ts";
import type { Connect } from "./connection.ts";
import { createDays } from "./days.ts";
import { createGroup, type Group, type SealedGroup, type WriterPool } from "./group.ts";
import type { JournalLog, Tails } from "./ports.ts";
import type { JournalRows } from "./rows.ts";
import { createWaiting, tailBytesIn } from "./waiting.ts";

/** ok: in PostgreSQL. spooling: on the local disk until PostgreSQL answers. failed: nothing can be made durable. */
export type JournalState = "ok" | "spooling" | "failed";

export interface JournalOptions {
  readonly runtime: Runtime;
  /** Connections under the role `ingest`. */
  readonly connect: Connect;
  readonly rows: JournalRows;
  readonly disk: Disk;
  /** How much may wait on the disk. */
  readonly spoolBytesMax: number;
  /** Days that the journal is kept after they are in blocks. */
  readonly journalDays: number;
  /** Days that what was sent is kept as it was sent; 0: it is not. The journal is kept for as long. */
  readonly rawDays: number;
  readonly tails: Tails;
  /** What the batches are encrypted under. */
  readonly keys: DataKeys;
  readonly log: JournalLog;
  readonly limits?: Partial<JournalLimits>;
}

export interface JournalLimits {
  /** How long a lone entry waits for company, at most 5. */
  readonly windowMs: number;
  /** Commits under way at once. */
  readonly commitsMax: number;
  /** A group of this size does not wait. */
  readonly groupBytes: number;
  /** Encoded and not yet durable; more is refused. */
  readonly pendingBytesMax: number;
  /** What waits for room in the tails, by what it will take there; more is refused. */
  readonly waitingBytesMax: number;
  /** Without an answer in this time a commit's outcome is unknown. */
  readonly commitTimeoutMs: number;
  /** First and longest pause between two tries to reach PostgreSQL. */
  readonly retryMs: number;
  readonly retryMsMax: number;
}

const DEFAULTS: JournalLimits = {
  windowMs: 2,
  commitsMax: 2,
  groupBytes: 1024 * 1024,
  pendingBytesMax: 128 * 1024 * 1024,
  waitingBytesMax: 64 * 1024 * 1024,
  commitTimeoutMs: 3000,
  retryMs: 200,
  retryMsMax: 5000,
};

export interface Journal {
  /**
   * Encodes at once; resolves when everything is durable and in the tails.
   *
   * @param raw what the entries came of, as it was sent: kept beside them, in the same commit
   * @throws OutsideTrouble STORE_UNAVAILABLE: nothing may be acknowledged; sending again is harmless
   */
  append(entries: readonly JournalEntry[], raw?: RawInput): Promise<void>;
  readonly state: JournalState;
  onStateChange(listener: (state: JournalState) => void): () => void;
  /**
   * Before anything is appended: take a range of positions and chain what an earlier process left in the spool.
   *
   * @returns the last position of before: nothing comes in up to there any more
   */
  open(): Promise<number>;
  statistics(): JournalStatistics;
  /** Commits what waits, then ends the connections. */
  close(): Promise<void>;
}

export interface JournalStatistics {
  readonly commits: number;
  readonly entries: number;
  readonly spooledGroups: number;
  /** Not yet in PostgreSQL, durable on the local disk. */
  readonly spoolBytes: number;
  /** Not yet durable. */
  readonly pendingBytes: number;
  /** Waits for room in the tails, by what it will take there. */
  readonly waitingBytes: number;
}

interface InFlight {
  readonly group: Group;
  readonly sealed: SealedGroup;
  outcome?: { readonly error?: unknown };
}

export function createJournal(options: JournalOptions): Journal {
  const { runtime, connect, rows, disk, tails, keys, log } = options;
  const { clock, timers, ids } = runtime;
  const limits = { ...DEFAULTS, ...options.limits };
  const committer = createCommitter({ connect, timers, keys, log, timeoutMs: limits.commitTimeoutMs });
  const spool = createSpool(disk, options.spoolBytesMax, log);
  const { journalDays, rawDays } = options;
  const days = createDays({ rows, clock, timers, journalDays, rawDays, log });

  const waiting = createWaiting(tails.room, limits.waitingBytesMax, log);
  const writers: WriterPool = { batches: [], raws: [], streams: new KeyStreams(keys) };
  const listeners = new Set<(state: JournalState) => void>();
  // In the order of their positions; the head is settled first, so that tails fill in the journal's order.
  const inFlight: InFlight[] = [];
  let state: JournalState = "ok";
  let open: Group | undefined;
  let window: Timer | undefined;
  let probing: Timer | undefined;
  let retryMs = limits.retryMs;
  let underWay = 0;
  let bytesUnderWay = 0;
  // While the rest of the spool is chained in: everything new waits for that, to come behind it.
  let isHolding = false;
  let isOpen = false;
  let isClosed = false;
  let position = 0;
  let commits = 0;
  let entryCount = 0;
  let spooledGroups = 0;

  const setState = (next: JournalState) => {
    if (next === state) return;
    state = next;
    log[next === "ok" ? "info" : "error"]({ state: next, spoolBytes: spool.bytes }, "the journal's state changed");
    for (const listener of listeners) listener(next);
  };

  const flush = () => {
    window?.cancel();
    window = undefined;
    if (!open || isHolding || underWay >= limits.commitsMax) return;
    const group = open;
    open = undefined;
    const sealed = group.seal(
      () => ids.uuid(),
      () => ++position,
    );
    const flight: InFlight = { group, sealed };
    const { bytes } = group;
    inFlight.push(flight);
    underWay++;
    bytesUnderWay += bytes;
    void makeDurable(flight)
      .then(
        () => ({}),
        (error: unknown) => ({ error: error ?? new Error("unknown") }),
      )
      .then((outcome) => {
        flight.outcome = outcome;
        underWay--;
        bytesUnderWay -= bytes;
        settle();
        flush();
      });
  };

  const inTime = (work: Promise<void>) =>
    new Promise<void>((resolve, reject) => {
      const timer = timers.after(limits.commitTimeoutMs, () => reject(new Error("PostgreSQL gave no answer in time")));
      work.then(resolve, reject).finally(() => timer.cancel());
    });

  const makeDurable = async ({ group, sealed }: InFlight): Promise<void> => {
    if (state === "ok") {
      const day = sealed.rows[0]?.day ?? "";
      try {
        if (!days.has(day)) await inTime(days.prepare(day));
        await committer.commit(sealed);
        commits++;
        group.recycle();
        return;
      } catch (error) {
        // Committed or not is unknown: it goes to the spool too, and its batch id makes the second time harmless.
        log.warn(
          { reason: (error as Error).message, code: (error as { code?: string }).code },
          "PostgreSQL did not confirm a commit",
        );
        startSpooling();
      }
    }
    try {
      await spool.append(spooled(sealed));
      spooledGroups++;
      if (state === "failed") setState("spooling");
    } catch (error) {
      setState("failed");
      throw error;
    }
  };

  const settle = () => {
    for (let head = inFlight[0]; head?.outcome; head = inFlight[0]) {
      inFlight.shift();
      const { group, sealed, outcome } = head;
      if (outcome.error === undefined) {
        entryCount += group.entries.length;
        try {
          tails.committed(group.entries, sealed.first, sealed.last);
        } catch (error) {
          // A fault of ours. The entries are durable all the same, and the next start reads them from the journal.
          log.error({ err: error }, "what was committed could not be shown");
        }
        group.settle(undefined);
      } else {
        group.settle(outcome.error instanceof OutsideTrouble ? outcome.error : unavailable("journal", outcome.error));
      }
      waiting.settled(group.tailBytes);
    }
  };

  const startSpooling = () => {
    if (state === "ok") setState("spooling");
    if (probing || isClosed) return;
    probing = timers.after(retryMs, () => {
      retryMs = Math.min(retryMs * 2, limits.retryMsMax);
      void returnToDatabase()
        .then(
          () => {
            probing = undefined;
            retryMs = limits.retryMs;
          },
          (error: unknown) => {
            probing = undefined;
            log.warn(
              { reason: (error as Error).message, spoolBytes: spool.bytes },
              "PostgreSQL does not take the spool yet",
            );
            startSpooling();
          },
        )
        .then(() => flush());
    });
  };

  const chainFiles = async (names: readonly string[]) => {
    for (const name of names) {
      const prepareDay = (day: string) => (days.has(day) ? Promise.resolve() : days.prepare(day));
      await chainBatches(await spool.read(name), { committer, prepareDay, keys, log });
      await spool.done(name);
    }
  };

  const returnToDatabase = async () => {
    await committer.probe();
    // New groups go on into new files; each round leaves less behind than the one before.
    for (let round = 0; round < 20 && spool.bytes > 1024 * 1024; round++) await chainFiles(await spool.rotate());
    isHolding = true;
    try {
      await noneUnderWay();
      await chainFiles(await spool.rotate());
      setState("ok");
    } finally {
      isHolding = false;
    }
  };

  const noneUnderWay = async () => {
    while (underWay > 0) await new Promise<void>((resolve) => timers.after(1, resolve));
  };

  const add = (entries: readonly JournalEntry[], raw: RawInput | undefined, tailBytes: number): Promise<void> => {
    open ??= createGroup(clock.now(), writers, keys);
    const { durable } = open;
    try {
      open.add(entries, raw, tailBytes);
    } catch (error) {
      waiting.settled(tailBytes);
      return Promise.reject(error);
    }
    if (underWay >= limits.commitsMax || isHolding) return durable;
    if (open.bytes >= limits.groupBytes) flush();
    else window ??= timers.after(limits.windowMs, flush);
    return durable;
  };

  return {
    append(entries, given) {
      const raw = rawDays > 0 ? given : undefined;
      if (entries.length === 0 && raw === undefined) return Promise.resolve();
      if (!isOpen || isClosed) return Promise.reject(unavailable("journal"));
      if (bytesUnderWay + (open?.bytes ?? 0) > limits.pendingBytesMax)
        return Promise.reject(unavailable("journal queue"));
      const tailBytes = tails.room ? tailBytesIn(entries) : 0;
      const room = waiting.forRoom(tailBytes);
      if (!room) return add(entries, raw, tailBytes);
      return room.then(() => (isClosed ? Promise.reject(unavailable("journal")) : add(entries, raw, tailBytes)));
    },
    get state() {
      return state;
    },
    onStateChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async open() {
      // Each process has positions of its own, above those of all before it.
      const before = (await rows.nextRange()) * 2 ** 32;
      position = before;
      await days.start();
      await spool.open();
      await chainFiles(await spool.rotate());
      isOpen = true;
      return before;
    },
    statistics: () => ({
      commits,
      entries: entryCount,
      spooledGroups,
      spoolBytes: spool.bytes,
      pendingBytes: bytesUnderWay + (open?.bytes ?? 0),
      waitingBytes: waiting.bytes,
    }),
    async close() {
      waiting.close();
      while (open || underWay > 0) {
        flush();
        await new Promise<void>((resolve) => timers.after(1, resolve));
      }
      isClosed = true;
      probing?.cancel();
      days.stop();
      await committer.close();
      await spool.close();
    },
  };
}

/** Each batch, and behind it what it came of. */
function spooled({ rows, raws }: SealedGroup): Uint8Array[] {
  return rows.flatMap(({ batch, batchId }) => {
    const raw = raws.find((row) => row.batchId === batchId);
    return raw ? [batch, raw.input] : [batch];
  });
}

function unavailable(at: string, cause?: unknown): OutsideTrouble {
  return new OutsideTrouble("STORE_UNAVAILABLE", true, { at }, cause === undefined ? undefined : { cause });
}
