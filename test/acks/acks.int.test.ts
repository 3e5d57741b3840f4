import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { testSeed } from "../../packages/timeseries/testing/random.ts";
import { openTestDatabase, type TestDatabase } from "../../server/store/database/testing/database.ts";
import { ackCampaign } from "./campaign.ts";
import { plantedAcks } from "./plants.ts";

const MESSAGES = 3_000;

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

test(`${MESSAGES} messages over MQTT and HTTP: none is acknowledged before it is durable`, async (t) => {
  const seed = testSeed();
  t.diagnostic(`SEED=${seed}`);
  const result = await ackCampaign(database, { messages: MESSAGES, seed });
  t.diagnostic(JSON.stringify({ ...result, early: result.early.length }));
  assert.deepEqual(result.early.slice(0, 3), []);
  assert.equal(result.lost, 0);
  assert.ok(result.overMqtt >= (MESSAGES * 6) / 8 && result.overHttp >= (MESSAGES * 2) / 8);
  const { late, failed, answersLost, outages } = result.faults;
  assert.ok(late > 0 && failed + answersLost + outages > 0, "nothing went wrong, so nothing is proven");
});

for (const { what, plant } of plantedAcks) {
  test(`where ${what}, it is noticed`, async () => {
    const { early } = await ackCampaign(database, { messages: 20_000, seed: 7, plant });
    assert.ok(early.length > 0);
  });
}
