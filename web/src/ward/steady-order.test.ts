import assert from "node:assert/strict";
import { test } from "node:test";
import { HOLD_MS, type Steady, steadyOrder } from "./steady-order.ts";

const shown: Steady = { order: ["a", "b", "c"], heldSince: null };

test("the wall is sorted at once when nobody points at it", () => {
  assert.deepEqual(steadyOrder(shown, ["c", "a", "b"], false, 0).order, ["c", "a", "b"]);
});

test("no tile moves under a pointer, for a bounded time", () => {
  const held = steadyOrder(shown, ["c", "a", "b"], true, 1_000);
  assert.deepEqual(held, { order: ["a", "b", "c"], heldSince: 1_000 });
  const still = steadyOrder(held, ["b", "c", "a"], true, 1_000 + HOLD_MS - 1);
  assert.deepEqual(still.order, ["a", "b", "c"], "another change does not begin the time anew");
  assert.deepEqual(steadyOrder(still, ["b", "c", "a"], true, 1_000 + HOLD_MS).order, ["b", "c", "a"]);
});

test("who comes stands last while the order is held, and who has gone is gone", () => {
  assert.deepEqual(steadyOrder(shown, ["d", "c", "a"], true, 0).order, ["a", "c", "d"]);
});

test("when the order is what is shown again, the next hold has its whole time", () => {
  const held = steadyOrder(shown, ["c", "a", "b"], true, 0);
  const back = steadyOrder(held, ["a", "b", "c"], true, 5_000);
  assert.equal(back.heldSince, null);
  assert.equal(steadyOrder(back, ["c", "a", "b"], true, 9_000).heldSince, 9_000);
});
