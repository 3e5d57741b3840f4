import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { testSeed } from "../../packages/timeseries/testing/random.ts";
import { openTestDatabase, type TestDatabase } from "../../server/store/database/testing/database.ts";
import { postgresStore } from "./database/postgres.ts";
import { runHistory } from "./history.ts";
import { type Plan, planOf } from "./plan.ts";

const HISTORIES = 10;
/** Longer waits are mostly the sealer looking for work, and here each look is a real one. */
const WAIT_MS_MAX = 20 * 60_000;

function briefly(plan: Plan): Plan {
  const steps = plan.steps.map((step) => (step.do === "wait" ? { ...step, ms: Math.min(step.ms, WAIT_MS_MAX) } : step));
  return { ...plan, steps };
}

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

test(`${HISTORIES} histories go on PostgreSQL as they go on the model, and break no invariant`, async (t) => {
  const first = testSeed();
  t.diagnostic(`SEED=${first}`);
  for (let seed = first; seed < first + HISTORIES; seed++) {
    const plan = briefly(planOf(seed));
    const onPostgres = await runHistory(plan, { isTraced: true, store: (world) => postgresStore(database, world) });
    assert.equal(onPostgres.broken, undefined, `seed ${seed}:\n${onPostgres.trace.slice(-200).join("\n")}`);
    const onModel = await runHistory(plan, { isTraced: true });
    assert.deepEqual(onPostgres.trace, onModel.trace, `seed ${seed}: the model does not do what PostgreSQL does`);
  }
});
