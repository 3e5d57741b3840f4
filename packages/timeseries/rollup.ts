import { RefusedInput } from "@openward/errors";
import { type Compressor, readBlockFile, writeBlockFile } from "./block-file.ts";
import { ByteWriter } from "./bytes.ts";
import type { BlockOrigin } from "./numeric-block.ts";
import { readValues, writeValues } from "./values.ts";

export const SLOT_MS = 15 * 60_000;
export const DAY_MS = 24 * 3_600_000;
const SLOTS_PER_DAY = DAY_MS / SLOT_MS;

/** Statistics of the readings of a quarter of an hour; there is at least one. */
export interface RollupSlot {
  /** ms UTC, a multiple of SLOT_MS. */
  readonly start: number;
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  readonly last: number;
  /** Of the newest reading. */
  readonly lastTime: number;
}

/** The slots of readings that are ordered by time; slots without a reading are left out. */
export function rollupSlots(times: Float64Array, values: Float64Array): RollupSlot[] {
  const slots: RollupSlot[] = [];
  let i = 0;
  while (i < times.length) {
    const start = Math.floor((times[i] as number) / SLOT_MS) * SLOT_MS;
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    let sum = 0;
    const first = i;
    for (; i < times.length && (times[i] as number) < start + SLOT_MS; i++) {
      const value = values[i] as number;
      if (value < min) min = value;
      if (value > max) max = value;
      sum += value;
    }
    slots.push({
      start,
      count: i - first,
      min,
      max,
      sum,
      last: values[i - 1] as number,
      lastTime: times[i - 1] as number,
    });
  }
  return slots;
}

/** One day of slots, at least one, ordered by start. */
export function encodeRollup(
  dayStart: number,
  slots: readonly RollupSlot[],
  origin: BlockOrigin,
  compressor: Compressor,
): Uint8Array {
  const out = new ByteWriter(slots.length * 24 + 64);
  out.varint(slots.length);
  for (const slot of slots) out.varint((slot.start - dayStart) / SLOT_MS);
  for (const slot of slots) out.varint(slot.count);
  for (const slot of slots) out.varint(slot.lastTime - slot.start);
  for (const column of ["min", "max", "last", "sum"] as const)
    writeValues(
      out,
      Float64Array.from(slots, (slot) => slot[column]),
    );
  const header = {
    kind: "rollup" as const,
    keyId: 0,
    clockCorrectionId: origin.clockCorrectionId ?? 0,
    unit: origin.unit,
    associationId: origin.associationId,
    utcOffsetMinutes: null,
    count: slots.length,
    firstTime: dayStart,
    lastTime: slots.at(-1)?.lastTime ?? dayStart,
  };
  return writeBlockFile(header, out.written(), compressor);
}

/** @throws RefusedInput BLOCK_CORRUPT, BLOCK_VERSION */
export function decodeRollup(file: Uint8Array, compressor: Compressor): RollupSlot[] {
  const { header, payload } = readBlockFile(file, "rollup", compressor);
  const count = payload.varint();
  if (count > SLOTS_PER_DAY) throw new RefusedInput("BLOCK_CORRUPT", { at: "slots" });
  const starts = Array.from({ length: count }, () => header.firstTime + payload.varint() * SLOT_MS);
  const counts = Array.from({ length: count }, () => payload.varint());
  const lastTimes = starts.map((start) => start + payload.varint());
  const columns = ["min", "max", "last", "sum"].map(() => {
    const column = new Float64Array(count);
    readValues(payload, column);
    return column;
  });
  const [min, max, last, sum] = columns as [Float64Array, Float64Array, Float64Array, Float64Array];
  return starts.map((start, i) => ({
    start,
    count: counts[i] as number,
    min: min[i] as number,
    max: max[i] as number,
    sum: sum[i] as number,
    last: last[i] as number,
    lastTime: lastTimes[i] as number,
  }));
}
