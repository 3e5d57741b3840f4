import assert from "node:assert/strict";
import { test } from "node:test";
import { gapOf, lineOf, lttb } from "./index.ts";
import reference from "./lttb.reference.json" with { type: "json" };
import { START, seeded } from "./testing/random.ts";

for (const { name, times, values, count, chosen } of reference.cases) {
  test(`largest triangles as the author's own program chooses them: ${name}`, () => {
    assert.deepEqual([...lttb(Float64Array.from(times), Float64Array.from(values), count)], chosen);
    // The same an epoch later: the choice does not hang on how large the numbers are.
    const later = Float64Array.from(times, (time) => START + time);
    assert.deepEqual([...lttb(later, Float64Array.from(values), count)], chosen);
  });
}

test("a line has the first and last reading, no more points than asked, and every one of them was measured", () => {
  const r = seeded();
  for (let n = 0; n < 50; n++) {
    const length = 1 + r.int(500);
    const times = Float64Array.from({ length }, (_, i) => START + i * 1000);
    const values = times.map(() => r.int(1000) / 10);
    const count = 3 + r.int(100);
    const line = lineOf(times, values, count, 5000);
    assert.equal(line.times.length, Math.min(length, count));
    assert.deepEqual([line.times[0], line.times.at(-1)], [times[0], times.at(-1)]);
    for (const [i, time] of line.times.entries()) assert.equal(line.values[i], values[(time - START) / 1000]);
  }
});

test("a gap is a NaN between two parts, and no point stands in it", () => {
  const seconds = [...Array(100).keys(), ...Array.from({ length: 100 }, (_, i) => 400 + i)];
  const times = Float64Array.from(seconds, (second) => START + second * 1000);
  const line = lineOf(times, times.map(Math.sin), 40, gapOf(times, 0));
  const gaps = [...line.values.keys()].filter((i) => Number.isNaN(line.values[i]));
  assert.equal(gaps.length, 1);
  const at = gaps[0] as number;
  assert.deepEqual([line.times[at - 1], line.times[at + 1]], [START + 99_000, START + 400_000]);
  assert.ok((line.times[at] as number) > START + 99_000 && (line.times[at] as number) < START + 400_000);
});

test("the usual distance decides what is a gap; a reading that is one late is none", () => {
  const minutes = Float64Array.from([0, 1, 2, 3, 5, 6, 7, 20, 21], (minute) => minute * 60_000);
  assert.equal(gapOf(minutes, 0), 240_000);
  assert.equal(gapOf(minutes, 600_000), 600_000);
  assert.equal(gapOf(minutes.subarray(0, 1), 5), 5);
  assert.equal(lineOf(minutes, minutes, 100, gapOf(minutes, 0)).times.length, 10);
});
