import assert from "node:assert/strict";
import { test } from "node:test";
import { QUALITY } from "@openward/model";
import {
  addChunk,
  cutRun,
  endOfRun,
  joinRuns,
  mergeColumns,
  NumericTail,
  UuidTable,
  uuidToBytes,
  WaveformTail,
} from "./index.ts";
import { ASSOCIATION, randomRun, START, seeded } from "./testing/random.ts";

const put = (tail: NumericTail, time: number, value: number, quality = 0) =>
  tail.insert(time, value, quality, null, time + 5, ASSOCIATION);
const rows = (tail: NumericTail) => {
  const { columns } = tail.slice(-Infinity, Infinity);
  return Array.from(columns.times, (time, i) => [time, columns.values[i], columns.ordinals[i], columns.quality[i]]);
};

test("the same time and value is one reading, another value is kept beside it and flagged", () => {
  const tail = new NumericTail();
  assert.equal(put(tail, 1000, 72), "added");
  assert.equal(put(tail, 1000, 72), "duplicate");
  assert.equal(put(tail, 1000, 75), "conflicting");
  assert.equal(put(tail, 1000, 75), "duplicate");
  assert.equal(put(tail, 1000, 78), "conflicting");
  assert.deepEqual(rows(tail), [
    [1000, 72, 0, 0],
    [1000, 75, 1, QUALITY.conflicting],
    [1000, 78, 2, QUALITY.conflicting],
  ]);
});

test("whatever the order of arrival, the tail is ordered by time and has each reading once", () => {
  const r = seeded();
  for (let n = 0; n < 60; n++) {
    const tail = new NumericTail();
    const expected = new Map<number, number[]>();
    let dropped = Number.NEGATIVE_INFINITY;
    let newest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < 400; k++) {
      const time = START + k + r.int(60);
      const value = r.int(4);
      newest = Math.max(newest, time);
      put(tail, time, value);
      const values = expected.get(time) ?? [];
      if (!values.includes(value)) values.push(value);
      expected.set(time, values);
      if (r.int(90) === 0) {
        dropped = START + k - r.int(20);
        tail.dropBefore(dropped);
        for (const t of expected.keys()) if (t < dropped) expected.delete(t);
      }
      assert.equal(tail.newestTime, newest);
      assert.equal(tail.newest?.time, newest);
    }
    const wanted = [...expected]
      .sort(([a], [b]) => a - b)
      .flatMap(([time, values]) => values.map((value, i) => [time, value, i]));
    assert.deepEqual(
      rows(tail).map((row) => row.slice(0, 3)),
      wanted,
    );
  }
});

test("the newest reading outlives the window", () => {
  const tail = new NumericTail();
  put(tail, 1000, 72);
  put(tail, 2000, 73);
  tail.dropBefore(10_000);
  assert.equal(tail.length, 0);
  assert.deepEqual(tail.newest, {
    time: 2000,
    value: 73,
    ordinal: 0,
    quality: 0,
    utcOffsetMinutes: null,
    receivedAt: 2005,
  });
  put(tail, 500, 60);
  assert.equal(tail.newest?.time, 2000, "a late reading does not become the newest");
});

test("merging late readings into a block equals having had them in order", () => {
  const r = seeded();
  for (let n = 0; n < 100; n++) {
    const all = new NumericTail();
    const early = new NumericTail();
    const late = new NumericTail();
    for (let k = 0; k < 60; k++) {
      const [time, value] = [r.int(30), r.int(3)];
      const part = k < 30 ? early : late;
      put(part, time, value);
      put(all, time, value);
    }
    const merged = mergeColumns(early.slice(-1, 99).columns, late.slice(-1, 99).columns);
    const wanted = all.slice(-1, 99).columns;
    assert.deepEqual([...merged.times], [...wanted.times]);
    assert.deepEqual([...merged.values], [...wanted.values]);
    assert.deepEqual([...merged.ordinals], [...wanted.ordinals]);
    assert.deepEqual([...merged.quality], [...wanted.quality]);
  }
});

