import { emptyColumns, NO_UTC_OFFSET, type NumericColumns } from "../index.ts";
import { type Seeded, START } from "./random.ts";

const ODD_FLOATS = [
  0,
  -0,
  Number.MIN_VALUE,
  -Number.MIN_VALUE,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  2 ** -1022,
  2 ** 53,
  -(2 ** 53) - 2,
  2 ** 50,
  2 ** 50 + 1,
  -(2 ** 50),
  0.1 + 0.2,
  1 / 3,
  1e-12,
  1e21,
  4.35,
  -4.35,
];

type Column = (r: Seeded, count: number) => Float64Array;
const column = (count: number, at: (i: number) => number) => Float64Array.from({ length: count }, (_, i) => at(i));

/** Columns of values that coders like and such that they do not. */
const VALUE_COLUMNS: readonly Column[] = [
  (r, n) => column(n, () => r.pick(ODD_FLOATS)),
  // Nearly all decimals, with exceptions at the ends and between.
  (r, n) => column(n, (i) => (i === 0 || i === n - 1 || r.int(60) === 0 ? r.pick(ODD_FLOATS) : 36 + r.int(30) / 10)),
  (r, n) => column(n, () => 36.5 + r.int(3) * 1e-12),
  (r, n) => column(n, (i) => 10 + i * 0.25 * (r.int(50) === 0 ? 2 : 1)),
  (_, n) => column(n, (i) => 5 * i * i - 1000 * i),
  (r, n) => {
    const step = r.float() * 0.01;
    return column(n, () => (r.int(4000) - 2000) * step);
  },
  (r, n) => column(n, () => Math.sin(r.float() * 7)),
  (r, n) => {
    const some = [r.float(), r.float(), r.float()];
    return column(n, () => r.pick(some));
  },
  (r, n) => column(n, () => (r.int(2) === 0 ? 2 ** 50 : -(2 ** 50))),
  (r, n) => {
    let value = 80;
    return column(n, () => {
      value += r.int(10) === 0 ? r.int(9) - 4 : 0;
      return r.int(300) === 0 ? value + 1e6 : value;
    });
  },
  (r, n) => column(n, () => new Float64Array(Uint32Array.of(r.int(2 ** 32), r.int(0x7ff00000)).buffer)[0] as number),
  (_, n) => column(n, () => -0),
];

const TIME_COLUMNS: readonly Column[] = [
  (_, n) => column(n, (i) => START + i * 1000),
  (r, n) => column(n, (i) => START + i * 1000 + r.int(20)),
  (r, n) => column(n, (i) => START + i * 40 + r.float()),
  (r, n) => column(n, (i) => START + i * 1000 + Math.floor(i / 50) * 3_600_000 + (r.int(9) === 0 ? 1 : 0)),
  (r, n) => {
    let time = 0;
    return column(n, () => {
      time += r.int(3);
      return time;
    });
  },
  (_, n) => column(n, () => -62_135_596_800_000),
  (r, n) => column(n, (i) => (i === 0 ? -8.64e15 : 8.64e15 - n + i) + r.int(1)),
  (_, n) => column(n, (i) => START + i * i),
];

const sometimes = (r: Seeded, one: number, value: () => number, otherwise = 0) =>
  r.int(one) === 0 ? value() : otherwise;

export function adversarialColumns(r: Seeded, count = r.pick([1, 2, 3, 17, 31, 32, 33, 257, 1000])): NumericColumns {
  const columns = emptyColumns(count);
  columns.times.set(r.pick(TIME_COLUMNS)(r, count).sort());
  columns.values.set(r.pick(VALUE_COLUMNS)(r, count));
  const noise = r.pick([1, 5, 1000]);
  for (let i = 0; i < count; i++) {
    columns.quality[i] = sometimes(r, noise, () => r.int(256));
    columns.ordinals[i] = sometimes(r, noise * 2, () => r.int(65_536));
    columns.utcOffsets[i] = sometimes(r, noise, () => r.int(2000) - 1000, NO_UTC_OFFSET);
    const lag = sometimes(r, noise, () => r.int(1e9), 300);
    columns.receivedAt[i] = Math.floor(((columns.times[i] as number) + lag) / 60_000) * 60_000;
  }
  return columns;
}

/** Samples that no heart makes: jumps over the whole range, silence, levels far apart, much that is absent. */
export function adversarialSamples(r: Seeded, count = r.pick([1, 2, 15, 16, 17, 32, 33, 64, 500, 3000])): Int32Array {
  const extremes = [-2147483648, -2147483647, 2147483647, 0, 1, -1];
  const level = 1 + r.int(500);
  const kinds: readonly ((i: number) => number)[] = [
    () => r.pick(extremes),
    (i) => (i % 2 === 0 ? 2147483647 : -2147483647),
    () => 7,
    () => -2147483648,
    () => (r.int(3) === 0 ? -2147483648 : r.int(20)),
    () => Math.round(r.int(40) * level * 1.07),
    () => r.int(30) * 12 - 5,
    (i) => Math.round(1000 * Math.sin(i / 5)),
    (i) => (i < count / 2 ? 0 : r.int(2 ** 31)),
    () => r.int(2 ** 32) - 2 ** 31,
  ];
  const kind = r.pick(kinds);
  return Int32Array.from({ length: count }, (_, i) => kind(i));
}
