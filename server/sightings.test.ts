import assert from "node:assert/strict";
import { test } from "node:test";
import { manualRuntime } from "@openward/runtime/manual";
import { createSightings } from "./sightings.ts";

test("a device was last seen when it last spoke, before a restart or after", () => {
  const runtime = manualRuntime(100_000);
  const stream = { deviceId: "ox-1" };
  const sightings = createSightings(runtime.clock, [
    { stream, receivedAt: 90_000 },
    { stream, receivedAt: 95_000 },
    { stream, receivedAt: 80_000 },
  ]);
  assert.deepEqual([sightings.lastSeenAt("ox-1"), sightings.lastSeenAt("ox-2")], [95_000, undefined]);
  runtime.advance(1_000);
  sightings.saw("ox-1");
  assert.equal(sightings.lastSeenAt("ox-1"), 101_000);
  sightings.saw("ox-1", 60_000);
  sightings.saw("ox-3", 60_000);
  assert.deepEqual(
    [sightings.lastSeenAt("ox-1"), sightings.lastSeenAt("ox-3")],
    [101_000, 60_000],
    "a backlog is of before",
  );
});
