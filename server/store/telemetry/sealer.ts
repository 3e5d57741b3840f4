import { OutsideTrouble } from "@openward/errors";
import type { Runtime, Timer } from "@openward/runtime";
import { DAY_MS } from "@openward/timeseries";
import type { BlockPacking } from "../keys/block-packing.ts";
import type { BlockStore } from "./block-store.ts";
import type { StoreLog } from "./blocks.ts";
import type { Memory } from "./memory.ts";
import { HOUR_MS, MINUTE_MS, periodOf, WINDOW_MS } from "./periods.ts";
import { takeSnapshot } from "./seal-content.ts";
import { type SealTask, sealTasks } from "./seal-transaction.ts";
import type { StreamMemory } from "./stream-memory.ts";

/** Readings of the running hour go into its block every so often, so that memory and recovery stay short. */
const NUMERIC_STEP_MS = 15 * MINUTE_MS;
/** How long after the end of a step or period a straggler is waited for. */
const GRACE_MS = 15_000;
/** Finished days are put together this often, and stragglers of a day are waited for as long. */
const COMPACT_EVERY_MS = HOUR_MS;
/** Streams sealed in one transaction. */
const TASKS_PER_TRANSACTION = 8;
/** The journal of the last minutes is always read again at a start: deliveries are recovered from it. */
const REPLAY_AT_LEAST_MS = 10 * MINUTE_MS;

export interface Sealer {
  /** Every minute from now on. @param watermark what the database has */
  start(watermark: number): void;
  /** Seal what is due. Rejects with the database's error; nothing is lost by that, and the next run does it again. */
  run(options?: { readonly everything: boolean }): Promise<SealRun>;
  /** Put the blocks of finished days together; what was written in the last hour may yet change, and waits. */
  compact(options?: { readonly everything: boolean }): Promise<number>;
  stop(): Promise<void>;
}

export interface SealRun {
  readonly blocks: number;
  readonly watermark: number;
}

export interface SealerOptions {
  readonly runtime: Runtime;
  readonly store: BlockStore;
  readonly memory: Memory;
  readonly packing: BlockPacking;
  readonly log: StoreLog;
}

export function createSealer({ runtime, store, memory, packing, log }: SealerOptions): Sealer {
  const { clock, timers } = runtime;
  // What the journal's place was at times past, oldest first.
  const places: { at: number; position: number }[] = [];
  let watermark = 0;
  let timer: Timer | undefined;
  let running: Promise<SealRun> | undefined;
  let compacting: Promise<unknown> | undefined;

  const dueTasks = (now: number, everything: boolean): { memory: StreamMemory; period: number }[] => {
    const due: { memory: StreamMemory; period: number }[] = [];
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

  const pause = () => new Promise<void>((resolve) => void timers.after(0, resolve));

  const sealTogether = async (due: readonly { memory: StreamMemory; period: number }[], now: number) => {
    const tasks: SealTask[] = due.map((task) => ({ ...task, snapshot: takeSnapshot(task.memory, task.period) }));
    for (const task of tasks) task.memory.beginSealing(task.period);
    let isDone = false;
    try {
      await sealTasks(tasks, { store, log, packing, through: memory.position, now, pause });
      isDone = true;
    } finally {
      for (const task of tasks) task.memory.endSealing(task.period, isDone);
    }
  };

  const seal = async (everything: boolean): Promise<SealRun> => {
    const now = clock.now();
    const due = dueTasks(now, everything);
    let blocks = 0;
    for (let i = 0; i < due.length; i += TASKS_PER_TRANSACTION) {
      const some = due.slice(i, i + TASKS_PER_TRANSACTION);
      try {
        await sealTogether(some, now);
        blocks += some.length;
      } catch (error) {
        if (isFromDatabase(error)) throw error;
        // One stream that cannot be sealed does not keep the others from it.
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
      }
    }
    for (const stream of memory.streams.values()) {
      stream.tail.dropBefore(Math.min(now - WINDOW_MS[stream.stream.kind], stream.oldestUnsealed()));
    }
    await advance(now);
    return { blocks, watermark };
  };

  const run = (everything = false): Promise<SealRun> => {
    const next = (running ?? Promise.resolve()).catch(() => {}).then(() => seal(everything));
    running = next;
    return next;
  };

  const compact = (everything = false): Promise<number> => {
    const now = clock.now();
    const waited = everything ? now : now - COMPACT_EVERY_MS;
    return store.joinDays({ before: periodOf(waited, DAY_MS), sealedBefore: waited });
  };

  return {
    start(known) {
      watermark = known;
      let compacted = clock.now();
      timer = timers.every(MINUTE_MS, () => {
        run().catch((error: unknown) =>
          log.warn({ reason: (error as Error).message }, "sealing did not go through; trying again in a minute"),
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
    async stop() {
      timer?.cancel();
      await running?.catch(() => {});
      await compacting;
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
