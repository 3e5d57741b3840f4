import assert from "node:assert/strict";
import { test } from "node:test";
import { NumericTail, TailMemory, type TailSlice } from "./index.ts";
import { ASSOCIATION, START, seeded } from "./testing/random.ts";

/** A run as it comes from a device: mostly in order, now and then late, repeated or contradicting. */
function randomRun(r: ReturnType<typeof seeded>, around: number) {
  const length = 1 + r.int(r.pick([1, 8, 60, 1500]));
  let time = around - (r.int(3) === 0 ? r.int(4000) : 0);
  const isRagged = r.int(4) === 0;
  const times = Float64Array.from({ length }, () => {
    time += isRagged ? r.int(5) - 2 : 1 + r.int(3);
    return time;
  });
  const values = Float64Array.from(times, () => r.int(3));
  const quality = Uint8Array.from(times, () => r.int(2) * 8);
  return {
    times,
    values,
    quality,
    utcOffsetMinutes: r.pick([null, 60]),
    receivedAt: around,
    associationId: ASSOCIATION,
  };
}

const plain = ({ columns, associations, associationIds }: TailSlice) => ({
  times: [...columns.times],
  values: [...columns.values],
  quality: [...columns.quality],
  ordinals: [...columns.ordinals],
  receivedAt: [...columns.receivedAt],
  utcOffsets: [...columns.utcOffsets],
  associations: Array.from(associations, (i) => associationIds[i]),
});

test("readings put in as runs are the same as one by one, also where chunks are cut, dropped and used again", () => {
  const r = seeded();
  const memory = new TailMemory();
  for (let n = 0; n < 40; n++) {
    const [runs, single] = [new NumericTail(memory), new NumericTail(new TailMemory())];
    let around = START;
    for (let k = 0; k < 30; k++) {
      around += r.int(3000);
      const run = randomRun(r, around);
      const { times, values, quality, utcOffsetMinutes, receivedAt } = run;
      for (let i = 0; i < times.length; i++)
        single.insert(times[i] ?? 0, values[i] ?? 0, quality[i] ?? 0, utcOffsetMinutes, receivedAt, ASSOCIATION);
      for (let i = 0; i < times.length; ) {
        const taken = runs.insertRun(run, i);
        if (taken === 0)
          runs.insert(times[i] ?? 0, values[i] ?? 0, quality[i] ?? 0, utcOffsetMinutes, receivedAt, ASSOCIATION);
        i += Math.max(1, taken);
      }
      if (r.int(6) === 0) for (const tail of [runs, single]) tail.dropBefore(around - 2000);
      const [from, to] = [around - r.int(6000), around + r.int(2000)];
      assert.deepEqual(plain(runs.slice(from, to)), plain(single.slice(from, to)));
      const peeked: number[] = [];
      runs.peek(from, to, (some) => peeked.push(...some));
      assert.deepEqual(peeked, [...single.slice(from, to).columns.times]);
    }
    assert.deepEqual(plain(runs.slice(-Infinity, Infinity)), plain(single.slice(-Infinity, Infinity)));
    assert.equal(runs.length, single.length);
    assert.deepEqual(runs.newest, single.newest);
    runs.dropBefore(around + 10_000);
    assert.deepEqual(runs.newest, single.newest, "also when nothing is left");
  }
  assert.equal(memory.used, 0, "everything was given back");
});

test("a slice is a copy: what is dropped and used again by another stream does not change it", () => {
  const memory = new TailMemory();
  const [mine, other] = [new NumericTail(memory), new NumericTail(memory)];
  for (let i = 0; i < 100; i++) mine.insert(START + i, 70, 0, null, START, ASSOCIATION);
  const { columns } = mine.slice(START, START + 100);
  const { newest } = mine;
  mine.dropBefore(START + 1000);
  for (let i = 0; i < 200; i++) other.insert(START + i, 130, 0, null, START, ASSOCIATION);
  assert.ok(columns.values.every((value) => value === 70));
  assert.equal(newest?.value, 70);
  assert.equal(mine.newest?.value, 70);
});

test("memory is counted as chunks are taken and given back, and a stream of few readings takes little", () => {
  const memory = new TailMemory(1_000_000);
  const tail = new NumericTail(memory);
  tail.insert(START, 70, 0, null, START, ASSOCIATION);
  assert.equal(memory.used, 16 * 32);
  for (let i = 1; i < 5000; i++) tail.insert(START + i, 70, 0, null, START, ASSOCIATION);
  assert.ok(memory.used >= 5000 * 32 && memory.used < 6100 * 32, `${memory.used} bytes`);
  assert.equal(memory.free, 1_000_000 - memory.used);
  tail.dropBefore(START + 4990);
  assert.ok(memory.used <= 1024 * 32, `${memory.used} bytes`);
  tail.clear();
  assert.equal(memory.used, 0);
});
