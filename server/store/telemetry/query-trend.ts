import {
  addBuckets,
  addReadings,
  addSlot,
  type Buckets,
  bucketOf,
  createBuckets,
  DAY_MS,
  finishBuckets,
  lowerBound,
  type NumericBlock,
  type NumericColumns,
  type RollupSlot,
  SLOT_MS,
} from "@openward/timeseries";
import type { PeriodKey } from "./block-store.ts";
import type { Blocks, Stored } from "./blocks.ts";
import type { MinuteCache } from "./minute-cache.ts";
import { HOUR_MS, MINUTE_MS, periodOf } from "./periods.ts";
import type { Trend } from "./ports.ts";
import { between, readingsBetween, snapshotOf, type TailSnapshot } from "./read-numeric.ts";
import type { StreamMemory } from "./stream-memory.ts";

interface Plan {
  readonly memory: StreamMemory;
  readonly buckets: Buckets;
}

/** Of a stream that memory alone does not have. */
interface OlderPlan extends Plan {
  readonly tail: TailSnapshot;
  /** Before this, blocks are asked; from here on memory has everything. */
  readonly split: number;
  readonly slots: RollupSlot[];
  /** Starts of the slots that were filled in from a rollup. */
  readonly filled: Set<number>;
  /** Hours that must be read reading by reading. */
  readonly hours: Set<number>;
}

type Slots = readonly RollupSlot[];
const NONE: ReadonlySet<number> = new Set();

/**
 * Buckets of each stream over [from, to), exact. Where buckets are wider than a slot of the rollups, blocks are decoded
 * only for the hours in which a slot does not lie within one bucket, or is of two associations.
 */
export async function queryTrend(
  streams: readonly StreamMemory[],
  from: number,
  to: number,
  count: number,
  blocks: Blocks,
  minutes: MinuteCache,
): Promise<Trend[]> {
  const older: OlderPlan[] = [];
  const plans = streams.map((memory): Plan => {
    const buckets = createBuckets(from, to, count);
    if (memory.tail.completeFrom <= from) {
      memory.numeric?.peek(from, to, (times, values) => addReadings(buckets, times, values));
      return { memory, buckets };
    }
    const tail = snapshotOf(memory, from, to);
    const split = Math.min(tail.completeFrom, to);
    const recent = between(tail.columns, split, to);
    addReadings(buckets, recent.times, recent.values);
    const plan: OlderPlan = { memory, buckets, tail, split, slots: [], filled: new Set(), hours: new Set() };
    older.push(plan);
    return plan;
  });
  if (older.length > 0) {
    if ((to - from) / count >= SLOT_MS) await byRollups(older, from, blocks);
    else await byBlocks(older, from, blocks, minutes);
  }
  return plans.map(({ memory, buckets }) => ({ stream: memory.stream, ...finishBuckets(buckets) }));
}

async function byBlocks(
  plans: readonly OlderPlan[],
  from: number,
  blocks: Blocks,
  minutes: MinuteCache,
): Promise<void> {
  // Where memory has nothing of it, blocks alone are asked, and nothing is merged.
  const alone = plans.filter((plan) => between(plan.tail.columns, from, plan.split).times.length === 0);
  const inMinutes = alone.filter((plan) => isOfMinutes(plan, from));
  const inReadings = alone.filter((plan) => !isOfMinutes(plan, from));
  const merged = plans.filter((plan) => !alone.includes(plan));
  await Promise.all([
    inMinutes.length > 0 && byMinutes(inMinutes, from, minutes),
    inReadings.length > 0 && byReadings(inReadings, from, blocks),
    merged.length > 0 && byMerging(merged, from, blocks),
  ]);
}

/** Does every minute lie within one bucket, or outside? */
function isOfMinutes({ buckets, split }: OlderPlan, from: number): boolean {
  const width = (buckets.to - from) / buckets.count.length;
  return from % MINUTE_MS === 0 && width % MINUTE_MS === 0 && split % MINUTE_MS === 0;
}

async function byMinutes(plans: readonly OlderPlan[], from: number, minutes: MinuteCache): Promise<void> {
  const end = Math.max(...plans.map((plan) => plan.split));
  const ids = plans.map((plan) => plan.tail.memory.stream.id);
  const found = await minutes.between(ids, periodOf(from, HOUR_MS), Math.ceil(end / HOUR_MS) * HOUR_MS);
  for (const { tail, buckets, split } of plans) {
    for (const each of found.get(tail.memory.stream.id) ?? []) {
      const first = Math.max(0, (from - each.hour) / MINUTE_MS);
      const last = Math.min(HOUR_MS, split - each.hour) / MINUTE_MS;
      addBuckets(buckets, each.minutes, first, Math.ceil(last));
    }
  }
}

