import assert from "node:assert/strict";
import { test } from "node:test";
import { testSeed } from "../packages/timeseries/testing/random.ts";
import { edgeCampaign } from "./edge/campaign.ts";

test("a gateway is killed before and after its line comes back: the server has all that it acknowledged, once, and hears every call", async (t) => {
  const seed = testSeed();
  t.diagnostic(`SEED=${seed}`);
  const result = await edgeCampaign({
    kills: 4,
    rate: 1_000,
    messages: 3_000,
    calls: 5,
    seed,
    say: (line) => t.diagnostic(line),
  });
  t.diagnostic(JSON.stringify({ ...result, lost: result.lost.length, doubled: result.doubled.length }));
  assert.deepEqual(result.lost.slice(0, 5), [], `${result.lost.length} acknowledged readings are missing`);
  assert.deepEqual(result.doubled.slice(0, 5), [], `${result.doubled.length} readings are double`);
  assert.deepEqual(result.phantom.slice(0, 5), [], `${result.phantom.length} readings were never sent so`);
  assert.ok(result.keptInOutage >= 3_000 && result.acknowledged > result.keptInOutage, "the load did not run");
  // How quick it is belongs to the campaign, on a machine of its own; here every call must arrive at all.
  assert.equal(result.alarms.raised, 5);
});
