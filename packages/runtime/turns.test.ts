import assert from "node:assert/strict";
import { test } from "node:test";
import { manualRuntime } from "./manual.ts";
import { createTurns } from "./turns.ts";

/** Pieces of work that take as long as is said, in several answers at once; what a turn of the loop took, each. */
async function worked(answers: number, pieces: number, pieceMs: number): Promise<{ took: number[]; order: string[] }> {
  const { timers, pending, step } = manualRuntime();
  let now = 0;
  let turnBegan = 0;
  const took: number[] = [];
  const order: string[] = [];
  const turn = createTurns({ clock: { monotonic: () => now }, timers });
  const answer = async (name: string) => {
    for (let piece = 0; piece < pieces; piece++) {
      await turn();
      now += pieceMs;
      order.push(name);
    }
  };
  const done = Promise.all(Array.from({ length: answers }, (_, n) => answer(String(n))));
  // All microtasks are over: what comes then is another turn of the loop.
  for (await new Promise(setImmediate); pending() > 0; await new Promise(setImmediate)) {
    took.push(now - turnBegan);
    turnBegan = now;
    step();
  }
  await done;
  took.push(now - turnBegan);
  return { took, order };
}

test("long work gives way in time, however many answers are made at once", async () => {
  for (const answers of [1, 2, 7]) {
    const { took, order } = await worked(answers, 40, 3);
    assert.equal(order.length, answers * 40);
    const [first = 0, ...others] = took;
    // Those that begin at the same moment are told to go on before any of them has done something.
    assert.ok(first <= 8 + answers * 3, `the first turn took ${first} ms with ${answers} at once`);
    assert.ok(Math.max(...others) <= 8 + 3, `a turn of ${Math.max(...others)} ms with ${answers} at once`);
  }
});

test("short work is not kept waiting, also when the last was long ago", async () => {
  const { timers, advance, pending } = manualRuntime();
  let now = 0;
  const turn = createTurns({ clock: { monotonic: () => now }, timers });
  for (let n = 0; n < 100; n++) {
    // Nothing but `turn` could let it go on.
    for (let piece = 0; piece < 4; piece++) await turn();
    advance(0);
    assert.equal(pending(), 0);
    now += 1_000;
  }
});

test("who waits goes on in the order in which they asked", async () => {
  const { order } = await worked(3, 4, 20);
  // The first piece of each asks at the same moment; after that one of each, in turn.
  assert.equal(order.slice(-9).join(""), "012012012");
});
