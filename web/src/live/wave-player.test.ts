import assert from "node:assert/strict";
import { test } from "node:test";
import { createWavePlayer, type WavePlayer } from "./wave-player.ts";

const RATE = 250;
const chunkAt = (start: number, samples: (number | null)[]) => ({
  start,
  rateHz: RATE,
  scale: 0.01,
  origin: 1,
  samples,
});
const ramp = (n: number, from = 0) => Array.from({ length: n }, (_, i) => from + i);

/** Runs frames of 20 ms; chunks of 250 ms arrive when `arrivals` says. */
function run(player: WavePlayer, ms: number, onFrame?: (t: number) => void) {
  const points: { at: number; value: number }[] = [];
  let screen = 0;
  for (let t = 0; t < ms; t += 20) {
    onFrame?.(t);
    screen = player.advance(20, (at, value) => points.push({ at, value }));
  }
  return { points, screen };
}

/** A device that sends a quarter of a second every quarter of a second, `late` ms after its turn. */
function steady(player: WavePlayer, lateMs: (i: number) => number) {
  const queue = Array.from({ length: 200 }, (_, i) => ({
    due: (i + 1) * 250 + lateMs(i),
    chunk: chunkAt(1_000_000 + i * 250, ramp(62.5 * 4 * 0.25, i * 62)),
  }));
  return (t: number) => {
    while (queue[0] && queue[0].due <= t) player.push(queue.shift()!.chunk);
  };
}

test("values are sample x scale + origin, and all of them are drawn in order", () => {
  const player = createWavePlayer();
  player.push(chunkAt(5_000, ramp(250)));
  const { points } = run(player, 2_500);
  const drawn = points.filter((p) => !Number.isNaN(p.value));
  assert.equal(drawn.length, 250);
  assert.ok(Math.abs(drawn[10]!.value - 1.1) < 1e-6);
  assert.ok(drawn.every((p, i) => i === 0 || p.at > drawn[i - 1]!.at));
});

test("drawing begins after seven tenths of a second and keeps real time", () => {
  const player = createWavePlayer();
  player.push(chunkAt(0, ramp(500)));
  assert.equal(run(player, 680).points.length, 0);
  const { points } = run(player, 1_000);
  assert.ok(Math.abs(points.length - 250) <= 10, `${points.length} samples in a second`);
});

test("chunks up to half a second late leave no gap", () => {
  const player = createWavePlayer();
  const feed = steady(player, (i) => (i % 5 === 0 ? 500 : 0));
  const { points } = run(player, 30_000, feed);
  assert.ok(points.every((p) => !Number.isNaN(p.value)));
});

test("missing samples lift the pen, and time passes blank", () => {
  const player = createWavePlayer();
  player.push(chunkAt(0, [...ramp(100), ...Array<null>(50).fill(null), ...ramp(100)]));
  const { points } = run(player, 2_500);
  const gap = points.findIndex((p) => Number.isNaN(p.value));
  assert.equal(gap, 100);
  const after = points[gap + 1]!;
  assert.ok(Math.abs(after.at - points[gap - 1]!.at - 51 * 4) < 10);
});

test("a missing chunk is a gap of its length", () => {
  const player = createWavePlayer();
  player.push(chunkAt(0, ramp(125)));
  player.push(chunkAt(1_000, ramp(125)));
  const { points } = run(player, 3_000);
  const gap = points.findIndex((p) => Number.isNaN(p.value));
  assert.ok(Math.abs(points[gap + 1]!.at - points[gap - 1]!.at - 504) < 20);
});

test("the same chunk twice is drawn once", () => {
  const player = createWavePlayer();
  player.push(chunkAt(0, ramp(250)));
  player.push(chunkAt(0, ramp(250)));
  assert.equal(run(player, 3_000).points.filter((p) => !Number.isNaN(p.value)).length, 250);
});

test("a page that was hidden catches up with a gap and not with old data", () => {
  const player = createWavePlayer();
  player.push(chunkAt(0, ramp(250)));
  run(player, 1_000);
  for (let i = 1; i <= 60; i++) player.push(chunkAt(i * 1_000, ramp(250)));
  const { points } = run(player, 100);
  assert.ok(points.filter((p) => !Number.isNaN(p.value)).length < 60);
});

test("a stream that stops leaves the sweep blank after a moment", () => {
  const player = createWavePlayer();
  player.push(chunkAt(0, ramp(250)));
  const { points, screen } = run(player, 10_000);
  assert.equal(Number.isNaN(points.at(-1)!.value), true);
  assert.ok(screen > 6_000);
});

test("a device clock set back by an hour starts the trace afresh", () => {
  const player = createWavePlayer();
  player.push(chunkAt(7_200_000, ramp(250)));
  run(player, 2_000);
  player.push(chunkAt(3_600_000, ramp(250)));
  assert.ok(run(player, 3_000).points.filter((p) => !Number.isNaN(p.value)).length === 250);
});
