import { OutsideTrouble } from "@openward/errors";
import type { Runtime, Timer } from "@openward/runtime";
import { createTurns } from "@openward/runtime/turns";
import { DAY_MS } from "@openward/timeseries";
import type { BlockPacking } from "../keys/block-packing.ts";
import type { BlockStore } from "./block-store.ts";
import type { StoreLog } from "./blocks.ts";
import type { Memory } from "./memory.ts";
import { HOUR_MS, MINUTE_MS, periodOf, WINDOW_MS, WINDOW_MS_MIN } from "./periods.ts";
import { isRelieved, needsRelief } from "./relief.ts";
import { takeSnapshot } from "./seal-content.ts";
import { type SealedHour, type SealTask, sealTasks } from "./seal-transaction.ts";
import type { StreamMemory } from "./stream-memory.ts";

/** Readings of the running hour go into its block every so often, so that memory and recovery stay short. */
const NUMERIC_STEP_MS = 15 * MINUTE_MS;
/** How long after the end of a step or period a straggler is waited for. */
const GRACE_MS = 15_000;
/** Finished days are put together this often, and stragglers of a day are waited for as long. */
const COMPACT_EVERY_MS = HOUR_MS;
/** After a start the first time is sooner: what the server before did not come to waits no hour more. */
const FIRST_COMPACT_MS = 5 * MINUTE_MS;
/** Streams sealed in one transaction. */
const TASKS_PER_TRANSACTION = 8;
/** Between two tries to seal when memory is short and the database does not answer, or nothing could be let go of. */
const RELIEVE_AGAIN_MS = 1_000;
/** The journal of the last minutes is always read again at a start: deliveries are recovered from it. */
const REPLAY_AT_LEAST_MS = 10 * MINUTE_MS;

export interface Sealer {
  /** Every minute from now on. @param watermark what the database has */
  start(watermark: number): void;
  /** Seal what is due. Rejects with the database's error; nothing is lost by that, and the next run does it again. */
  run(options?: { readonly everything: boolean }): Promise<SealRun>;
  /** Put the blocks of finished days together; what was written in the last hour may yet change, and waits. */
  compact(options?: { readonly everything: boolean }): Promise<number>;
  /** Runs work while nothing is sealed. */
  alone(work: () => Promise<void>): Promise<void>;
  /** Told whenever tails gave memory back. */
  onFreed(listener: () => void): void;
  stop(): Promise<void>;
}

export interface SealRun {
  readonly blocks: number;
  readonly watermark: number;
}

interface Due {
  readonly memory: StreamMemory;
  readonly period: number;
}

export interface SealerOptions {
  readonly runtime: Runtime;
  readonly store: BlockStore;
  readonly memory: Memory;
  readonly packing: BlockPacking;
  readonly log: StoreLog;
  /** Told of what was sealed, once it is stored and before anything else happens. */
  readonly onSealed: (hours: readonly SealedHour[]) => void;
  /** Behind days that were put together; its work runs while nothing is sealed. */
  readonly onCompacted?: (alone: (work: () => Promise<void>) => Promise<void>) => Promise<unknown>;
  /** Each minute, behind what was sealed then; alone as that. */
  readonly afterSealing?: (alone: (work: () => Promise<void>) => Promise<void>) => Promise<unknown>;
}

