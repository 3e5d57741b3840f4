import assert from "node:assert/strict";
import { test } from "node:test";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { seededRandom } from "@openward/runtime/manual";
import { BINS_MAX, Distribution, decodeDistribution, encodeDistribution } from "./distribution.ts";

const SEED = Number(process.env.SEED ?? 20261128);
const random = seededRandom(SEED);
const zstd = {
  id: 1,
  compress: (bytes: Uint8Array) => zstdCompressSync(bytes),
  decompress: (bytes: Uint8Array) => zstdDecompressSync(bytes),
};
const T0 = Date.UTC(2026, 0, 1);

/** By the book, over all values at once. */
function byTheBook(times: Float64Array, values: Float64Array) {
  const n = values.length;
  const mean = values.reduce((a, b) => a + b, 0) / n;
  const moment = (k: number) => values.reduce((a, b) => a + (b - mean) ** k, 0);
  const seconds = times.map((time) => (time - T0) / 1000);
  const meanTime = seconds.reduce((a, b) => a + b, 0) / n;
  const timeValue = values.reduce((a, b, i) => a + (b - mean) * ((seconds[i] as number) - meanTime), 0);
  const timeTime = seconds.reduce((a, b) => a + (b - meanTime) ** 2, 0);
  const sorted = values.toSorted();
  const quantile = (part: number) => {
    const place = part * (n - 1);
    const low = sorted[Math.floor(place)] as number;
    return low + (place - Math.floor(place)) * ((sorted[Math.ceil(place)] as number) - low);
  };
  return { mean, m2: moment(2), m3: moment(3), m4: moment(4), slope: timeValue / timeTime, quantile, sorted };
}

const near = (found: number, expected: number, within: number, what: string) =>
  assert.ok(
    Math.abs(found - expected) <= within * Math.max(1, Math.abs(expected)),
    `${what}: ${found}, not ${expected}`,
  );

const PARTS = [0, 0.05, 0.2, 0.25, 0.5, 0.75, 0.8, 0.95, 1];

for (const [what, draw, isExact] of [
  ["beats per minute", () => 60 + Math.round(random.float() * 60 + random.float() * 30), true],
  ["hundredths of a degree below zero and above", () => Math.round((random.float() - 0.3) * 400) / 100, true],
  ["as many different values as there are readings", () => 1e6 + random.float() * 1000, false],
] as const) {
  test(`of ${what}, pieces put together say what all of them say, stored and read again too (seed ${SEED})`, () => {
    const count = 20_000;
    const times = Float64Array.from({ length: count }, (_, i) => T0 + i * 1000);
    const values = Float64Array.from({ length: count }, () => draw());
    const all = new Distribution();
    for (let first = 0; first < count; ) {
      const end = Math.min(count, first + 1 + Math.floor(random.float() * 5_000));
      const part = new Distribution();
      part.add(times, values, first, end);
      const file = encodeDistribution(T0, part, "/min", zstd);
      all.merge(decodeDistribution(file, zstd));
      first = end;
    }
    const book = byTheBook(times, values);
    assert.equal(all.count, count);
    assert.equal(all.min, book.sorted[0]);
    assert.equal(all.max, book.sorted.at(-1));
    near(all.mean, book.mean, 1e-13, "mean");
    near(all.m2, book.m2, 1e-9, "m2");
    near(all.m3, book.m3, 1e-6, "m3");
    near(all.m4, book.m4, 1e-9, "m4");
    near(all.timeValue / all.timeTime, book.slope, 1e-9, "slope");
    assert.equal(all.error === 0, isExact);
    const found = all.quantiles(PARTS);
    PARTS.forEach((part, i) => {
      const expected = book.quantile(part);
      if (isExact) near(found[i] as number, expected, 1e-12, `quantile ${part}`);
      else assert.ok(Math.abs((found[i] as number) - expected) <= all.error, `quantile ${part} within ${all.error}`);
    });
    if (!isExact) assert.ok(all.bins().keys.length <= BINS_MAX);
  });
}

test("whole numbers have a whole sum, and tenths their own", () => {
  const all = new Distribution();
  const times = Float64Array.from({ length: 1000 }, (_, i) => T0 + i);
  all.add(times, new Float64Array(1000).fill(0.1));
  assert.equal(all.sum, 100);
  const whole = new Distribution();
  for (let i = 0; i < 1000; i++)
    whole.add(
      times,
      Float64Array.from(times, (_, k) => 60 + (k % 40)),
    );
  assert.equal(whole.sum, 79_500_000);
});

test("what has no value is counted apart, and nothing at all has no median", () => {
  const all = new Distribution();
  all.add(Float64Array.of(1, 2, 3), Float64Array.of(5, Number.NaN, 7));
  assert.deepEqual([all.count, all.absent, all.mean, ...all.quantiles([0.5])], [2, 1, 6, 6]);
  assert.deepEqual(new Distribution().quantiles([0.5]), [Number.NaN]);
});

test("in another unit it is that of the values in that unit", () => {
  const celsius = new Distribution();
  const fahrenheit = new Distribution();
  const times = Float64Array.from({ length: 500 }, (_, i) => T0 + i * 1000);
  const values = Float64Array.from(times, () => 36 + Math.round(random.float() * 30) / 10);
  celsius.add(times, values);
  fahrenheit.add(
    times,
    values.map((value) => value * 1.8 + 32),
  );
  const converted = celsius.converted(1.8, 32);
  for (const name of ["mean", "m2", "m3", "m4", "timeValue", "min", "max", "sum"] as const)
    near(converted[name], fahrenheit[name], 1e-9, name);
  near(converted.quantiles([0.3])[0] as number, fahrenheit.quantiles([0.3])[0] as number, 1e-12, "quantile");
});
