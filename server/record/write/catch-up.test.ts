import assert from "node:assert/strict";
import { test } from "node:test";
import { OutsideTrouble } from "@openward/errors";
import { manualRuntime } from "@openward/runtime/manual";
import { type CatchUpDeps, keepInLine } from "./catch-up.ts";

/** What the server had written and not yet taken when it stopped. */
const row = (id: string, at: number) => ({
  ...{ id, at, organisationId: "o", patientId: "p", deviceId: `device of ${id}`, resourceId: null },
  body: `[{"resourceType":"Observation","id":"${id}"}]`,
});

function deps(rows: ReturnType<typeof row>[], accept: (deviceId: string) => void) {
  const runtime = manualRuntime(1_000_000);
  const struck: string[] = [];
  const overlays = {
    untaken: async () => rows.filter(({ id }) => !struck.includes(id)),
    taken: (id: string) => void struck.push(id),
    patients: async () => [],
  };
  const forms = { untaken: async () => [], caughtUp: () => {} };
  const given = {
    written: { overlays, forms },
    intake: {
      async accept({ deviceId }: { deviceId: string }) {
        accept(deviceId);
        return { quarantined: [] };
      },
    },
    amendments: { onAmended: () => {} },
    baseOf: () => "http://ward.example/fhir",
    clock: runtime.clock,
    timers: runtime.timers,
    report: (error: unknown) => assert.ok(error instanceof OutsideTrouble, String(error)),
  };
  return { runtime, struck, given: given as unknown as CatchUpDeps }; // all that is asked for
}

test("what was written when the server stopped is taken by the next start, in its order", async () => {
  const taken: string[] = [];
  const { given, struck } = deps([row("a", 1), row("b", 2)], (deviceId) => taken.push(deviceId));
  const inLine = keepInLine(given);
  await inLine.caughtUp;
  assert.deepEqual(taken, ["device of a", "device of b"]);
  assert.deepEqual(struck, ["a", "b"]);
  await inLine.close();
});

test("what cannot be taken now is taken later, and nothing is struck off before it is", async () => {
  let isAway = true;
  const { given, struck, runtime } = deps([row("a", 1)], () => {
    if (isAway) throw new OutsideTrouble("STORE_UNAVAILABLE", true);
  });
  const inLine = keepInLine(given);
  await inLine.caughtUp;
  assert.deepEqual(struck, []);
  isAway = false;
  runtime.advance(30_000);
  await inLine.settled();
  assert.deepEqual(struck, ["a"]);
  await inLine.close();
});
