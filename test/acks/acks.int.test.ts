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

test(`${MESSAGES} messages over MQTT, HTTP and MLLP: none is acknowledged before it is durable`, async (t) => {
  const seed = testSeed();
  t.diagnostic(`SEED=${seed}`);
  // A slow machine puts many messages into one commit, and of few commits none may meet a fault: then once more.
  let [late, harmed] = [0, 0];
  for (let more = 0; late === 0 || harmed === 0; more++) {
    assert.ok(more < 20, "nothing went wrong, so nothing is proven");
    const result = await ackCampaign(database, { messages: MESSAGES, seed: seed + more });
    t.diagnostic(JSON.stringify({ ...result, early: result.early.length }));
    assert.deepEqual(result.early.slice(0, 3), []);
    assert.equal(result.lost, 0);
    assert.ok(result.overMqtt >= (MESSAGES * 6) / 10 && result.overHttp >= (MESSAGES * 2) / 10);
    assert.ok(result.overMllp >= (MESSAGES * 2) / 10);
    const { failed, answersLost, outages } = result.faults;
    late += result.faults.late;
    harmed += failed + answersLost + outages;
  }
});

for (const { what, plant } of plantedAcks) {
  test(`where ${what}, it is noticed`, async () => {
    const { early } = await ackCampaign(database, { messages: 20_000, seed: 7, plant });
    assert.ok(early.length > 0);
  });
}
