import assert from "node:assert/strict";
import { test } from "node:test";
import { testSeed } from "../packages/timeseries/testing/random.ts";
import { type EdgeHistory, edgeHistory } from "./testing/edge.ts";

const HOUR_MS = 3_600_000;
const seed = testSeed() % 1_000_000;
const short: EdgeHistory = { seed, devices: 4, everyMs: 5_000, outageMs: 2 * HOUR_MS, cuts: 16 };

test(`through hours without a line and ${short.cuts} power cuts nothing is lost and nothing is double, and what is live comes first (seed ${seed})`, async (t) => {
  const result = await edgeHistory(short);
  t.diagnostic(
    JSON.stringify({
      ...result,
      lost: result.lost.length,
      doubled: result.doubled.length,
      phantom: result.phantom.length,
    }),
  );
  assert.deepEqual(result.lost, []);
  assert.deepEqual(result.doubled, []);
  assert.deepEqual(result.phantom, []);
  assert.equal(result.acknowledged, result.sent);
  assert.equal(result.stored, result.sent);
  assert.equal(result.cuts, short.cuts);
  assert.ok(result.cutsInBackfill > 0 && result.again > 0, "the history has no teeth");
  assert.ok(result.liveMs.count >= 5, "nothing live was measured");
  assert.ok(result.liveMs.p99 <= 2_000, `${result.liveMs.p99} ms`);
});

const faults: readonly [NonNullable<EdgeHistory["plant"]>, string, "lost" | "doubled"][] = [
  ["early", "answers before the flush", "lost"],
  ["careless", "gives up what was not confirmed", "lost"],
  ["forgetful", "forgets what was delivered", "doubled"],
];
for (const [plant, what, shown] of faults) {
  test(`an edge that ${what} is found (seed ${seed})`, async () => {
    const result = await edgeHistory({ ...short, outageMs: HOUR_MS, cuts: 40, plant });
    assert.ok(result[shown].length > 0);
  });
}
