import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openTestDatabase, type TestDatabase } from "../../server/store/database/testing/database.ts";
import { postgresStore } from "./database/postgres.ts";
import { runHistory } from "./history.ts";
import { planOf } from "./plan.ts";

const HISTORIES = 10;

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

test(`${HISTORIES} histories go on PostgreSQL as they go on the model, and break no invariant`, async (t) => {
  const first = Number(process.env.SEED ?? Date.now() % 1_000_000_000);
  t.diagnostic(`SEED=${first}`);
  for (let seed = first; seed < first + HISTORIES; seed++) {
    const plan = planOf(seed);
    const onPostgres = await runHistory(plan, { isTraced: true, store: (world) => postgresStore(database, world) });
    assert.equal(onPostgres.broken, undefined, `seed ${seed}:\n${onPostgres.trace.slice(-200).join("\n")}`);
    const onModel = await runHistory(plan, { isTraced: true });
    assert.deepEqual(onPostgres.trace, onModel.trace, `seed ${seed}: the model does not do what PostgreSQL does`);
  }
});
