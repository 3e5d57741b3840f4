import {
  addChunk,
  type Compressor,
  cutRun,
  decodeNumericBlock,
  decodeRollup,
  decodeWaveformInPieces,
  emptyColumns,
  encodeNumericBlock,
  encodeOverview,
  encodeRollup,
  encodeWaveformInPieces,
  joinRuns,
  mergeColumns,
  type NumericColumns,
  type RollupSlot,
  rollupSlots,
  type TailSlice,
  type WaveformRun,
} from "@openward/timeseries";
import { HOUR_MS } from "./periods.ts";
import type { StreamMemory } from "./stream-memory.ts";

/** What a period's block holds after sealing, per association. */
export interface SealedContent {
  readonly associationId: string;
  readonly payload: Uint8Array;
  readonly overview: Uint8Array | null;
  /** Numeric: the rollup slots of the hour. */
  readonly slots: readonly RollupSlot[];
  /** Numeric: what is in the block. */
  readonly columns?: NumericColumns;
}

/** What the tail has of a period, taken at once: it may change while the database is asked. */
export type Snapshot =
  | { readonly kind: "numeric"; readonly parts: ReadonlyMap<string, NumericColumns> }
  | { readonly kind: "waveform"; readonly parts: ReadonlyMap<string, readonly WaveformRun[]> };

export function takeSnapshot(memory: StreamMemory, period: number): Snapshot {
  const end = period + memory.periodMs;
  if (memory.numeric) return { kind: "numeric", parts: byAssociation(memory.numeric.slice(period, end)) };
  const parts = new Map<string, WaveformRun[]>();
  for (const whole of memory.waveform?.overlapping(period, end) ?? []) {
    const run = cutRun(whole, period, end);
    if (!run) continue;
    const { associationId = "" } = run;
    const runs = parts.get(associationId);
    if (runs) runs.push(run);
    else parts.set(associationId, [run]);
  }
  return { kind: "waveform", parts };
}

/**
 * The new content of a period's blocks: what is stored, and what the tail has beside it. Stops within a waveform, which takes
 * long.
 *
 * @param stored the payload of each association's block, where there is one
 * @param packing how blocks of this stream are compressed and encrypted
 * @throws RefusedInput BLOCK_CORRUPT or BLOCK_VERSION when a stored one cannot be read
 */
export function* mergeIntoBlock(
  unit: string,
  snapshot: Snapshot,
  associationId: string,
  stored: Uint8Array | undefined,
  packing: Compressor,
): Generator<void, SealedContent | undefined> {
  const origin = { unit, associationId };
  if (snapshot.kind === "numeric") {
    const fresh = snapshot.parts.get(associationId) ?? emptyColumns();
    const columns = stored ? mergeColumns(decodeNumericBlock(stored, packing).columns, fresh) : fresh;
    if (columns.times.length === 0) return undefined;
    const slots = rollupSlots(columns.times, columns.values);
    return { associationId, payload: encodeNumericBlock(columns, origin, packing), overview: null, slots, columns };
  }
  const fresh = snapshot.parts.get(associationId) ?? [];
  const runs = stored ? [...(yield* decodeWaveformInPieces(stored, packing)).runs] : [];
  if (runs.length === 0) runs.push(...fresh);
  else for (const run of fresh) addChunk(runs, run);
  const joined = joinRuns(runs);
  if (joined.length === 0) return undefined;
  const payload = yield* encodeWaveformInPieces(joined, origin, packing);
  return { associationId, payload, overview: encodeOverview(joined, origin, packing), slots: [] };
}

/** A day's rollup with the slots of one hour replaced. */
export function mergeIntoRollup(
  unit: string,
  associationId: string,
  dayStart: number,
  stored: Uint8Array | undefined,
  hours: readonly { readonly hour: number; readonly slots: readonly RollupSlot[] }[],
  packing: Compressor,
): Uint8Array {
  const replaced = new Set(hours.map(({ hour }) => hour));
  const kept = stored
    ? decodeRollup(stored, packing).filter((slot) => !replaced.has(Math.floor(slot.start / HOUR_MS) * HOUR_MS))
    : [];
  const slots = [...kept, ...hours.flatMap((each) => each.slots)].sort((a, b) => a.start - b.start);
  return encodeRollup(dayStart, slots, { unit, associationId }, packing);
}

/** @throws RefusedInput BLOCK_CORRUPT, BLOCK_VERSION */
export function slotsOfBlock(payload: Uint8Array, packing: Compressor): RollupSlot[] {
  const { times, values } = decodeNumericBlock(payload, packing).columns;
  return rollupSlots(times, values);
}

/** A slice of the tail taken apart; a block never spans two associations. */
export function byAssociation({ columns, associations, associationIds }: TailSlice): Map<string, NumericColumns> {
  const parts = new Map<string, NumericColumns>();
  const first = associations[0];
  if (first === undefined) return parts;
  if (associations.every((index) => index === first)) return parts.set(associationIds[first] as string, columns);
  for (const index of new Set(associations)) {
    const mine = (_: unknown, i: number) => associations[i] === index;
    parts.set(associationIds[index] as string, {
      times: columns.times.filter(mine),
      values: columns.values.filter(mine),
      quality: columns.quality.filter(mine),
      ordinals: columns.ordinals.filter(mine),
      receivedAt: columns.receivedAt.filter(mine),
      utcOffsets: columns.utcOffsets.filter(mine),
    });
  }
  return parts;
}
