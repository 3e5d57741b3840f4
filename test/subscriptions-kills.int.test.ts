import assert from "node:assert/strict";
import { test } from "node:test";
import { faultsOf, subscriptionsCampaign } from "./subscriptions/campaign.ts";

const SEED = Number(process.env.SEED ?? 20261128);

// The long form is npm run campaign:subscriptions -- 10; a hundred kills on a clock of its own are in server/feeds/subscriptions.
test(`kill -9 under load, a receiver that answers anything, one that is away and one that loses messages: nothing is missed (seed ${SEED})`, async (t) => {
  const result = await subscriptionsCampaign({ kills: 1, seed: SEED, awayMs: 0, say: (line) => t.diagnostic(line) });
  t.diagnostic(JSON.stringify({ ...result, faults: result.faults.length }));
  assert.deepEqual(result.faults.slice(0, 5), []);
  assert.ok(result.acknowledged > 20 && result.events >= 3 * result.acknowledged, "everybody was told of everything");
});

test("one that is left out, two that are swapped, and one that comes late are found", () => {
  const time = (i: number) => 1_764_000_000_000 + i * 1_000;
  const focus = (at: number) => `Observation/r${"0".repeat(32)}${at.toString(36).padStart(9, "0")}0`;
  const events = [0, 1, 2, 3].map((i) => ({ number: i + 1, focus: focus(time(i)), at: undefined }));
  const expected = [[0, 1, 2, 3].map(time)];
  const [a, b, c, d] = events;
  assert.ok(a && b && c && d);
  assert.deepEqual(faultsOf("x", [...events, c], expected, 4), [], "twice is once");
  assert.match(faultsOf("x", [a, b, d], expected, 4).join(), /4 came behind 2.*never came/);
  assert.match(faultsOf("x", [a, c, b, d], expected, 4).join(), /came behind/);
  const swapped = [a, { ...b, focus: c.focus }, { ...c, focus: b.focus }, d];
  assert.match(faultsOf("x", swapped, expected, 4).join(), /came too late/);
});
