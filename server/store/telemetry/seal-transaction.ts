import { RefusedInput } from "@openward/errors";
import { inTurns, type Turn } from "@openward/runtime/turns";
import { type Compressor, DAY_MS, type RollupSlot } from "@openward/timeseries";
import type { BlockPacking } from "../keys/block-packing.ts";
import type { BlockRow, BlockStore, SavedBlock, SavedRow, SealRows } from "./block-store.ts";
import type { StoreLog } from "./blocks.ts";
import { type Minutes, minutesOf } from "./minute-cache.ts";
import { periodOf } from "./periods.ts";
import { mergeIntoBlock, mergeIntoRollup, type Snapshot, slotsOfBlock } from "./seal-content.ts";
import type { StreamMemory } from "./stream-memory.ts";

/** A period of a stream that goes into its blocks. */
export interface SealTask {
  readonly memory: StreamMemory;
  readonly period: number;
  readonly snapshot: Snapshot;
}

/** An hour of a numeric stream as it is stored from now on. */
export interface SealedHour {
  readonly streamId: string;
  readonly hour: number;
  /** Of each association one. */
  readonly rows: readonly BlockRow[];
  /** Where all of it is one association's: what two have counts once. */
  readonly minutes: Minutes | undefined;
}

interface DayChange {
  readonly memory: StreamMemory;
  readonly associationId: string;
  readonly dayStart: number;
  readonly hours: { readonly hour: number; readonly slots: readonly RollupSlot[] }[];
}

const keyOf = (...parts: readonly (string | number)[]) => parts.join(" ");

export interface SealContext {
  readonly store: BlockStore;
  readonly log: StoreLog;
  readonly packing: BlockPacking;
  /** Everything up to this place in the journal is in the snapshots. */
  readonly through: number;
  readonly now: number;
  /** Lets timers and sockets have their turn: before each task. */
  readonly pause: () => Promise<void>;
  /** And within one, when it takes long. */
  readonly turn: Turn;
}

/**
 * Merge what the tails have into the blocks and rollups, in one transaction.
 *
 * @returns the hours of numeric streams, so that they need not be read to be shown
 */
export async function sealTasks(tasks: readonly SealTask[], context: SealContext): Promise<readonly SealedHour[]> {
  const hours: SealedHour[] = [];
  await context.store.transaction(async (rows) => {
    // A transaction may be tried again.
    hours.length = 0;
    await sealWithin(rows, tasks, context, hours);
  });
  return hours;
}

async function sealWithin(
  rows: SealRows,
  tasks: readonly SealTask[],
  { log, packing, through, now, pause, turn }: SealContext,
  hours: SealedHour[],
): Promise<void> {
  const stored = await storedBlocks(rows, tasks);
  const blocks: SavedBlock[] = [];
  const damaged: BlockRow[] = [];
  const days = new Map<string, DayChange>();
  for (const { memory, period, snapshot } of tasks) {
    await pause();
    const { stream } = memory;
    const packed = packing.for(stream);
    const ofHour = new Map(rowsOf(stored, stream.id, period).map((row) => [row.associationId, row]));
    let minutes: Minutes | undefined;
    for (const associationId of snapshot.parts.keys()) {
      const before = stored.get(keyOf(stream.id, period, associationId));
      let merged = await readable(() =>
        inTurns(turn, mergeIntoBlock(stream.unit, snapshot, associationId, before && bytesOf(before), packed)),
      );
      if (!merged) {
        if (before) damaged.push(before);
        const afresh = mergeIntoBlock(stream.unit, snapshot, associationId, undefined, packed);
        merged = { content: await inTurns(turn, afresh) };
      }
      if (!merged.content) continue;
      const { payload, overview, slots, columns } = merged.content;
      const { id: streamId, organisationId, patientId } = stream;
      const owner = { streamId, periodStart: period, associationId, organisationId, patientId };
      blocks.push({ ...owner, payload, overview, sealedThrough: through, sealedAt: now });
      if (!columns) continue;
      ofHour.set(associationId, { streamId, periodStart: period, associationId, payload });
      minutes = minutesOf(period, columns.times, columns.values);
      const dayStart = periodOf(period, DAY_MS);
      const key = keyOf(stream.id, dayStart, associationId);
      const day = days.get(key) ?? { memory, associationId, dayStart, hours: [] };
      day.hours.push({ hour: period, slots });
      days.set(key, day);
    }
    if (snapshot.kind === "numeric")
      hours.push({
        streamId: stream.id,
        hour: period,
        rows: [...ofHour.values()],
        minutes: ofHour.size === 1 ? minutes : undefined,
      });
  }
  for (const block of damaged) {
    const { streamId, periodStart, associationId } = block;
    const where = { streamId, periodStart, associationId };
    log.error(where, "a block cannot be read; it is set aside and a new one takes its place");
    await rows.setAside(block, now);
  }
  await rows.saveBlocks(blocks);
  await saveRollups(rows, [...days.values()], packing, log);
}