export function createSealer(options: SealerOptions): Sealer {
  const { runtime, store, memory, packing, log, onSealed, onCompacted, afterSealing } = options;
  const { clock, timers } = runtime;
  // What the journal's place was at times past, oldest first.
  const places: { at: number; position: number }[] = [];
  let watermark = 0;
  let timer: Timer | undefined;
  let running: Promise<SealRun> | undefined;
  let relieving: Promise<unknown> | undefined;
  let compacting: Promise<unknown> | undefined;
  let settling: Promise<unknown> | undefined;
  let isStopped = false;
  let waking = () => {};
  const freed: (() => void)[] = [];

  const dueTasks = (now: number, everything: boolean): Due[] => {
    const due: Due[] = [];
    for (const stream of memory.streams.values()) {
      for (const [period, { oldest }] of stream.unsealed) {
        if (everything || isDue(stream, period, oldest, now)) due.push({ memory: stream, period });
      }
    }
    return due;
  };

  const advance = async (now: number) => {
    const position = memory.position;
    const oldEnough = places.findLast((place) => place.at <= now - REPLAY_AT_LEAST_MS);
    while (places.length > 1 && oldEnough && places[0] !== oldEnough) places.shift();
    places.push({ at: now, position });
    let next = Math.min(position + 1, oldEnough?.position ?? watermark);
    for (const stream of memory.streams.values()) next = Math.min(next, stream.firstUnsealed());
    if (next <= watermark) return;
    const organisations = [...new Set([...memory.streams.values()].map((each) => each.stream.organisationId))];
    await store.saveWatermark(organisations, next, now);
    watermark = next;
  };

  // Of its own: sealing does not wait behind the answers that are made, or memory would run full.
  const turn = createTurns(runtime);
  const pause = () => new Promise<void>((resolve) => void timers.after(0, resolve));

  const drop = (stream: StreamMemory, windowMs: number, now: number) => {
    stream.dropBefore(Math.min(now - windowMs, stream.oldestUnsealed()));
  };
  const tellFreed = () => {
    for (const listener of freed) listener();
  };

  const sealTogether = async (due: readonly Due[], now: number) => {
    const tasks: SealTask[] = due.map((task) => ({ ...task, snapshot: takeSnapshot(task.memory, task.period) }));
    for (const task of tasks) task.memory.beginSealing(task.period);
    let sealed: readonly SealedHour[] = [];
    let isDone = false;
    try {
      sealed = await sealTasks(tasks, { store, log, packing, through: memory.position, now, pause, turn });
      isDone = true;
    } finally {
      for (const task of tasks) task.memory.endSealing(task.period, isDone);
    }
    onSealed(sealed);
  };

  /** @returns how many periods were sealed */
  const sealSome = async (some: readonly Due[], now: number): Promise<number> => {
    try {
      await sealTogether(some, now);
      return some.length;
    } catch (error) {
      if (isFromDatabase(error)) throw error;
    }
    // One stream that cannot be sealed does not keep the others from it.
    let blocks = 0;
    for (const task of some) {
      try {
        await sealTogether([task], now);
        blocks++;
      } catch (fault) {
        if (isFromDatabase(fault)) throw fault;
        const where = { streamId: task.memory.stream.id, period: task.period };
        log.error(
          { ...where, reason: (fault as Error).message },
          "a period cannot be sealed; it stays in memory and journal",
        );
      }
    }
    return blocks;
  };

  const seal = async (everything: boolean): Promise<SealRun> => {
    const now = clock.now();
    const due = dueTasks(now, everything);
    let blocks = 0;
    for (let i = 0; i < due.length; i += TASKS_PER_TRANSACTION) {
      blocks += await sealSome(due.slice(i, i + TASKS_PER_TRANSACTION), now);
    }
    for (const stream of memory.streams.values()) drop(stream, WINDOW_MS[stream.stream.kind], now);
    tellFreed();
    await advance(now);
    return { blocks, watermark };
  };

  /** Seal and let go before the time, the fullest first, until the tails are well within their budget again. */
  const sealEarly = async (): Promise<SealRun> => {
    const now = clock.now();
    const fullest = [...memory.streams.values()].sort((a, b) => b.bytes - a.bytes);
    const letGo = (stream: StreamMemory) => drop(stream, WINDOW_MS_MIN[stream.stream.kind], now);
    let blocks = 0;
    let some: Due[] = [];
    const sealThese = async () => {
      blocks += await sealSome(some, now);
      for (const task of some) letGo(task.memory);
      some = [];
      tellFreed();
    };
    for (const stream of fullest) {
      letGo(stream);
      if (isRelieved(memory.tails) || isStopped) break;
      for (const period of [...stream.unsealed.keys()]) {
        some.push({ memory: stream, period });
        if (some.length >= TASKS_PER_TRANSACTION) await sealThese();
      }
    }
    if (some.length > 0 && !isRelieved(memory.tails)) await sealThese();
    tellFreed();
    await advance(now);
    return { blocks, watermark };
  };

  const inTurn = (work: () => Promise<SealRun>): Promise<SealRun> => {
    const next = (running ?? Promise.resolve()).catch(() => {}).then(work);
    running = next;
    return next;
  };
  const run = (everything = false): Promise<SealRun> => inTurn(() => seal(everything));

  const relieve = () => {
    if (relieving || isStopped || !needsRelief(memory.tails)) return;
    const before = memory.tails.used;
    relieving = inTurn(sealEarly)
      .then(
        ({ blocks }) => log.info({ blocks, before, bytes: memory.tails.used }, "tails were sealed before their time"),
        (error: unknown) =>
          log.warn(
            { reason: (error as Error).message, bytes: memory.tails.used },
            "full tails could not be sealed yet",
          ),
      )
      .then(() => {
        if (needsRelief(memory.tails) && !isStopped)
          return new Promise<void>((resolve) => {
            waking = resolve;
            timers.after(RELIEVE_AGAIN_MS, resolve);
          });
        return undefined;
      })
      .then(() => {
        relieving = undefined;
        relieve();
      });
  };

  const alone = async (work: () => Promise<void>): Promise<void> => {
    if (isStopped) return;
    await inTurn(async () => {
      await work();
      return { blocks: 0, watermark };
    });
  };

  const compact = async (everything = false): Promise<number> => {
    const now = clock.now();
    const waited = everything ? now : now - COMPACT_EVERY_MS;
    const days = await store.joinDays({ before: periodOf(waited, DAY_MS), sealedBefore: waited });
    await onCompacted?.(alone);
    return days;
  };

  return {
    start(known) {
      watermark = known;
      memory.onCommitted = relieve;
      relieve();
      let compacted = clock.now() - COMPACT_EVERY_MS + FIRST_COMPACT_MS;
      timer = timers.every(MINUTE_MS, () => {
        settling = run()
          .catch((error: unknown) =>
            log.warn({ reason: (error as Error).message }, "sealing did not go through; trying again in a minute"),
          )
          .then(() => afterSealing?.(alone))
          .catch((error: unknown) =>
            log.warn({ reason: (error as Error).message }, "statistics of days were not made; trying again in an hour"),
          );
        if (clock.now() - compacted < COMPACT_EVERY_MS) return;
        compacted = clock.now();
        compacting = compact().catch((error: unknown) =>
          log.warn({ reason: (error as Error).message }, "days were not put together; trying again in an hour"),
        );
      });
    },
    run: (options) => run(options?.everything ?? false),
    compact: (options) => compact(options?.everything),
    alone,
    onFreed: (listener) => void freed.push(listener),
    async stop() {
      isStopped = true;
      timer?.cancel();
      waking();
      await relieving;
      await running?.catch(() => {});
      await compacting;
      await settling;
    },
  };
}

// The driver's errors have a code, or tell of the connection; ours have neither.
function isFromDatabase(error: unknown): boolean {
  // An archive that does not answer keeps late data for it waiting, and nothing else.
  if (error instanceof OutsideTrouble && error.code === "ARCHIVE_UNREACHABLE") return false;
  const { code, message } = error as { code?: unknown; message?: unknown };
  return typeof code === "string" || /connection|timeout|terminat/i.test(String(message));
}

function isDue(stream: StreamMemory, period: number, oldest: number, now: number): boolean {
  if (period + stream.periodMs + GRACE_MS <= now) return true;
  if (!stream.numeric) return false;
  // Streams take their turns over the step, so that sealing is spread evenly.
  const turn = (Number.parseInt(stream.stream.id.slice(-4), 16) % (NUMERIC_STEP_MS / MINUTE_MS)) * MINUTE_MS;
  const edge = Math.floor((now - GRACE_MS - turn) / NUMERIC_STEP_MS) * NUMERIC_STEP_MS + turn;
  return oldest < edge;
}
