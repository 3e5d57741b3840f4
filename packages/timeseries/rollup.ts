import { RefusedInput } from "@openward/errors";
import { type Compressor, readBlockFile, writeBlockFile } from "./block-file.ts";
import type { BlockOrigin } from "./numeric-block.ts";
import { exactDecimal, POWERS } from "./scale.ts";
import { readSections, SectionWriter } from "./sections.ts";
import { readValues, writeValues } from "./values.ts";
import { readWholes, WHOLE_MAX, writeWholes } from "./whole-column.ts";

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
  // Decimals are added up as whole numbers: the sum is the true one, and short when it is stored.
  const scale = exactDecimal(values);
  const power = scale?.kind === "decimal" ? (POWERS[scale.exponent] as number) : 1;
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
      sum += power === 1 ? value : Math.round(value * power);
    }
    slots.push({
      start,
      count: i - first,
      min,
      max,
      sum: sum / power,
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
  const out = new SectionWriter(slots.length * 8 + 64);
  out.head.varint(slots.length);
  const wholes = (columnOf: (slot: RollupSlot) => number) => writeWholes(out, Float64Array.from(slots, columnOf));
  wholes((slot) => (slot.start - dayStart) / SLOT_MS);
  wholes((slot) => slot.count);
  wholes((slot) => slot.lastTime - slot.start);
  const columns = statisticsOf(slots);
  out.head.u8(columns.power === undefined ? SEPARATE : RELATIVE);
  if (columns.power !== undefined) out.head.varint(columns.power);
  for (const column of columns.columns) {
    if (columns.power === undefined) writeValues(out, column, compressor);
    else writeWholes(out, column);
  }
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
  return writeBlockFile(header, out.finish(), compressor);
}

/** @throws RefusedInput BLOCK_CORRUPT, BLOCK_VERSION */
export function decodeRollup(file: Uint8Array, compressor: Compressor): RollupSlot[] {
  const { header, payload } = readBlockFile(file, "rollup", compressor);
  const sections = readSections(payload);
  const { head } = sections;
  const count = head.varint();
  if (count < 1 || count > SLOTS_PER_DAY) throw new RefusedInput("BLOCK_CORRUPT", { at: "slots" });
  const wholes = () => {
    const column = new Float64Array(count);
    readWholes(sections, column);
    return column;
  };
  const [places, counts, lastOffsets] = [wholes(), wholes(), wholes()];
  const kind = head.u8();
  if (kind !== SEPARATE && kind !== RELATIVE) throw new RefusedInput("BLOCK_CORRUPT", { at: "kind" });
  const power = kind === RELATIVE ? head.varint() : undefined;
  const [a, b, c, d] = [0, 1, 2, 3].map(() => {
    if (power !== undefined) return wholes();
    const column = new Float64Array(count);
    readValues(sections, column, compressor);
    return column;
  }) as [Float64Array, Float64Array, Float64Array, Float64Array];
  return Array.from({ length: count }, (_, i) => {
    const start = header.firstTime + (places[i] as number) * SLOT_MS;
    const known = { start, count: counts[i] as number, lastTime: start + (lastOffsets[i] as number) };
    const [min, max, last, sum] = [a[i] as number, b[i] as number, c[i] as number, d[i] as number];
    if (power === undefined) return { ...known, min, max, last, sum };
    return {
      ...known,
      min: min / power,
      max: (min + max) / power,
      last: (min + last) / power,
      sum: (sum + min * known.count) / power,
    };
  });
}

const SEPARATE = 0;
/** Whole numbers; all but the least as what they are above it. */
const RELATIVE = 1;

function statisticsOf(slots: readonly RollupSlot[]): { power: number | undefined; columns: Float64Array[] } {
  const columns = (["min", "max", "last", "sum"] as const).map((key) => Float64Array.from(slots, (slot) => slot[key]));
  const scale = exactDecimal(Float64Array.from(columns.flatMap((column) => [...column])));
  if (scale?.kind !== "decimal") return { power: undefined, columns };
  const power = POWERS[scale.exponent] as number;
  const [min, max, last, sum] = columns.map((column) => column.map((value) => Math.round(value * power)));
  const above = (column: Float64Array | undefined, times: (i: number) => number) =>
    (column as Float64Array).map((value, i) => value - (min?.[i] as number) * times(i));
  const relative = [
    min as Float64Array,
    above(max, () => 1),
    above(last, () => 1),
    above(sum, (i) => (slots[i] as RollupSlot).count),
  ];
  // Sums of large counts of large values may leave what a whole number can say.
  const isExact = relative.every((column) => column.every((value) => Math.abs(value) <= WHOLE_MAX));
  return isExact ? { power, columns: relative } : { power: undefined, columns };
}