/** undefined when what is stored cannot be read. */
async function readable<T>(merge: () => T | Promise<T>): Promise<{ readonly content: T } | undefined> {
  try {
    return { content: await merge() };
  } catch (error) {
    if (error instanceof RefusedInput) return undefined;
    throw error;
  }
}

/** @throws RefusedInput where the archive does not have it any more */
function bytesOf(block: BlockRow): Uint8Array {
  if (block.fault) throw block.fault;
  return block.payload;
}

const rowsOf = (stored: ReadonlyMap<string, BlockRow>, streamId: string, period: number): BlockRow[] => {
  const found: BlockRow[] = [];
  for (const row of stored.values()) if (row.streamId === streamId && row.periodStart === period) found.push(row);
  return found;
};

async function storedBlocks(rows: SealRows, tasks: readonly SealTask[]): Promise<Map<string, BlockRow>> {
  const keys = tasks.map((task) => ({ streamId: task.memory.stream.id, period: task.period }));
  const stored = await rows.blocksOf(keys);
  return new Map(stored.map((row) => [keyOf(row.streamId, row.periodStart, row.associationId), row]));
}

async function saveRollups(
  rows: SealRows,
  days: readonly DayChange[],
  packing: BlockPacking,
  log: StoreLog,
): Promise<void> {
  if (days.length === 0) return;
  const keys = days.map(({ memory, dayStart, associationId }) => ({
    streamId: memory.stream.id,
    dayStart,
    associationId,
  }));
  const stored = new Map(
    (await rows.rollupsOf(keys)).map((row) => [keyOf(row.streamId, row.periodStart, row.associationId), row.payload]),
  );
  const saved: SavedRow[] = [];
  for (const { memory, associationId, dayStart, hours } of days) {
    const { id: streamId, organisationId, patientId, unit } = memory.stream;
    const packed = packing.for(memory.stream);
    const before = stored.get(keyOf(streamId, dayStart, associationId));
    const merged = await readable(() => mergeIntoRollup(unit, associationId, dayStart, before, hours, packed));
    if (!merged)
      log.error({ streamId, dayStart, associationId }, "a rollup cannot be read; it is made again from the blocks");
    const payload = merged?.content ?? (await remadeRollup(rows, { memory, associationId, dayStart, hours }, packed));
    saved.push({ streamId, periodStart: dayStart, associationId, organisationId, patientId, payload });
  }
  await rows.saveRollups(saved);
}

async function remadeRollup(
  rows: SealRows,
  { memory, associationId, dayStart, hours }: DayChange,
  packed: Compressor,
): Promise<Uint8Array> {
  const { id: streamId, unit } = memory.stream;
  const all = new Map(hours.map(({ hour, slots }) => [hour, slots]));
  for (const row of await rows.blocksOfDay({ streamId, dayStart, associationId })) {
    const slots = (await readable(() => slotsOfBlock(bytesOf(row), packed)))?.content;
    if (slots) all.set(row.periodStart, slots);
  }
  const remade = [...all].map(([hour, slots]) => ({ hour, slots }));
  return mergeIntoRollup(unit, associationId, dayStart, undefined, remade, packed);
}