async function byReadings(plans: readonly OlderPlan[], from: number, blocks: Blocks): Promise<void> {
  const end = Math.max(...plans.map((plan) => plan.split));
  const byId = new Map(plans.map((plan) => [plan.tail.memory.stream.id, plan]));
  await blocks.eachPeriod([...byId.keys()], periodOf(from, HOUR_MS), Math.ceil(end), (id, _period, times, values) => {
    const plan = byId.get(id);
    if (!plan) return;
    const last = lowerBound(times, plan.split, 0, times.length);
    addReadings(plan.buckets, times, values, lowerBound(times, from, 0, last), last);
  });
}

async function byMerging(plans: readonly OlderPlan[], from: number, blocks: Blocks): Promise<void> {
  const end = Math.max(...plans.map((plan) => plan.split));
  const ids = plans.map((plan) => plan.tail.memory.stream.id);
  const found = Map.groupBy(
    await blocks.numericBetween(ids, periodOf(from, HOUR_MS), Math.ceil(end)),
    (block) => block.streamId,
  );
  for (const { tail, buckets, split } of plans) {
    const columns = readingsBetween(found.get(tail.memory.stream.id) ?? [], tail.columns, from, split);
    addReadings(buckets, columns.times, columns.values);
  }
}

async function byRollups(plans: readonly OlderPlan[], from: number, blocks: Blocks): Promise<void> {
  const end = Math.max(...plans.map((plan) => plan.split));
  const ids = plans.map((plan) => plan.tail.memory.stream.id);
  const byId = new Map(plans.map((plan) => [plan.tail.memory.stream.id, plan]));
  const rollups = await blocks.rollupsBetween(ids, periodOf(from, DAY_MS), Math.ceil(end));
  for (const [streamId, ofStream] of Map.groupBy(rollups, (row) => row.streamId)) {
    const plan = byId.get(streamId);
    if (!plan) continue;
    for (const [day, rows] of Map.groupBy(ofStream, (row) => row.periodStart)) useDay(plan, from, day, rows);
  }
  for (const plan of plans) useTail(plan, from);
  const keys: PeriodKey[] = plans.flatMap((plan) =>
    [...plan.hours].map((period) => ({ streamId: plan.tail.memory.stream.id, period })),
  );
  const found = Map.groupBy(await blocks.numericOf(keys), (block) => block.streamId);
  for (const plan of plans) {
    const stored = found.get(plan.tail.memory.stream.id) ?? [];
    for (const hour of plan.hours) addHour(plan, from, hour, stored);
  }
}

/** @param rows of one day, one for each association */
function useDay(plan: OlderPlan, from: number, dayStart: number, rows: readonly Stored<Slots | undefined>[]): void {
  const days: Slots[] = [];
  for (const { content } of rows) if (content) days.push(content);
  // What cannot be read is read from its blocks, and the rest of the day with it.
  if (days.length < rows.length) {
    useHours(plan, from, dayStart);
    return;
  }
  const shared = days.length > 1 ? startsOfSeveral(days) : NONE;
  for (const slot of days.flat()) useSlot(plan, from, slot, shared.has(slot.start));
}

/** Slots of several associations: a reading that more than one of them has counts once, which their sums do not say. */
function startsOfSeveral(days: readonly Slots[]): ReadonlySet<number> {
  const seen = new Set<number>();
  const shared = new Set<number>();
  for (const { start } of days.flat()) (seen.has(start) ? shared : seen).add(start);
  return shared;
}

function useHours(plan: OlderPlan, from: number, dayStart: number): void {
  for (let hour = dayStart; hour < dayStart + DAY_MS; hour += HOUR_MS) {
    if (hour + HOUR_MS > from && hour < plan.split) plan.hours.add(hour);
  }
}

function useSlot(plan: OlderPlan, from: number, slot: RollupSlot, isShared: boolean): void {
  const hour = periodOf(slot.start, HOUR_MS);
  const end = slot.start + SLOT_MS;
  if (end <= from || slot.start >= plan.split) return;
  const isInside =
    slot.start >= from && end <= plan.split && bucketOf(plan.buckets, slot.start) === bucketOf(plan.buckets, end - 1);
  if (!isInside || isShared || plan.tail.isUnsealed(hour)) {
    plan.hours.add(hour);
    return;
  }
  plan.filled.add(slot.start);
  addSlot(plan.buckets, slot.lastTime, slot);
}

/** Hours in which memory has something that is in no block. */
function useTail(plan: OlderPlan, from: number): void {
  const { times } = between(plan.tail.columns, from, plan.split);
  for (let i = 0; i < times.length; i++) {
    const hour = periodOf(times[i] as number, HOUR_MS);
    if (plan.tail.isUnsealed(hour)) plan.hours.add(hour);
  }
}

function addHour(plan: OlderPlan, from: number, hour: number, stored: readonly Stored<NumericBlock>[]): void {
  const blocks = stored.filter((block) => block.periodStart === hour);
  for (let slot = hour; slot < hour + HOUR_MS; slot += SLOT_MS) {
    if (plan.filled.has(slot)) continue;
    const columns: NumericColumns = readingsBetween(
      blocks,
      plan.tail.columns,
      Math.max(from, slot),
      Math.min(plan.split, slot + SLOT_MS),
    );
    addReadings(plan.buckets, columns.times, columns.values);
  }
}
