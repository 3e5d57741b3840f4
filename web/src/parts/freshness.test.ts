import assert from "node:assert/strict";
import { test } from "node:test";
import { freshnessOf } from "./freshness.ts";

const NOW = Date.UTC(2026, 10, 22, 12, 35, 0);
const ago = (ms: number, lateBy = 0) => ({ at: NOW - ms, receivedAt: NOW - ms + lateBy });

test("a value within three expected intervals is live", () => {
  assert.equal(freshnessOf(ago(29_000), 10_000, NOW, "UTC").state, "live");
});

test("a value older than three expected intervals is stale and says its age", () => {
  assert.deepEqual(freshnessOf(ago(4 * 60_000), 10_000, NOW, "UTC"), { state: "stale", text: "12:31, 4 min ago" });
  assert.equal(freshnessOf(ago(31_000), 10_000, NOW, "UTC").state, "stale");
});

test("a fast stream is not called silent within five seconds", () => {
  assert.equal(freshnessOf(ago(4_000), 1_000, NOW, "UTC").state, "live");
  assert.equal(freshnessOf(ago(5_100), 1_000, NOW, "UTC").state, "stale");
});

test("an on-demand value is never grey, and says its age after ten minutes", () => {
  assert.deepEqual(freshnessOf(ago(9 * 60_000), null, NOW, "UTC"), { state: "on-demand", text: "12:26" });
  assert.deepEqual(freshnessOf(ago(14 * 60_000), null, NOW, "UTC"), { state: "on-demand", text: "12:21, 14 min ago" });
});

test("what a device stored and sent an hour later is stale when it comes", () => {
  assert.equal(freshnessOf(ago(3_600_000, 3_600_000), 1_000, NOW, "UTC").state, "stale");
});

test("a device clock half a minute slow does not grey a value that just came", () => {
  assert.equal(freshnessOf(ago(30_000, 30_000), 1_000, NOW, "UTC").state, "live");
});

test("no reading is absent, not zero", () => {
  assert.equal(freshnessOf(null, 1_000, NOW, "UTC").state, "absent");
});
