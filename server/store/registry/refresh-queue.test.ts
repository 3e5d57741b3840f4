import assert from "node:assert/strict";
import { test } from "node:test";
import { createRefreshQueue, createTurns } from "./refresh-queue.ts";

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

test("a caller during a load gets a load that began after the call, and callers share it", async () => {
  const refresh = createRefreshQueue();
  const began: number[] = [];
  const gates: PromiseWithResolvers<void>[] = [];
  let written = 1;
  const load = () => {
    began.push(written);
    const gate = Promise.withResolvers<void>();
    gates.push(gate);
    return gate.promise;
  };
  const first = refresh("device a", load);
  written = 2;
  const second = refresh("device a", load);
  const third = refresh("device a", load);
  assert.deepEqual(began, [1]);
  gates[0]?.resolve();
  await first;
  await settled();
  assert.deepEqual(began, [1, 2]);
  gates[1]?.resolve();
  await Promise.all([second, third]);
  assert.equal(gates.length, 2);
});

test("a load that fails does not hold up the next one", async () => {
  const refresh = createRefreshQueue();
  const failing = refresh("a", () => Promise.reject(new Error("no database")));
  let ran = false;
  const next = refresh("a", async () => {
    ran = true;
  });
  await assert.rejects(failing, /no database/);
  await next;
  assert.ok(ran);
});

test("the load of everything waits for single loads and they wait for it", async () => {
  const turns = createTurns();
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  const single = turns.together(async () => {
    await gate.promise;
    order.push("single");
  });
  const everything = turns.alone(async () => {
    order.push("all");
  });
  const late = turns.together(async () => {
    order.push("late");
  });
  await settled();
  assert.deepEqual(order, []);
  gate.resolve();
  await Promise.all([single, everything, late]);
  assert.deepEqual(order, ["single", "all", "late"]);
});
