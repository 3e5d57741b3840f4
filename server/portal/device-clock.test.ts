import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClockState } from "@openward/model";
import { createWorld } from "./testing/world.ts";

const flagged: ClockState = {
  organisationId: "018f0000-0000-7000-8000-0000000000aa",
  deviceId: "strap-1",
  sequence: 4,
  decidedAt: 1_000,
  kind: "step",
  leadsTo: "flagged",
  isCertain: false,
  from: 500,
  after: 400,
  appliesFrom: null,
  at: 900,
  aheadMs: -600_000,
  drift: 0,
  driftBound: 0.001,
  belowMs: 10,
  aboveMs: 2_000,
  sightings: 9,
};

test("of a clock that is only marked whoever looks after devices says whether it is wrong, with a reason", async () => {
  const { call, asked, devices } = await createWorld();
  await call("token administrator", "POST", "/api/devices", { id: "strap-1", display: "Strap", type: "generic" });
  const url = "/api/devices/strap-1/clock";
  const body = { seen: 4, leadsTo: "kept", reason: "It showed the time of the ward clock." };
  assert.equal((await call("token nurse", "POST", url, body)).status, 403);
  assert.equal((await call("token administrator", "POST", "/api/devices/none/clock", body)).status, 404);
  assert.equal((await call("token administrator", "POST", url, body)).status, 409, "nothing is known of it");
  const record = devices.get("strap-1") ?? assert.fail();
  devices.set("strap-1", { ...record, clock: flagged });
  for (const wrong of [
    { ...body, reason: " " },
    { ...body, leadsTo: "quarantined" },
  ])
    assert.equal((await call("token administrator", "POST", url, wrong)).status, 422);
  const told = await call("token clinical-engineer", "POST", url, body);
  assert.equal(told.status, 200);
  assert.deepEqual([told.body.clock.sequence, told.body.clock.byPerson, told.body.clock.because], [4, false, null]);
  const [, decision] = asked.find((entry) => Array.isArray(entry) && entry[0] === "decide clock") as [string, object];
  assert.partialDeepStrictEqual(decision, { deviceId: "strap-1", seen: 4, leadsTo: "kept", because: body.reason });
});
