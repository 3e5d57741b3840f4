import assert from "node:assert/strict";
import { test } from "node:test";
import { ACKS_MIN, databaseKilled, diskFull, type OutageResult } from "./support/outages.ts";

// Short forms; npm run campaign:outages has the long ones.
const CANNOT_MOUNT = "a small file system can be mounted by root only, and not in every container";

function assertNothingLost(result: OutageResult): void {
  assert.deepEqual(result.lost.slice(0, 5), [], `${result.lost.length} acknowledged readings are missing`);
  assert.deepEqual(result.doubled.slice(0, 5), [], `${result.doubled.length} readings are double`);
  assert.deepEqual(result.phantom.slice(0, 5), [], `${result.phantom.length} readings were never sent so`);
  assert.ok(result.acknowledged >= ACKS_MIN, `only ${result.acknowledged} were acknowledged: the load did not run`);
}

test("the disk fills up: the ward says so, acks stop in order while alarms ring, and all goes on when there is room", async (t) => {
  const result = await diskFull({ hasFloor: true, seconds: 1 }, { rate: 500, say: (line) => t.diagnostic(line) });
  if (!result) return t.skip(CANNOT_MOUNT);
  assertNothingLost(result);
});

test("the database is killed and cannot start for a while: acks come from the spool, and nothing is lost", async (t) => {
  const result = await databaseKilled(3, { rate: 500, say: (line) => t.diagnostic(line) });
  assertNothingLost(result);
  assert.ok(result.acknowledgedMeanwhile >= ACKS_MIN, `${result.acknowledgedMeanwhile} were acknowledged meanwhile`);
});