test("cut anywhere, delivered in any order and more than once, a waveform joins to the same samples", () => {
  const r = seeded();
  for (let n = 0; n < 60; n++) {
    const whole = { ...randomRun(r, START, 2000), rateHz: r.pick([125, 250, 360]) };
    const edges = [
      START,
      ...Array.from({ length: 8 }, () => START + r.float() * (endOfRun(whole) - START)),
      endOfRun(whole),
    ].sort();
    const pieces = edges
      .slice(1)
      .map((to, i) => cutRun(whole, edges[i] as number, to))
      .filter((piece) => piece !== undefined);
    const tail = new WaveformTail();
    const shuffled = [...pieces, ...pieces]
      .map((piece) => ({ piece, order: r.float() }))
      .sort((a, b) => a.order - b.order);
    for (const { piece } of shuffled) tail.insert(piece);
    const joined = joinRuns(tail.overlapping(-Infinity, Infinity));
    assert.equal(joined.length, 1);
    assert.deepEqual(joined[0]?.samples, whole.samples);
    assert.equal(joined[0]?.quality, whole.quality);
  }
});

test("samples that contradict are kept beside, flagged, and once", () => {
  const first = { ...randomRun(seeded(5), START, 500), rateHz: 250, quality: 0 };
  const other = { ...first, samples: first.samples.map((sample) => sample + 1) };
  const runs = [first];
  assert.equal(addChunk(runs, other).length, 1);
  assert.equal(addChunk(runs, other).length, 0);
  assert.equal(addChunk(runs, first).length, 0);
  assert.deepEqual(
    runs.map((run) => run.quality),
    [0, QUALITY.conflicting],
  );
  assert.equal(joinRuns(runs).length, 2);
});

test("a gap stays a gap", () => {
  const first = { ...randomRun(seeded(5), START, 500), rateHz: 250 };
  const second = { ...first, start: endOfRun(first) + 8 };
  assert.equal(joinRuns([first, second]).length, 2);
  assert.equal(joinRuns([first, { ...first, start: endOfRun(first) + 0.4 }]).length, 1);
});

test("a start off by less than rounding is the same grid, and one off by a whole millisecond keeps its time", () => {
  // 50 Hz: every sample of the first stands on a whole millisecond, so that rounding explains nothing.
  const first = { ...randomRun(seeded(5), START, 500), rateHz: 50 };
  const end = endOfRun(first);
  for (const offMs of [-1, 1]) {
    const second = { ...first, start: end + offMs };
    for (const order of [
      [first, second],
      [second, first],
    ]) {
      const tail = new WaveformTail();
      for (const run of [...order, ...order]) tail.insert(run);
      const joined = joinRuns(tail.overlapping(-Infinity, Infinity));
      assert.deepEqual(
        joined.map(({ start, quality }) => [start, quality]),
        [
          [START, first.quality],
          [end + offMs, first.quality],
        ],
      );
    }
  }
  const again = { ...first, start: START + 1 };
  assert.equal(addChunk([first], again).length, 1, "the same samples a millisecond later are another reading of them");
  assert.equal(addChunk([first], { ...first, start: START + 0.9 }).length, 0);
});

test("the table of UUIDs gives the text of the bytes, however many there are", () => {
  const r = seeded();
  const table = new UuidTable();
  const known = Array.from({ length: 5000 }, (_, n) => {
    const hex = Array.from({ length: 32 }, (_, i) =>
      i < 8 ? "0" : n % 3 === 0 && i < 30 ? "a" : r.int(16).toString(16),
    ).join("");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  });
  for (let k = 0; k < 20_000; k++) {
    const uuid = r.pick(known);
    assert.equal(table.text(new DataView(uuidToBytes(uuid).buffer), 0), uuid);
  }
});
