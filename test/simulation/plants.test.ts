import assert from "node:assert/strict";
import { test } from "node:test";
import { modelDatabase } from "./database/model.ts";
import { DAY_RULES } from "./database/model-days.ts";
import { runHistory } from "./history.ts";
import { planOf } from "./plan.ts";
import { plantedFaults } from "./plants.ts";
import { chosen, shrink } from "./shrink.ts";
import { INVARIANTS } from "./world.ts";

const SEEDS = 80;

for (const { what, breaks, plant, dayRules, seen = 1 } of plantedFaults) {
  test(`where ${what}, it is noticed: ${INVARIANTS[breaks]}`, async (t) => {
    const others: string[] = [];
    // Every one of them, but first the one that broke it the last time.
    for (let i = 0; i < SEEDS; i++) {
      const seed = ((seen - 1 + i) % SEEDS) + 1;
      const { broken } = await runHistory(planOf(seed), {
        plant,
        store: async () => modelDatabase({ ...DAY_RULES, ...dayRules }),
      });
      if (broken?.invariant === breaks) {
        t.diagnostic(`seed ${seed}${others.length > 0 ? `, after ${others}` : ""}: ${broken.message.slice(0, 200)}`);
        return;
      }
      if (broken) others.push(broken.invariant);
    }
    assert.fail(`${SEEDS} histories did not break it; others: ${others}`);
  });
}

test("every invariant has a planted fault that breaks it", () => {
  const broken = new Set(plantedFaults.map(({ breaks }) => breaks));
  assert.deepEqual([...broken].sort(), Object.keys(INVARIANTS).sort());
});

test("a failure is shortened to few steps, which break the same invariant again", async () => {
  const plant = plantedFaults.find(({ what }) => what === "the watermark runs ahead")?.plant;
  assert.ok(plant);
  for (let seed = 1; seed <= SEEDS; seed++) {
    const plan = planOf(seed);
    const outcome = await runHistory(plan, { plant });
    if (outcome.broken?.invariant !== "watermark") continue;
    const { steps, outcome: shortest } = await shrink(plan, outcome, { plant }, 60);
    assert.ok(steps.length < plan.steps.length / 4, `${steps.length} of ${plan.steps.length} steps are left`);
    const again = await runHistory(chosen(plan, steps), { plant, isTraced: true });
    assert.equal(again.broken?.invariant, "watermark");
    assert.deepEqual(again.trace, shortest.trace);
    return;
  }
  assert.fail(`${SEEDS} histories did not break it`);
});
