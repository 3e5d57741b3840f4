import assert from "node:assert/strict";
import { test } from "node:test";
import { testSeed } from "../packages/timeseries/testing/random.ts";
import { ACKS_BETWEEN_KILLS, killCampaign } from "./support/kill-campaign.ts";

test("kill -9 ten times under 2,000 messages a second, batches and HL7: nothing acknowledged is missing, nothing is double", async (t) => {
  const seed = testSeed();
  t.diagnostic(`SEED=${seed}`);
  const result = await killCampaign({ kills: 10, rate: 2_000, seed, say: (line) => t.diagnostic(line) });
  t.diagnostic(JSON.stringify({ ...result, lost: result.lost.length, doubled: result.doubled.length }));
  assert.deepEqual(result.lost.slice(0, 5), [], `${result.lost.length} acknowledged readings are missing`);
  assert.deepEqual(result.doubled.slice(0, 5), [], `${result.doubled.length} readings are double`);
  assert.deepEqual(result.phantom.slice(0, 5), [], `${result.phantom.length} readings were never sent so`);
  assert.ok(result.acknowledged >= 10 * ACKS_BETWEEN_KILLS, "the load did not run");
  assert.ok(result.batches > 0, "no batch was acknowledged");
  assert.ok(result.messages > 0, "no message of HL7 was acknowledged");
  const { moves, damaged, unknown } = result.archive;
  assert.ok(moves > 0, "nothing was archived: the campaign does not do what it says");
  assert.deepEqual({ damaged, unknown }, { damaged: 0, unknown: 0 });
  // How quick it is belongs to the campaign, on a machine of its own; here it must come back at all.
  assert.equal(result.acceptingAgainMs.length, 10);
});
