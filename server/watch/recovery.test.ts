import assert from "node:assert/strict";
import { test } from "node:test";
import { START, type World, world } from "./testing/world.ts";

const LOW = { signal: "spo2", low: 90, delayMs: 10_000 };

async function bedside(): Promise<World> {
  const w = await world();
  await w.set(LOW);
  return w;
}

/** One value each second. */
function say(w: World, values: readonly number[]): void {
  for (const value of values) {
    w.runtime.advance(1_000);
    w.read("spo2", value);
  }
}

const low = (w: World) => w.shown.filter(({ rule }) => rule === "limit-low");

test("while the journal is read back, an alarm is raised from what is heard, and goes on as one afterwards", async () => {
  const w = await bedside();
  say(w, [97, 97]);
  await w.restartUnread();
  say(w, Array(12).fill(80));
  const [raised] = w.open("limit-low");
  assert.ok(raised, "it does not wait for the journal");
  w.readBack();
  say(w, [80, 80]);
  assert.deepEqual(
    w.open("limit-low").map(({ id }) => id),
    [raised.id],
  );
  say(w, [97]);
  assert.deepEqual(w.open("limit-low"), []);
  assert.equal(new Set(low(w).map(({ id }) => id)).size, 1, "one alarm, once");
});

test("a delay that ran before the start goes on when the journal has been read", async () => {
  const w = await bedside();
  say(w, [97, ...Array(8).fill(80)]);
  await w.restartUnread();
  say(w, [80, 80, 80]);
  assert.deepEqual(w.open("limit-low"), [], "by itself it has lasted two seconds");
  w.readBack();
  const [raised] = w.open("limit-low");
  assert.equal(raised?.onsetAt, START + 2_000, "it began before the start");
});

test("an alarm that came and went while the journal was read back does not ring again", async () => {
  const w = await bedside();
  say(w, [97, ...Array(5).fill(80)]);
  await w.restartUnread();
  say(w, [...Array(12).fill(80), 97, 97]);
  assert.equal(low(w).at(-1)?.state, "resolved");
  w.readBack();
  say(w, [97]);
  assert.deepEqual(w.open("limit-low"), []);
  assert.equal(new Set(low(w).map(({ id }) => id)).size, 1, "the same breach is one alarm");
});

test("an open alarm is not ended by a reading that is older than it, before the journal was read or after", async () => {
  const w = await bedside();
  say(w, [97, ...Array(12).fill(80)]);
  await w.settle();
  const [raised] = w.open("limit-low");
  assert.ok(raised);
  await w.restartUnread();
  w.runtime.advance(1_000);
  w.read("spo2", 97, { time: raised.onsetAt - 500 });
  assert.equal(w.open("limit-low").length, 1);
  w.readBack();
  assert.equal(w.open("limit-low")[0]?.id, raised.id);
  say(w, [97]);
  assert.deepEqual(w.open("limit-low"), []);
});

test("a stream that fell silent before the start is missed when the journal has been read", async () => {
  const w = await bedside();
  say(w, [97, 97, 97]);
  await w.restartUnread();
  w.runtime.advance(20_000);
  w.readBack();
  w.runtime.advance(20_000);
  assert.equal(w.open("missing-data").length, 1);
});

test("what came before and since is judged as a start would that finds all of it in the journal", async () => {
  for (let before = 0; before <= 14; before++) {
    const values = [...Array(before).fill(80), ...Array(14 - before).fill(97), ...Array(14).fill(80)];
    for (const split of [3, 9, 15, 21, 27]) {
      const beside = await bedside();
      say(beside, values.slice(0, split));
      await beside.settle();
      await beside.restartUnread();
      say(beside, values.slice(split));
      await beside.settle();
      beside.readBack();
      const after = await bedside();
      say(after, values);
      await after.settle();
      await after.restart();
      const states = (w: World) => w.open().map(({ rule, state }) => `${rule} ${state}`);
      assert.deepEqual(states(beside), states(after), `${before} low at first, a start after ${split}`);
    }
  }
});
